import ArgumentParser
import Control
import Foundation
import Switch

/// `evs show`
struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the running switch: bridges, ports, workers.")

    @OptionGroup var control: ControlOptions

    func run() throws {
        try control.ask(.show, as: ControlReply.Show.self) { reply in
            var lines = ["evs \(reply.version), process \(reply.process), up \(Int(reply.uptime)) s"]
            if let file = reply.configuration { lines.append("configuration \(file)") }
            let cores = reply.workers.map { "\($0.core)" }.joined(separator: ", ")
            lines.append("\(reply.workers.count) workers, on cores \(cores)")
            for bridge in reply.bridges {
                lines += ["", BridgeCommand.line(bridge)]
                if !bridge.ports.isEmpty { lines.append(PortCommand.table(bridge.ports)) }
            }
            return lines.joined(separator: "\n")
        }
    }
}

/// `evs reload`
struct Reload: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read the configuration again and change what differs.",
        discussion: """
            What was added with evs port add or evs bridge add stays. A file with a fault changes nothing; evs says why.
            """)

    @OptionGroup var control: ControlOptions

    func run() throws { try control.change(.reload) }
}

/// `evs quit`
struct Quit: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End the running switch; returns when it has stopped.")

    @OptionGroup var control: ControlOptions

    func run() throws { try control.ask(.quit, as: ControlReply.Done.self) { _ in "" } }
}
