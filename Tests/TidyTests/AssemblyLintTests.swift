import Foundation
import Testing

/// Scripts/lint-assembly finds what it is for, in code that the compiler at hand makes.
@Suite(.serialized) struct AssemblyLintTests {
    /// Compiles the samples, each a file of one module, and lints one of them.
    private func lint(_ hot: String) throws -> (status: Int32, output: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "evs-lint-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in Self.samples {
            try text.write(to: folder.appending(path: "\(name).swift"), atomically: true, encoding: .utf8)
        }
        let compiled = try Command.run(
            ["swiftc", "-O", "-g", "-wmo", "-num-threads", "2", "-parse-as-library", "-module-name", "Samples", "-c"]
                + Self.samples.keys.sorted().map { "\($0).swift" }, in: folder)
        try #require(compiled.status == 0, "\(compiled.output)")
        return try Command.run(
            [
                Repository.root.appending(path: "Scripts/lint-assembly").path, "--objects", folder.path,
                "--files", folder.appending(path: "\(hot).swift").path,
            ], in: folder)
    }

    @Test func cleanCodePasses() throws {
        let (status, output) = try lint("clean")
        #expect(status == 0, "\(output)")
        #expect(output.contains("1 worker functions in 1 files"), "\(output)")
    }

    @Test func eachOffenceIsNamed() throws {
        let (status, output) = try lint("offending")
        #expect(status == 1, "\(output)")
        for (function, offence) in [
            ("countsReferences", "swift_retain"), ("checksExclusivity", "swift_beginAccess"),
            ("allocates", "swift_allocObject"), ("takesMemory", "malloc"), ("usesLazyGlobal", "swift_once"),
            // Through helpers that the compiler made, and into the standard library.
            ("copiesByHelper", "swift_retain"), ("makesText", "$s"),
        ] {
            let lines = output.split(separator: "\n").filter { $0.contains("\(function)(") }
            let isNamed = lines.contains { $0.contains(offence) || offence == "$s" && $0.contains(" -> ") }
            #expect(isNamed, "\(function) should be found to use \(offence):\n\(output)")
        }
        #expect(!output.contains("leavesTheHotPath"), "a call into a file that is not hot is no offence:\n\(output)")
    }

    @Test func slowPathIsLeftOut() throws {
        let (status, output) = try lint("marked")
        #expect(status == 1, "\(output)")
        #expect(output.contains("afterwards(") && !output.contains("setUp("), "\(output)")
    }

    @Test func nothingLookedAtIsNoSuccess() throws {
        let (status, output) = try lint("empty")
        #expect(status == 1 && output.contains("nothing was looked at"), "\(output)")
    }

    private static let samples = [
        "clean": """
            public func sum(_ words: UnsafeBufferPointer<UInt64>) -> UInt64 {
                var total: UInt64 = 0
                for word in words { total &+= word }
                return total
            }
            """,
        "offending": """
            import Glibc
            public struct Big { var box: Box; var list: [Int]; var text: String; var any: Any }
            public func countsReferences(_ box: Box, _ keep: inout Box?) { keep = box }
            public func checksExclusivity(_ box: Box) { change(&box.value) }
            public func allocates() -> Box { Box() }
            public func takesMemory(_ size: Int) -> UnsafeMutableRawPointer? { malloc(size) }
            public func usesLazyGlobal(_ index: Int) -> Int { squares[index] }
            public func copiesByHelper(_ big: Big) -> (Big, Big) { (big, big) }
            public func makesText(_ number: Int) -> String { "\\(number)" }
            public func leavesTheHotPath(_ number: Int) -> Int { slow(number) }
            """,
        "cold": """
            public final class Box { public var value = 0 }
            @inline(never) func change(_ value: inout Int) { value &+= 1 }
            @inline(never) func slow(_ number: Int) -> Int { Array(repeating: 1, count: number).hashValue }
            let squares = (0..<9).map { $0 * $0 }
            """,
        "marked": """
            // Slow path: once, at start.
            /// Makes what is needed.
            @inline(never)
            public func setUp(
                count: Int
            ) -> [Box] {
                (0..<count).map { _ in Box() }
            }
            public func afterwards() -> Box { Box() }
            """,
        "empty": "// Nothing.\n",
    ]
}
