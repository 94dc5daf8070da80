import Foundation
import OpenFlow
import OpenFlowWire
import Testing

/// Bytes that Open vSwitch's tool made of flow text (see make-openvswitch-fixtures.py): they are read as what the text
/// says, and written again as they were.
@Suite struct OpenVSwitchFixtureTests {
    private static let lines: [String] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/ovs-ofctl.txt")
        return ((try? String(contentsOf: file, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }()

    @Test func areThere() { #expect(Self.lines.count == 45) }

    @Test(arguments: lines) func isWhatTheTextSays(_ line: String) throws {
        let words = line.split(separator: " ", maxSplits: 2)
        let digits = Array(words[1].utf8)
        let bytes = try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16))
        }
        let codec = Codec(version: try #require(["1": .v10, "4": .v13, "6": .v15][words[0]]))
        let frame = try codec.decode(bytes)
        guard case .flowMod(let mod) = frame.message else { return #expect(Bool(false), "no flow mod") }
        #expect(mod.flow.instructions == (try FlowText.parseFlow("actions=\(words[2])").instructions))
        let isPrintedAlike = !words[2].contains("IN_PORT")  // whose low 16 bits evs names by OpenFlow's field
        let text = mod.flow.instructions.apply.map(\.description).joined(separator: ",")
        if isPrintedAlike { #expect(text == words[2]) }
        #expect(codec.encode(frame) == bytes)
    }
}
