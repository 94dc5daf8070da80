/// The bytes of a flow text. Extensions read items, numbers, addresses and fields from pieces of it.
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
