import ArgumentParser
import Control

/// `evs controller`
struct ControllerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "controller", abstract: "List, add and remove a bridge's OpenFlow controllers.",
        subcommands: [List.self, Add.self, Remove.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the controllers, and who is connected.")

        @Argument(help: "The bridge.") var bridge: String
        @OptionGroup var control: ControlOptions

        func run() throws {
            try control.ask(.controllerList, ["bridge": bridge], as: ControlReply.Controllers.self) { reply in
                var table = TextTable(["target", "peer", "version", "role", "last error"], wordColumns: 5)
                for each in reply.controllers {
                    table.add([
                        each.target, each.isConnected ? each.peer ?? "" : "not connected", each.version ?? "",
                        each.role ?? "", each.lastError ?? "",
                    ])
                }
                return table.text
            }
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Connect to a controller, or listen for controllers.",
            discussion: """
                TARGET is tcp:HOST:PORT, ssl:HOST:PORT or unix:PATH to connect to, ptcp:PORT[:HOST], pssl:PORT[:HOST] \
                or punix:PATH to listen at. Connections are tried again for ever.
                """)

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "The controller.") var target: String
        @OptionGroup var control: ControlOptions

        func run() throws {
            try control.ask(
                .controllerAdd, ["bridge": bridge, "target": target], as: ControlReply.Done.self) { _ in "" }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Leave a controller.", aliases: ["del"])

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "The controller, as it was added.") var target: String
        @OptionGroup var control: ControlOptions

        func run() throws {
            try control.ask(
                .controllerRemove, ["bridge": bridge, "target": target], as: ControlReply.Done.self) { _ in "" }
        }
    }
}
