/// The rooms, and what each may use: what is below it, never the reverse.
enum Imports {
    /// Rooms by room. A new room gets its line here and in docs/architecture.md.
    static let rooms: [String: Set<String>] = [
        "CCapture": [],
        "CDPDK": [],
        "Packet": ["CCapture"],
        "OpenFlow": ["Packet"],
        "OpenFlowWire": ["OpenFlow", "Packet"],
        "FlowTable": ["OpenFlow", "Packet"],
        "DPDK": ["CDPDK"],
        "CVhost": [],
        "VhostUser": ["CVhost"],
        "Datapath": ["FlowTable", "DPDK", "Packet", "VhostUser"],
        "Switch": ["VhostUser", "Datapath", "DPDK", "FlowTable", "OpenFlow", "Packet"],
        "Session": ["OpenFlow", "OpenFlowWire"],
        "Control": ["Session", "Switch", "Datapath", "DPDK", "FlowTable", "OpenFlow", "OpenFlowWire", "Packet"],
        "evs": ["Control", "Switch", "Datapath", "DPDK", "FlowTable", "OpenFlow", "Packet"],
    ]

    /// What every room may use of the system.
    static let common: Set<String> = ["Glibc", "Musl", "Synchronization"]

    /// What else some may. The pure rooms and those of the hot path do without Foundation.
    static let further: [String: Set<String>] = [
        "Session": ["NIOCore", "NIOPosix", "NIOSSL"],
        "Switch": ["Foundation"],
        "Control": ["Dispatch", "Foundation", "Logging", "NIOCore", "NIOPosix", "Yams"],
        "evs": ["ArgumentParser", "Dispatch", "Foundation", "Logging"],
    ]

    static func check(_ file: SourceFile) -> [Finding] {
        guard let room = file.room, file.isSwift else { return [] }
        guard let below = rooms[room] else {
            let problem = "the room \(room) is not in the table"
            return [file.finding(at: 0, problem, mend: "add it to Imports.rooms in TidyTests")]
        }
        let allowed = below.union(common).union(further[room] ?? [])
        return imports(of: file).filter { !allowed.contains($0.module) }.map {
            file.finding(
                at: $0.line, "\(room) may not import \($0.module)",
                mend: "move the code to a room that may, or hand in what it needs as a value")
        }
    }

    static func imports(of file: SourceFile) -> [(line: Int, module: String)] {
        let pattern = #/
            ^\ * (?: @\w+ (?: \([^)]*\) )? \ + )* (?: \w+\ + )? import\ +
            (?: (?: struct|class|enum|protocol|func|var|let|typealias )\ + )? (\w+)
            /#
        return file.code.enumerated().compactMap { line, text in
            text.contains("import") ? text.firstMatch(of: pattern).map { (line, String($0.1)) } : nil
        }
    }

    /// Whether a room's README names, in the sentence that begins with "May use", each room which the room imports and
    /// none that it may not.
    static func checkPage(_ page: SourceFile, sources: [SourceFile]) -> [Finding] {
        guard let room = page.room else { return [] }
        guard let start = page.lines.firstIndex(where: { $0.localizedLowercase.contains("may use") }) else {
            return [page.finding(at: 0, "the page doesn't say what the room may use", mend: "add a line `May use: …`")]
        }
        let named = namedRooms(page.lines[start...].joined(separator: " "))
        var findings = named.subtracting(rooms[room] ?? []).sorted().map {
            page.finding(at: start, "\(room) may not use \($0)", mend: "correct the page, or Imports.rooms")
        }
        for file in sources where file.room == room {
            for (line, module) in imports(of: file) where rooms[module] != nil && !named.contains(module) {
                findings.append(
                    file.finding(
                        at: line, "\(page.path) doesn't name \(module)", mend: "add it to \"May use\" there"))
            }
        }
        return findings
    }

    /// The rooms named from "may use" to the end of the sentence.
    private static func namedRooms(_ text: String) -> Set<String> {
        guard let start = text.localizedLowercase.firstRange(of: "may use")?.upperBound else { return [] }
        let sentence = text[start...].prefix { $0 != "." && $0 != ";" }
        let words = sentence.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        return Set(words).intersection(rooms.keys)
    }
}
