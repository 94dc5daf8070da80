/// Blanks what is not code in Swift source, so that the rules don't trip over words in comments and strings.
///
/// Knows line comments, nested block comments, string literals of one and of several lines, raw ones, and
/// interpolation (blanked with the string that it stands in). Columns stay as they are.
struct CodeScanner {
    private enum Context: Equatable {
        case code
        case block
        /// In a string literal with this many `#`, of several lines or of one.
        case string(hashes: Int, isMultiline: Bool)
        /// In `\(…)` of a string literal, with this many parentheses open.
        case interpolation(open: Int)
    }

    private var contexts: [Context] = [.code]

    static func blankingCommentsAndStrings(_ lines: [String]) -> [String] {
        var scanner = CodeScanner()
        return lines.map { scanner.blanked(Array($0)) }
    }

    private mutating func blanked(_ line: [Character]) -> String {
        var output = ""
        var position = 0
        while position < line.count {
            let rest = line[position...]
            if contexts == [.code], rest.starts(with: "//") { break }
            let wasCode = contexts == [.code]
            let length = step(rest)
            let isCode = wasCode && contexts == [.code]
            output += isCode ? String(line[position]) : String(repeating: " ", count: length)
            position += length
        }
        // A literal of one line ends with it, whatever it says.
        while case .string(_, isMultiline: false)? = contexts.last { contexts.removeLast() }
        return output
    }

    /// Takes the next token that matters; returns how many characters it has.
    private mutating func step(_ rest: ArraySlice<Character>) -> Int {
        switch contexts.last! {
        case .block:
            if rest.starts(with: "*/") {
                contexts.removeLast()
            } else if rest.starts(with: "/*") {
                enter(.block)
            } else {
                return 1
            }
            return 2
        case .string(let hashes, let isMultiline):
            return stepInString(rest, hashes: hashes, isMultiline: isMultiline)
        case .interpolation(let open):
            if rest.first == "(" {
                contexts[contexts.count - 1] = .interpolation(open: open + 1)
            } else if rest.first == ")" {
                contexts[contexts.count - 1] = .interpolation(open: open - 1)
                if open == 1 { contexts.removeLast() }
            } else {
                return stepIntoLiteral(rest)
            }
            return 1
        case .code:
            return stepIntoLiteral(rest)
        }
    }

    private mutating func stepIntoLiteral(_ rest: ArraySlice<Character>) -> Int {
        if rest.starts(with: "/*") {
            enter(.block)
            return 2
        }
        let hashes = rest.prefix { $0 == "#" }.count
        let quote = rest.dropFirst(hashes)
        guard quote.first == "\"" else { return 1 }
        let isMultiline = quote.starts(with: "\"\"\"")
        enter(.string(hashes: hashes, isMultiline: isMultiline))
        return hashes + (isMultiline ? 3 : 1)
    }

    private mutating func stepInString(_ rest: ArraySlice<Character>, hashes: Int, isMultiline: Bool) -> Int {
        let marks = String(repeating: "#", count: hashes)
        let end = (isMultiline ? "\"\"\"" : "\"") + marks
        if rest.starts(with: end) {
            contexts.removeLast()
            return end.count
        }
        guard rest.starts(with: "\\" + marks) else { return 1 }
        if rest.dropFirst(1 + hashes).first == "(" {
            enter(.interpolation(open: 1))
            return 2 + hashes
        }
        return min(2 + hashes, rest.count)
    }

    private mutating func enter(_ context: Context) { contexts.append(context) }
}
