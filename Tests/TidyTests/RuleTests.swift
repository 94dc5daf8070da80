import Testing

/// Each rule finds an offender, at its line, and leaves the rest alone.
@Suite struct RuleTests {
    private func file(_ text: String, at path: String = "Sources/Packet/Sample.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    private func lines(_ findings: [Finding]) -> [Int] {
        findings.map { Int($0.place.split(separator: ":").last!)! }
    }

    @Test func codeIsToldFromCommentsAndStrings() {
        let text = #"""
            let a = "x // y" // z
            /* one /* two */
            still */ let b = "\(f("(" + "q")) r" + #"raw " \n"# + c
            let d = """
                import Foundation
                """ + e
            """#
        let code = file(text).code.map(\.trimmed)
        #expect(code[0] == "let a =")
        #expect(code[1] == "")
        #expect(code[2].hasPrefix("let b =") && code[2].hasSuffix("+ c"))
        #expect(!code[2].contains("q") && !code[2].contains("raw"))
        #expect(code[3] == "let d =" && code[4] == "" && code[5] == "+ e")
    }

    @Test func longFile() {
        let whole = String(repeating: "// line\n", count: 400)
        #expect(Lengths.fileLength(file(whole)) == [])
        #expect(lines(Lengths.fileLength(file(whole + "// one more\n"))) == [401])
        #expect(Lengths.fileLength(file(whole + whole, at: "docs/page.md")) == [])
    }

    @Test func longLine() {
        let fits = "// " + String(repeating: "ä", count: 117)
        let text = "let short = 1\n\(fits)\n\(fits)+\n"
        #expect(lines(Lengths.lineLength(file(text))) == [3])
    }

    @Test(arguments: [
        "    public mutating func f() throws(E) -> Int {", "    init?(x: Int) {", "    deinit {", "    var x: Int {",
        "    @inlinable static subscript(index: Int) -> Int {",
        "    func f(\n        x: Int\n    ) -> Int where X: Y {",
    ])
    func longFunction(declaration: String) {
        let taken = declaration.split(separator: "\n").count + 1
        func sample(_ body: Int) -> SourceFile {
            file("struct S {\n\(declaration)\n" + String(repeating: "        work()\n", count: body) + "    }\n}\n")
        }
        #expect(Lengths.functionLength(sample(60 - taken)) == [])
        #expect(lines(Lengths.functionLength(sample(61 - taken))) == [2])
    }

    @Test func functionWithoutBodyIsNotLong() {
        let requirements = String(repeating: "    func f() -> Int\n    var x: Int { get }\n", count: 40)
        #expect(Lengths.functionLength(file("protocol P {\n\(requirements)}\n")) == [])
    }

    @Test(arguments: [
        ("Packet", "import CCapture", true), ("Packet", "internal import Glibc", true),
        ("Packet", "import DPDK", false), ("Packet", "import OpenFlow", false),
        ("Packet", "@preconcurrency import Foundation", false),
        ("FlowTable", "public import struct Foundation.URL", false),
        ("OpenFlow", "import Packet // and nothing else", true), ("OpenFlow", "// import Foundation", true),
        ("Datapath", "import DPDK", true), ("Datapath", "import OpenFlow", false), ("Elsewhere", "let x = 1", false),
    ])
    func imports(room: String, line: String, isAllowed: Bool) {
        let findings = Imports.check(file("\n" + line, at: "Sources/\(room)/Sample.swift"))
        #expect(findings.isEmpty == isAllowed)
    }

    @Test func pageNamesWhatIsImported() {
        let source = file("import Packet\nimport FlowTable\n", at: "Sources/Switch/Sample.swift")
        func findings(_ page: String) -> [Finding] {
            Imports.checkPage(file(page, at: "Sources/Switch/README.md"), sources: [source])
        }
        #expect(findings("# Switch\nMay use: Packet,\nFlowTable. Never Control.\n") == [])
        #expect(findings("It may use Packet and FlowTable; it knows no evs.") == [])
        #expect(findings("May use: Packet.").map(\.place) == ["Sources/Switch/Sample.swift:2"])
        #expect(findings("\nMay use: Packet, FlowTable, evs.").map(\.place) == ["Sources/Switch/README.md:2"])
        #expect(findings("# Switch").map(\.place) == ["Sources/Switch/README.md:1"])
    }

    @Test func reminders() {
        let text = ["// TO", "DO: later\nlet toDo = 1\n// XX", "X\nlet XXXX = 1"].joined()
        #expect(lines(Wording.reminders(file(text))) == [1, 3])
    }

    @Test func machinePaths() {
        let bad = ["/ho", "me/me/x\n(/wo", "rk)\nlet p = \"/ro", "ot\"\n/opt/sw", "ift/usr"].joined()
        #expect(lines(Wording.machinePaths(file(bad))) == [1, 2, 3, 4])
        let good = ["../wo", "rk/x\n$HOME/wo", "rk\nhttps://example.org/ho", "me/\n/ro", "oted\n/wo", "rk-in"].joined()
        #expect(Wording.machinePaths(file(good)) == [])
    }

    @Test(arguments: [
        ("public func f() {}", false), ("/// Says it.\n@inlinable @_noLocks\npublic static func f() {}", true),
        ("@frozen public struct S {}", false), ("/// Old.\n\npublic enum E {}", false),
        ("struct S { }\nfunc f() {}\npublic var x = 1\npublic init() {}", true),
        ("public static func == (left: S, right: S) -> Bool {", true), ("public final class C {}", false),
        ("/// Says it.\n// Slow path: once.\npublic func f() {}", true), ("let s = \"public func f()\"", true),
    ])
    func documentation(text: String, isFine: Bool) {
        #expect(Documentation.check(file(text)).isEmpty == isFine)
    }

    @Test(arguments: [
        ("let x = unsafe y", false), ("// Safe: owned here.\nlet x = unsafe y", true),
        ("let x = unsafe y  // Safe: owned here.", true), ("// Safe: a.\n// b\nguard\nlet q,\nlet x = unsafe y", true),
        ("// Safe: a.\na()\nb()\nc()\nd()\nlet x = unsafe y", false),
        ("// Safe: a.\nunsafe a()\nunsafe b()\nunsafe c()\nunsafe d()\nunsafe e()", true),
        ("func f() {\n    // Safe: a.\n    a()\n    b()\n    c()\n    d()\n    let x = unsafe y\n}", true),
        ("// Safe: a.\n@inline(never)\nfunc f() {\n    a()\n    b()\n    c()\n    d()\n    unsafe e()\n}", true),
        ("func f() {\n    // Safe: a.\n    a()\n}\n\nfunc g() {\n    a()\n    unsafe e()\n}", false),
        ("final class C: @unchecked Sendable {}", false), ("nonisolated(unsafe) var x = 1", false),
        ("// Safe throughout: why.\na()\nb()\nc()\nd()\nlet x = unsafe y", true),
        ("// Safe throughout: why.\na()\nb()\nc()\nd()\nfinal class C: @unchecked Sendable {}", false),
        ("// unsafe is only a word here", true), ("func f(unsafely: Int)", true),
    ])
    func safety(text: String, isFine: Bool) {
        #expect(Safety.check(file(text)).isEmpty == isFine)
    }

    @Test func safetyOutsideStrictRooms() {
        #expect(Safety.check(file("let x = unsafe y", at: "Sources/DPDK/Sample.swift")) == [])
        #expect(lines(Safety.check(file("\nstruct S: @unchecked Sendable {}", at: "Sources/DPDK/Sample.swift"))) == [2])
    }

    @Test(arguments: [
        ("Scripts/evs", "#!/bin/sh\n# evs\n# Usage: x\n", true, 0),
        ("Scripts/evs", "#!/bin/sh\n# Usage: x\n", false, 1),
        ("Tests/Smoke/nat.sh", "#!/bin/sh\n# nothing\n\n# Usage: too late\n", true, 1),
        (".ci/run", "true\n", false, 3),
        ("Tests/Truth/run", "#!/usr/bin/env python3\n\"\"\"run – x\"\"\"\nargparse.ArgumentParser()\n", true, 0),
        ("Tests/Truth/run", "#!/usr/bin/env python3\n# Usage: x\n", true, 1),
        ("Scripts/lib.sh", "# sourced\n", false, 0), ("Sources/Packet/Sample.swift", "", false, 0),
    ])
    func scripts(path: String, text: String, isExecutable: Bool, count: Int) {
        #expect(Scripts.check(file(text, at: path), isExecutable: isExecutable).count == count)
    }
}
