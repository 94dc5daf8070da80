/// The bytes of a flow text, and how it falls into lines and items.
struct FlowTextReader {
    let bytes: [UInt8]
    let file: String?
    let portNames: [String: UInt32]

    init(_ text: String, file: String? = nil, portNames: [String: UInt32]) {
        bytes = Array(text.utf8)
        self.file = file
        self.portNames = portNames
    }

    /// The error at a byte of the text. Line and column are worked out only here, so that reading needs not count.
    func error(at offset: Int, _ message: String) -> FlowTextError {
        let before = bytes[..<offset]
        let lineStart = before.lastIndex(of: Ascii.newline).map { $0 + 1 } ?? 0
        let line = before.count { $0 == Ascii.newline } + 1
        let column = bytes[lineStart..<offset].count { $0 & 0xc0 != 0x80 } + 1
        return FlowTextError(file: file, line: line, column: column, message: message)
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// Whether a piece of the text is this word.
    func matches(_ range: Range<Int>, _ word: String) -> Bool { bytes[range].elementsEqual(word.utf8) }

    /// The first place of a byte within a piece of the text.
    func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        var index = range.lowerBound
        while index < range.upperBound {
            if bytes[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// Cuts `VALUE->TARGET`.
    func cutAtArrow(_ range: Range<Int>) -> (value: Range<Int>, target: Range<Int>)? {
        var index = range.lowerBound
        while index + 1 < range.upperBound {
            if bytes[index] == Ascii.minus && bytes[index + 1] == Ascii.greater {
                return (range.lowerBound..<index, index + 2..<range.upperBound)
            }
            index += 1
        }
        return nil
    }
}

/// The characters that flow text gives a meaning to.
enum Ascii {
    static let tab: UInt8 = 0x09
    static let newline: UInt8 = 0x0a
    static let carriageReturn: UInt8 = 0x0d
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let hash: UInt8 = 0x23
    static let open: UInt8 = 0x28
    static let close: UInt8 = 0x29
    static let asterisk: UInt8 = 0x2a
    static let plus: UInt8 = 0x2b
    static let comma: UInt8 = 0x2c
    static let minus: UInt8 = 0x2d
    static let dot: UInt8 = 0x2e
    static let slash: UInt8 = 0x2f
    static let zero: UInt8 = 0x30
    static let nine: UInt8 = 0x39
    static let colon: UInt8 = 0x3a
    static let equals: UInt8 = 0x3d
    static let greater: UInt8 = 0x3e
    static let openBracket: UInt8 = 0x5b
    static let closeBracket: UInt8 = 0x5d
    static let bar: UInt8 = 0x7c

    /// What stands between items: comma and white space.
    @inline(__always)
    static func isSeparator(_ byte: UInt8) -> Bool {
        byte == comma || byte == space || byte == tab || byte == newline || byte == carriageReturn
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte >= zero && byte <= nine }

    /// The value of a hexadecimal digit; `nil` for any other character.
    @inline(__always)
    static func hexDigit(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte - zero }
        let lower = byte | 0x20
        return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : nil
    }
}

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

/// `KEY`, `KEY=VALUE`, `KEY:VALUE` or `KEY(VALUE)`.
struct FlowTextItem {
    let key: Range<Int>
    /// `=`, `:` or `(`; `nil` where there is no value.
    let delimiter: UInt8?
    let value: Range<Int>
}

extension FlowTextReader {
    /// The next item of a list separated by commas or white space; `nil` at the end.
    ///
    /// A value goes on to the next separator outside parentheses.
    func nextItem(from position: inout Int, to end: Int) throws(FlowTextError) -> FlowTextItem? {
        while position < end && Ascii.isSeparator(bytes[position]) { position += 1 }
        guard position < end else { return nil }
        let start = position
        var delimiter: UInt8?
        while position < end && !Ascii.isSeparator(bytes[position]) {
            let byte = bytes[position]
            if byte == Ascii.equals || byte == Ascii.colon || byte == Ascii.open {
                delimiter = byte
                break
            }
            position += 1
        }
        let key = start..<position
        if key.isEmpty {
            throw error(
                at: start, "a name was expected before “\(text(start..<start + 1))” (no space may stand there)")
        }
        guard let delimiter else { return FlowTextItem(key: key, delimiter: nil, value: position..<position) }
        if delimiter == Ascii.open {
            let close = try closingParenthesis(from: position, to: end)
            let value = position + 1..<close
            position = close + 1
            if position < end && !Ascii.isSeparator(bytes[position]) {
                throw error(at: position, "a comma or a space was expected after the parenthesis")
            }
            return FlowTextItem(key: key, delimiter: delimiter, value: value)
        }
        position += 1
        let valueStart = position
        while position < end && !Ascii.isSeparator(bytes[position]) {
            if bytes[position] == Ascii.open { position = try closingParenthesis(from: position, to: end) }
            position += 1
        }
        return FlowTextItem(key: key, delimiter: delimiter, value: valueStart..<position)
    }

    private func closingParenthesis(from open: Int, to end: Int) throws(FlowTextError) -> Int {
        var depth = 0
        for index in open..<end {
            if bytes[index] == Ascii.open { depth += 1 }
            if bytes[index] == Ascii.close { depth -= 1 }
            if depth == 0 { return index }
        }
        throw error(at: open, "this parenthesis is never closed")
    }
}
