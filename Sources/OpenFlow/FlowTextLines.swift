/// The lines of a text that hold a flow, without their comments and surrounding white space.
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
            let line = trimmed(start..<(reader.firstIndex(of: Ascii.hash, in: start..<end) ?? end))
            if !line.isEmpty && !isHeading(line) { return line }
        }
        return nil
    }

    private func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end && Ascii.isSeparator(reader.bytes[start]) { start += 1 }
        while start < end && Ascii.isSeparator(reader.bytes[end - 1]) { end -= 1 }
        return start..<end
    }

    /// The first line of `ovs-ofctl dump-flows`: `NXST_FLOW reply (xid=0x4):`.
    private func isHeading(_ line: Range<Int>) -> Bool {
        guard reader.bytes[line.lowerBound] == 0x4e || reader.bytes[line.lowerBound] == 0x4f else { return false }
        return reader.bytes[line].starts(with: "NXST_FLOW reply".utf8)
            || reader.bytes[line].starts(with: "OFPST_FLOW reply".utf8)
    }
}
