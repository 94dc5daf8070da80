/// Each public type and function says what it is for.
enum Documentation {
    /// What a protocol of the standard library has documented already.
    private static let known = ["==", "<", "hash", "encode"]

    static func check(_ file: SourceFile) -> [Finding] {
        guard file.isSwift, file.room != nil else { return [] }
        // Attributes and modifiers, the keyword, the name (an operator's too).
        let declaration = #/
            ^\ * (?: @\w+ (?: \([^)]*\) )? \ + )* (?: \w+\ + )*? (?: public|open )\ + (?: \w+\ + )*?
            ( struct|class|enum|actor|protocol|typealias|func|subscript|macro )\b\ * ( \w+ | [^\ (]* )
            /#
        return file.code.indices.compactMap { index in
            // The plain search first: expressions are slow, and most lines declare nothing public.
            guard file.code[index].contains("public ") || file.code[index].contains("open "),
                let match = file.code[index].firstMatch(of: declaration)
            else { return nil }
            if match.1 == "func", known.contains(String(match.2)) { return nil }
            guard !isDocumented(file, index) else { return nil }
            return file.finding(
                at: index, "\(match.1) \(match.2) is public and has no documentation",
                mend: "say above it in `///` what it is for, its units and its errors")
        }
    }

    /// Whether documentation stands above, with nothing but attributes and conditions between.
    private static func isDocumented(_ file: SourceFile, _ index: Int) -> Bool {
        for above in stride(from: index - 1, through: 0, by: -1) {
            let text = file.lines[above].trimmed
            if text.hasPrefix("///") || text.hasSuffix("*/") { return true }
            let isBetween = text.hasPrefix("@") || text.hasPrefix("#if") || text.hasPrefix("// ")
            if !isBetween { return false }
        }
        return false
    }
}
