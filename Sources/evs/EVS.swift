import ArgumentParser
import OpenFlow

/// The one command line of evs.
@main
struct EVS: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evs",
        abstract: "An elastic virtual switch: OpenFlow forwarding on DPDK.",
        discussion: """
            Exit codes: 0 all went well; 1 something could not be done, as the message says; 2 packets were not all \
            accounted for; 64 the command line was wrong.
            """,
        version: "0.1.0",
        subcommands: [
            Run.self, Show.self, BridgeCommand.self, PortCommand.self, FlowCommand.self, GroupCommand.self,
            MeterCommand.self, ControllerCommand.self, MACCommand.self, Stats.self, Drops.self, WorkerCommand.self,
            Reload.self, Quit.self, Replay.self, Bench.self, Fields.self,
        ])
}

/// Ends a command with a message on standard error.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// `evs fields`
struct Fields: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the fields that flows can match and actions can set, as a Markdown table.")

    func run() { print(FlowText.fieldTable(), terminator: "") }
}
