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
