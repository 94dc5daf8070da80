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
        return file.code.indices.compactMap { index in
            guard let claim = claim(in: file.code[index], isStrict: isStrict), !hasReason(file, index) else {
                return nil
            }
            return file.finding(
                at: index, "`\(claim)` without a reason",
                mend: "write `// Safe: why` within the \(reach) lines above, or do without it")
        }
    }

    private static func claim(in code: String, isStrict: Bool) -> String? {
        for claim in ["@unchecked Sendable", "nonisolated(unsafe)"] where code.contains(claim) { return claim }
        let keyword = /\bunsafe\b/
        return isStrict && code.contains(keyword) && !code.contains("@safe") ? "unsafe" : nil
    }

    private static func hasReason(_ file: SourceFile, _ index: Int) -> Bool {
        if file.lines[index].contains("// Safe:") { return true }
        var between = 0
        for above in stride(from: index - 1, through: 0, by: -1) {
            if file.lines[above].contains("// Safe:") { return true }
            let isComment = file.code[above].trimmed.isEmpty && !file.lines[above].trimmed.isEmpty
            if isComment || claim(in: file.code[above], isStrict: true) != nil { continue }
            between += 1
            if between > reach { return false }
        }
        return false
    }
}
