import ArgumentParser
import Control
import Switch

/// `evs mac`
struct MACCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mac", abstract: "List and forget the addresses that a bridge has learned.",
        subcommands: [List.self, Flush.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the addresses learned.")

        @Argument(help: "The bridge.") var bridge: String
        @OptionGroup var control: ControlOptions

        func run() throws {
            try control.ask(.macList, ["bridge": bridge], as: ControlReply.MACs.self) { reply in
                var table = TextTable(["port", "address", "vlan", "age"], wordColumns: 2)
                for mac in reply.macs { table.add([mac.port, mac.address, "\(mac.vlan)", "\(mac.age)"]) }
                return table.text
            }
        }
    }

    struct Flush: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forget the addresses learned.")

        @Argument(help: "The bridge.") var bridge: String
        @OptionGroup var control: ControlOptions

        func run() throws { try control.ask(.macFlush, ["bridge": bridge], as: ControlReply.Done.self) { _ in "" } }
    }
}
