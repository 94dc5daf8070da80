/// Files, functions and lines stay short enough to be read at once.
enum Lengths {
    static let linesInFile = 400
    static let linesInFunction = 60
    static let columns = 120

    /// Files that may have longer lines, and why.
    static let wideFiles = ["Sources/Packet/FieldRegistry.swift": "a table: one line a field"]
    /// Files that may have more lines, and why.
    static let longFiles: [String: String] = [:]

    static func fileLength(_ file: SourceFile) -> [Finding] {
        guard !file.isPage, longFiles[file.path] == nil, file.lines.count > linesInFile else { return [] }
        return [
            file.finding(
                at: linesInFile, "the file has \(file.lines.count) lines; \(linesInFile) are allowed",
                mend: "split it by concept into files named for theirs (Type+Aspect.swift)")
        ]
    }

    static func lineLength(_ file: SourceFile) -> [Finding] {
        guard !file.isPage, wideFiles[file.path] == nil else { return [] }
        return file.lines.indices.filter { file.lines[$0].count > columns }.map {
            file.finding(at: $0, "the line has \(file.lines[$0].count) columns", mend: "break it before \(columns)")
        }
    }

    static func functionLength(_ file: SourceFile) -> [Finding] {
        guard file.isSwift else { return [] }
        return file.code.indices.compactMap { start in
            guard let end = endOfFunction(in: file.code, from: start), end - start + 1 > linesInFunction else {
                return nil
            }
            return file.finding(
                at: start, "the function has \(end - start + 1) lines; \(linesInFunction) are allowed",
                mend: "give its steps functions of their own")
        }
    }

    /// The line of the brace that ends the function which is declared in line `start`; `nil` if none of several lines
    /// is. Relies on the layout: the brace stands below the first letter of the declaration.
    static func endOfFunction(in code: [String], from start: Int) -> Int? {
        let declaration = #/
            ^\ * (?: @\w+ (?: \([^)]*\) )? \ + | \w+ (?: \(set\) )? \ + )*
            (?: func\b | init[?!]?[(<] | deinit\b | subscript\b | var\ [^=]* \{\ *$ )
            /#
        let words = ["func", "init", "deinit", "subscript", "var"]
        guard words.contains(where: { code[start].contains($0) }), code[start].firstMatch(of: declaration) != nil else {
            return nil
        }
        let opened = code[start].count { $0 == "{" }
        if opened > 0, opened == code[start].count(where: { $0 == "}" }) { return nil }
        let margin = code[start].margin
        for index in code.indices.dropFirst(start + 1) {
            let text = code[index].trimmed
            if text.isEmpty || code[index].margin > margin { continue }
            if code[index].margin == margin, text.hasPrefix("}") { return index }
            // The signature may go on; anything else is the next declaration: this one has no body.
            let goesOn = code[index].margin == margin && [")", "{", "where ", "->"].contains { text.hasPrefix($0) }
            if !goesOn { return nil }
        }
        return nil
    }
}
