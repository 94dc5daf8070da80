import ArgumentParser
import Control

/// `evs flow`
struct FlowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flow", abstract: "Add, modify, remove and list flows, in ovs-ofctl's syntax.",
        subcommands: [Add.self, Modify.self, Remove.self, List.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add flows; one with the table, priority and match of another replaces it.")

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "A flow: 'priority=10,tcp,tcp_dst=80 actions=output:2'.") var flow: String?
        @OptionGroup var source: TextSource
        @OptionGroup var control: ControlOptions

        func validate() throws { try source.check(flow, "flow") }

        func run() throws {
            var arguments = ["bridge": bridge]
            arguments["file"] = source.file
            arguments["flows"] = try source.text(flow)
            try control.changeTables(.flowAdd, arguments, "flows", .added)
        }
    }

    struct Modify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give other actions to the flows with a match or a narrower one.",
            discussion: "Counts and timeouts go on. No flow is added: 0 flows modified means that none was there.")

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "A match and actions: 'tcp,tcp_dst=80 actions=output:3'.") var flow: String?
        @Flag(help: "Only the flow with just this match and priority.") var strict = false
        @OptionGroup var source: TextSource
        @OptionGroup var control: ControlOptions

        func validate() throws { try source.check(flow, "flow") }

        func run() throws {
            var arguments = ["bridge": bridge, "strict": "\(strict)"]
            arguments["file"] = source.file
            arguments["flows"] = try source.text(flow)
            try control.changeTables(.flowModify, arguments, "flows", .modified)
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "del", abstract: "Remove the flows with a match or a narrower one; without a match, all.",
            aliases: ["delete"])

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "A match, with table=, cookie=, out_port= or out_group= if need be: 'table=1,tcp'.")
        var match: String?
        @Flag(help: "Only the flow with just this match and priority.") var strict = false
        @OptionGroup var control: ControlOptions

        func run() throws {
            var arguments = ["bridge": bridge, "strict": "\(strict)"]
            arguments["match"] = match
            try control.changeTables(.flowRemove, arguments, "flows", .removed)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List flows with their counters.")

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "A match that the flows must have, or a narrower one.") var match: String?
        @OptionGroup var control: ControlOptions

        func run() throws {
            var arguments = ["bridge": bridge]
            arguments["match"] = match
            try control.ask(.flowList, arguments, as: ControlReply.Flows.self) { reply in
                reply.flows.map { "n_packets=\($0.packets), n_bytes=\($0.bytes), \($0.flow)" }.joined(separator: "\n")
            }
        }
    }
}
