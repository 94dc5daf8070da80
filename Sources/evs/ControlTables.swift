import ArgumentParser
import Control
import Foundation
import Switch

/// Where the text of changes comes from: the command line, a file or standard input.
struct TextSource: ParsableArguments {
    @Option(
        help: """
            A file, one a line, of which each may begin with another command (add, modify, delete); - for standard \
            input.
            """)
    var file: String?

    /// Refuses both and neither.
    func check(_ entry: String?, _ noun: String) throws {
        if (entry == nil) == (file == nil) {
            throw ValidationError("Give a \(noun), or a file of \(noun)s with --file.")
        }
    }

    func text(_ entry: String?) throws -> String {
        if let entry { return entry }
        let path = file ?? "-"
        let contents =
            path == "-" ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: path)
        guard let contents else {
            throw Failure("\(path): can't be read; does the file exist, and may you read it?")
        }
        guard let text = String(data: contents, encoding: .utf8) else {
            throw Failure("\(path): is not a text file in UTF-8")
        }
        return text
    }
}

extension ControlOptions {
    /// What a command is mainly for.
    enum Change { case added, modified, removed }

    /// Asks for a change of flows, groups or meters, and prints how many there were.
    func changeTables(
        _ command: ControlCommand, _ arguments: [String: String], _ noun: String, _ change: Change
    ) throws {
        try ask(command, arguments, as: TableChangeReport.self) { report in
            let counts = [(Change.added, report.added), (.modified, report.modified), (.removed, report.removed)]
            var parts: [String] = []
            for (kind, count) in counts where count > 0 || kind == change {
                parts.append("\(count)\(parts.isEmpty ? " \(noun)" : "") \(kind)")
            }
            let flows = report.removedFlows > 0 ? ", with \(report.removedFlows) flows that used them" : ""
            return parts.joined(separator: ", ") + flows
        }
    }

    /// A line for the whole without its parts, and one for each part under it, each with its counters.
    ///
    /// - Parameter separator: what comes after the whole's own beginning.
    static func lines(
        _ whole: String, upTo separator: String, packets: UInt64, bytes: UInt64, parts: [PartReport]
    ) -> String {
        let head = whole.components(separatedBy: separator)[0]
        let rest = parts.map { "    n_packets=\($0.packets), n_bytes=\($0.bytes), \($0.text)" }
        return (["n_packets=\(packets), n_bytes=\(bytes), \(head)"] + rest).joined(separator: "\n")
    }
}
