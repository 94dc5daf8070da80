/// What the compiler is asked to take on trust has its reason beside it.
enum Safety {
    /// Rooms that talk to C memory all the time; they build without strict memory safety.
    private static let withoutStrictSafety: Set<String> = ["DPDK", "Datapath"]
    /// How many lines of code may stand between a reason and what it is for. Comments, and further lines that the same
    /// reason covers, are not counted.
    private static let reach = 3

    static func check(_ file: SourceFile) -> [Finding] {
        guard file.isSwift, let room = file.room else { return [] }
        let isStrict = !withoutStrictSafety.contains(room)
        let claims = file.code.indices.compactMap { index in
            claim(in: file.code[index], isStrict: isStrict).map { (index, $0) }
        }
        guard !claims.isEmpty else { return [] }
        // One reason for a file whose every step is of the same kind.
        let isCovered = file.lines.contains { $0.hasPrefix("// Safe throughout: ") }
        let covered = linesCoveredInFunctions(of: file)
        return claims.filter { index, claim in
            if claim == "unsafe", isCovered { return false }
            return !covered.contains(index) && !hasReasonAbove(file, index)
        }.map { index, claim in
            file.finding(
                at: index, "`\(claim)` without a reason",
                mend: "write `// Safe: why` within \(reach) lines above, or earlier in the function, or do without it")
        }
    }

    private static func claim(in code: String, isStrict: Bool) -> String? {
        for claim in ["@unchecked Sendable", "nonisolated(unsafe)"] where code.contains(claim) { return claim }
        guard isStrict, code.contains("unsafe"), !code.contains("@safe") else { return nil }
        return code.contains(/\bunsafe\b/) ? "unsafe" : nil
    }

    /// The lines of functions from a reason to the function's end: what was shown once holds for the steps after it.
    /// A reason in the comment above a function covers all of it.
    private static func linesCoveredInFunctions(of file: SourceFile) -> Set<Int> {
        var covered: Set<Int> = []
        for start in file.code.indices {
            guard let end = Lengths.endOfFunction(in: file.code, from: start) else { continue }
            var first = start
            while first > 0, isCommentOrAttribute(file, first - 1) { first -= 1 }
            if let reason = (first...end).first(where: { file.lines[$0].contains("// Safe:") }) {
                covered.formUnion(reason...end)
            }
        }
        return covered
    }

    private static func hasReasonAbove(_ file: SourceFile, _ index: Int) -> Bool {
        if file.lines[index].contains("// Safe:") { return true }
        var between = 0
        for above in stride(from: index - 1, through: 0, by: -1) {
            if file.lines[above].contains("// Safe:") { return true }
            if isCommentOrAttribute(file, above) || claim(in: file.code[above], isStrict: true) != nil { continue }
            between += 1
            if between > reach { return false }
        }
        return false
    }

    private static func isCommentOrAttribute(_ file: SourceFile, _ index: Int) -> Bool {
        let text = file.lines[index].trimmed
        return text.hasPrefix("//") || text.hasPrefix("@") && !text.contains(" ")
    }
}
