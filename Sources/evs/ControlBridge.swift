import ArgumentParser
import Control
import Switch

/// `evs bridge`
struct BridgeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bridge", abstract: "Add, remove and list bridges.",
        subcommands: [Add.self, Remove.self, List.self])

    static func line(_ bridge: BridgeReport) -> String {
        "bridge \(bridge.name)  datapath-id \(bridge.datapathID)  \(bridge.failMode)  "
            + "\(bridge.flows) flows  \(bridge.ports.count) ports"
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add a bridge without ports.")

        @Argument(help: "Its name.") var name: String
        @Option(name: .customLong("datapath-id"), help: "In hexadecimal. (default: made from the name)")
        var datapathID: String?
        @Option(name: .customLong("fail-mode"), help: "standalone: forwards at first; secure: drops at first.")
        var failMode: String?
        @Option(help: "A file of flows to begin with.") var flows: String?
        @Option(help: "A file of groups to begin with.") var groups: String?
        @Option(help: "A file of meters to begin with.") var meters: String?
        @OptionGroup var control: ControlOptions

        func run() throws {
            var arguments = ["name": name]
            arguments["datapath-id"] = datapathID
            arguments["fail-mode"] = failMode
            arguments["flows"] = flows.map(ControlOptions.absolute)
            arguments["groups"] = groups.map(ControlOptions.absolute)
            arguments["meters"] = meters.map(ControlOptions.absolute)
            try control.ask(.bridgeAdd, arguments, as: ControlReply.OneBridge.self) { BridgeCommand.line($0.bridge) }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a bridge with its ports and flows.")

        @Argument(help: "Its name.") var name: String
        @OptionGroup var control: ControlOptions

        func run() throws { try control.change(.bridgeRemove, ["name": name]) }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the bridges.")

        @OptionGroup var control: ControlOptions

        func run() throws {
            try control.ask(.bridgeList, as: ControlReply.Bridges.self) { reply in
                var table = TextTable(["bridge", "datapath-id", "fail-mode", "flows", "ports"], wordColumns: 3)
                for bridge in reply.bridges {
                    table.add([
                        bridge.name, bridge.datapathID, bridge.failMode, "\(bridge.flows)", "\(bridge.ports.count)",
                    ])
                }
                return table.text
            }
        }
    }
}
