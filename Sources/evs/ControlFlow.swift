import ArgumentParser
import Control
import Foundation
import Switch

/// `evs flow`
struct FlowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flow", abstract: "Add, remove and list flows, in ovs-ofctl's syntax.",
        subcommands: [Add.self, Remove.self, List.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add flows; one with the table, priority and match of another replaces it.")

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "A flow: 'priority=10,tcp,tcp_dst=80 actions=output:2'.") var flow: String?
        @Option(help: "A file of flows, one a line; - for standard input.") var file: String?
        @OptionGroup var control: ControlOptions

        func validate() throws {
            if (flow == nil) == (file == nil) { throw ValidationError("Give a flow, or a file of flows with --file.") }
        }

        func run() throws {
            var arguments = ["bridge": bridge]
            arguments["file"] = file
            arguments["flows"] = try flow ?? text()
            try control.ask(.flowAdd, arguments, as: ControlReply.Added.self) { "\($0.added) flows added" }
        }

        private func text() throws -> String {
            let path = file ?? "-"
            let contents =
                path == "-"
                ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: path)
            guard let contents else {
                throw Failure("\(path): can't be read; does the file exist, and may you read it?")
            }
            guard let text = String(data: contents, encoding: .utf8) else {
                throw Failure("\(path): is not a text file in UTF-8")
            }
            return text
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "del", abstract: "Remove the flows with a match or a narrower one; without a match, all.")

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "A match, with table=, cookie= or out_port= if need be: 'table=1,tcp'.") var match: String?
        @Flag(help: "Only the flow with just this match and priority.") var strict = false
        @OptionGroup var control: ControlOptions

        func run() throws {
            var arguments = ["bridge": bridge, "strict": "\(strict)"]
            arguments["match"] = match
            try control.ask(.flowRemove, arguments, as: ControlReply.Removed.self) { "\($0.removed) flows removed" }
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
