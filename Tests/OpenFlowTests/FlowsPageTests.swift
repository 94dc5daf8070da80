import Foundation
import OpenFlow
import Testing

/// docs/flows.md explains what flow text understands.
@Suite("The page about flows")
struct FlowsPageTests {
    private static let page = text(of: "docs/flows.md").components(separatedBy: "\n")

    private static func text(of file: String) -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return (try? String(contentsOf: root.appending(path: file), encoding: .utf8)) ?? ""
    }

    @Test("docs/fields.md is what evs fields prints")
    func fields() { #expect(Self.text(of: "docs/fields.md") == FlowText.fieldTable()) }

    /// What stands between backquotes, and the examples.
    private static let code: Set<Substring> = {
        var words: Set<Substring> = []
        for line in page {
            let pieces = line.split(separator: "`", omittingEmptySubsequences: false)
            for (index, piece) in pieces.enumerated() where index % 2 == 1 || line.hasPrefix("    ") {
                words.formUnion(piece.split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "+" })
            }
        }
        return words
    }()

    @Test("It names each word", arguments: FlowText.keywords.map(\.use))
    func words(use: String) throws {
        let words = try #require(FlowText.keywords.first { $0.use == use }).words
        #expect(!words.isEmpty)
        for word in words {
            #expect(Self.code.contains(Substring(word)), "docs/flows.md does not explain \(word) (\(use))")
        }
    }

    @Test("Its examples of groups and meters can be read")
    func examples() throws {
        // The forms have brackets; the examples have none.
        let examples = Self.page.filter { $0.hasPrefix("    ") && !$0.contains("[") }
        let groups = examples.filter { $0.contains("group_id=") }
        let meters = examples.filter { $0.contains("meter=") }
        #expect(groups.count == 2 && meters.count == 2)
        #expect(try GroupText.parseMods(groups.joined(separator: "\n")).count == groups.count)
        #expect(try MeterText.parseMods(meters.joined(separator: "\n")).count == meters.count)
    }
}
