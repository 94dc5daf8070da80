import ArgumentParser
import Control
import Foundation

/// What every command that speaks to a running evs takes.
struct ControlOptions: ParsableArguments {
    @Option(name: .customLong("run-dir"), help: "The folder of the running evs. (default: $EVS_RUNDIR, or /run/evs)")
    var runDirectory: String?
    @Option(help: "The control socket of the running evs. (default: evs.sock in its folder)")
    var socket: String?
    @Flag(help: "Print the answer as one line of JSON.") var json = false

    func connect() throws -> ControlClient {
        try ControlClient(path: socket ?? runDirectory.map { "\($0)/evs.sock" } ?? RunPlace.socket())
    }

    /// Asks, and prints the answer: as JSON, or as `text` makes it.
    func ask<Reply: Decodable>(
        _ command: ControlCommand, _ arguments: [String: String] = [:], as: Reply.Type, text: (Reply) -> String
    ) throws {
        let answer = try connect().ask(command, arguments)
        let shown =
            json
            ? String(decoding: answer, as: UTF8.self) : text(try JSONDecoder().decode(Reply.self, from: answer))
        if !shown.isEmpty { print(shown) }
    }

    /// Asks for a change, and prints what was done.
    func change(_ command: ControlCommand, _ arguments: [String: String] = [:]) throws {
        try ask(command, arguments, as: ControlReply.Changes.self) { reply in
            for note in reply.notes { Terminal.warn("note: \(note)") }
            return reply.changes.joined(separator: "\n")
        }
    }

    /// A path as the daemon, which runs elsewhere, understands it.
    static func absolute(_ path: String) -> String {
        path.isEmpty || path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}

/// Rows of cells under a heading, aligned: the first columns to the left, numbers to the right.
struct TextTable {
    private let heading: [String]
    private var rows: [[String]] = []
    /// How many columns from the left hold words.
    private let wordColumns: Int

    init(_ heading: [String], wordColumns: Int) {
        self.heading = heading
        self.wordColumns = wordColumns
    }

    mutating func add(_ row: [String]) { rows.append(row) }

    var text: String {
        let all = [heading] + rows
        let widths = heading.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let line = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column < wordColumns ? cell + space : space + cell
            }.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
