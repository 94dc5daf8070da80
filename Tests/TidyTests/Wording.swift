/// Nothing is left over from the work: no reminders, no paths of one developer's machine.
enum Wording {
    // In pieces, so that this file keeps the rules which it states.
    private static let reminders = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
    private static let machinePaths = ["home", "root", "work", "opt/swift"]

    static func reminders(_ file: SourceFile) -> [Finding] {
        file.lines.indices.flatMap { index in
            let words = file.lines[index].split { !$0.isLetter && !$0.isNumber && $0 != "_" }
            return reminders.filter { words.contains(Substring($0)) }.map {
                file.finding(at: index, "\($0) is left over", mend: "do it now, or open an issue and take the note out")
            }
        }
    }

    static func machinePaths(_ file: SourceFile) -> [Finding] {
        file.lines.indices.flatMap { index in
            machinePaths.filter { names(file.lines[index], path: "/" + $0) }.map {
                file.finding(at: index, "/\($0) is a place on one machine", mend: "find it from the file's own place")
            }
        }
    }

    /// Whether an absolute path in the line begins with the folders of `path`.
    private static func names(_ line: String, path: String) -> Bool {
        line.ranges(of: path).contains { range in
            let before = range.lowerBound == line.startIndex ? " " : line[line.index(before: range.lowerBound)]
            let after = range.upperBound == line.endIndex ? " " : line[range.upperBound]
            let isInner = before.isLetter || before.isNumber || "._-}~)*/".contains(before)
            return !isInner && !after.isLetter && !after.isNumber && !"_-".contains(after)
        }
    }
}
