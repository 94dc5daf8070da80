/// A text file and its lines, as written and as code.
struct SourceFile: Sendable {
    /// Relative to the repository's root.
    let path: String
    let lines: [String]
    /// The lines with comments and the insides of string literals blanked (Swift only; else as written).
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        self.lines = lines
        code = path.hasSuffix(".swift") ? CodeScanner.blankingCommentsAndStrings(lines) : lines
    }

    var isSwift: Bool { path.hasSuffix(".swift") }
    var isPage: Bool { path.hasSuffix(".md") }
    var name: String { String(path.split(separator: "/").last ?? "") }

    /// The room that the file belongs to: `X` of `Sources/X/…`.
    var room: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    /// What is wrong in a line, counted from zero.
    func finding(at index: Int, _ problem: String, mend: String) -> Finding {
        Finding(place: "\(path):\(index + 1)", problem: problem, mend: mend)
    }
}

/// A broken rule, where it is broken, and how to mend it.
struct Finding: CustomStringConvertible, Equatable {
    let place: String
    let problem: String
    let mend: String

    var description: String { "\(place): \(problem). To mend: \(mend)." }
}

extension StringProtocol {
    /// Spaces that the line begins with.
    var margin: Int { prefix { $0 == " " }.count }

    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
