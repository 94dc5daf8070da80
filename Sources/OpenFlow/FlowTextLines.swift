/// The lines of a text that hold something, without their comments and surrounding white space.
struct FlowTextLines {
    private let reader: FlowTextReader
    private var position = 0

    init(_ reader: FlowTextReader) { self.reader = reader }

    mutating func next() -> Range<Int>? {
        let bytes = reader.bytes
        while position < bytes.count {
            let start = position
            let end = reader.firstIndex(of: Ascii.newline, in: start..<bytes.count) ?? bytes.count
            position = end + 1
            let line = reader.trimmed(start..<(reader.firstIndex(of: Ascii.hash, in: start..<end) ?? end))
            if !line.isEmpty && !isHeading(line) { return line }
        }
        return nil
    }

    /// The first line of what `ovs-ofctl` dumps: `NXST_FLOW reply (xid=0x4):`.
    private func isHeading(_ line: Range<Int>) -> Bool {
        guard reader.bytes[line.lowerBound] == 0x4e || reader.bytes[line.lowerBound] == 0x4f else { return false }
        return Self.headings.contains { reader.bytes[line].starts(with: $0.utf8) }
    }

    private static let headings = [
        "NXST_FLOW reply", "OFPST_FLOW reply", "OFPST_GROUP_DESC reply", "OFPST_METER_CONFIG reply",
    ]
}
