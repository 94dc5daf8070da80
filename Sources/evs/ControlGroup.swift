import ArgumentParser
import Control

/// `evs group`
struct GroupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group", abstract: "Add, modify, remove and list groups, in ovs-ofctl's syntax.",
        subcommands: [Add.self, Modify.self, Remove.self, List.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add groups; one with the number of another is refused.")

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "A group: 'group_id=1,type=select,bucket=output:2,bucket=output:3'.")
        var group: String?
        @OptionGroup var source: TextSource
        @OptionGroup var control: ControlOptions

        func validate() throws { try source.check(group, "group") }

        func run() throws {
            var arguments = ["bridge": bridge]
            arguments["file"] = source.file
            arguments["groups"] = try source.text(group)
            try control.changeTables(.groupAdd, arguments, "groups", .added)
        }
    }

    struct Modify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put groups in the place of those with their numbers; their flows stay.")

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "A group, as in evs group add.") var group: String?
        @OptionGroup var source: TextSource
        @OptionGroup var control: ControlOptions

        func validate() throws { try source.check(group, "group") }

        func run() throws {
            var arguments = ["bridge": bridge]
            arguments["file"] = source.file
            arguments["groups"] = try source.text(group)
            try control.changeTables(.groupModify, arguments, "groups", .modified)
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "del", abstract: "Remove a group with the flows that use it; without a number, all.",
            aliases: ["delete"])

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "Which: group_id=ID.") var group: String?
        @OptionGroup var control: ControlOptions

        func run() throws {
            var arguments = ["bridge": bridge]
            arguments["group"] = group
            try control.changeTables(.groupRemove, arguments, "groups", .removed)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List groups and their buckets with their counters.")

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "Which: group_id=ID. (default: all)") var group: String?
        @OptionGroup var control: ControlOptions

        func run() throws {
            var arguments = ["bridge": bridge]
            arguments["group"] = group
            try control.ask(.groupList, arguments, as: ControlReply.Groups.self) { reply in
                reply.groups.map {
                    ControlOptions.lines(
                        $0.group, upTo: ",bucket=", packets: $0.packets, bytes: $0.bytes, parts: $0.buckets)
                }.joined(separator: "\n")
            }
        }
    }
}
