/// Scripts can be run as they are, and say how.
enum Scripts {
    /// Whether the file is meant to be run: what has no ending in Scripts and .ci, a test's `run`, a smoke test.
    static func isScript(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        guard let name = parts.last, parts.count > 1 else { return false }
        let hasEnding = name.contains(".")
        if parts[0] == "Scripts" || parts[0] == ".ci" { return !hasEnding }
        return path.hasPrefix("Tests/Smoke/") && name.hasSuffix(".sh") || name == "run"
    }

    static func check(_ file: SourceFile, isExecutable: Bool) -> [Finding] {
        guard isScript(file.path) else { return [] }
        var findings: [Finding] = []
        if file.lines.first?.hasPrefix("#!") != true {
            findings.append(file.finding(at: 0, "no interpreter", mend: "begin with #!/usr/bin/env bash"))
        }
        if !isExecutable {
            findings.append(file.finding(at: 0, "the script is not executable", mend: "chmod +x \(file.path)"))
        }
        if !saysHow(file) {
            findings.append(
                file.finding(at: 0, "no usage comment", mend: "say in the first comment: # Usage: \(file.path) …"))
        }
        return findings
    }

    /// Whether the comment at the top has the usage; in Python, whether the script explains itself and takes --help.
    private static func saysHow(_ file: SourceFile) -> Bool {
        if file.lines.first?.contains("python") == true {
            return file.lines.dropFirst().first?.hasPrefix("\"\"\"") == true
                && file.lines.contains { $0.contains("argparse.ArgumentParser(") }
        }
        return file.lines.prefix { $0.hasPrefix("#") }.contains { $0.contains("Usage:") }
    }
}
