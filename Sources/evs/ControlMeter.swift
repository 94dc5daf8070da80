import ArgumentParser
import Control

/// `evs meter`
struct MeterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "meter", abstract: "Add, modify, remove and list meters, in ovs-ofctl's syntax.",
        subcommands: [Add.self, Modify.self, Remove.self, List.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add meters; one with the number of another is refused.")

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "A meter: 'meter=1,kbps,bands=type=drop,rate=1000'.")
        var meter: String?
        @OptionGroup var source: TextSource
        @OptionGroup var control: ControlOptions

        func validate() throws { try source.check(meter, "meter") }

        func run() throws {
            var arguments = ["bridge": bridge]
            arguments["file"] = source.file
            arguments["meters"] = try source.text(meter)
            try control.changeTables(.meterAdd, arguments, "meters", .added)
        }
    }

    struct Modify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put meters in the place of those with their numbers; their flows stay.")

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "A meter, as in evs meter add.") var meter: String?
        @OptionGroup var source: TextSource
        @OptionGroup var control: ControlOptions

        func validate() throws { try source.check(meter, "meter") }

        func run() throws {
            var arguments = ["bridge": bridge]
            arguments["file"] = source.file
            arguments["meters"] = try source.text(meter)
            try control.changeTables(.meterModify, arguments, "meters", .modified)
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "del", abstract: "Remove a meter with the flows that use it; without a number, all.",
            aliases: ["delete"])

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "Which: meter=ID.") var meter: String?
        @OptionGroup var control: ControlOptions

        func run() throws {
            var arguments = ["bridge": bridge]
            arguments["meter"] = meter
            try control.changeTables(.meterRemove, arguments, "meters", .removed)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List meters with what came, and bands with what they applied to.")

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "Which: meter=ID. (default: all)") var meter: String?
        @OptionGroup var control: ControlOptions

        func run() throws {
            var arguments = ["bridge": bridge]
            arguments["meter"] = meter
            try control.ask(.meterList, arguments, as: ControlReply.Meters.self) { reply in
                reply.meters.map {
                    ControlOptions.lines(
                        $0.meter, upTo: " bands=", packets: $0.packets, bytes: $0.bytes, parts: $0.bands)
                }.joined(separator: "\n")
            }
        }
    }
}
