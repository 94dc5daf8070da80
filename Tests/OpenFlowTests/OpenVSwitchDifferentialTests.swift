import Foundation
import OpenFlow
import Packet
import Testing

/// Our text, read and printed again by ovs-ofctl, must mean the same flow. Open vSwitch is needed for this test only.
@Suite("Flow text against ovs-ofctl")
struct OpenVSwitchDifferentialTests {
    @Test("ovs-ofctl reads what is printed as the same flow", arguments: 11...16)
    func sameFlow(seed: UInt64) throws {
        guard OpenVSwitch.isThere() else { return }
        var generator = RandomFlows(seed: seed, forOpenVSwitch: true)
        let flows = (0..<1500).map { _ in generator.next() }
        let file = FileManager.default.temporaryDirectory.appending(path: "evs-flows-\(UUID().uuidString).txt")
        defer { try? FileManager.default.removeItem(at: file) }
        try flows.map { $0.description + "\n" }.joined().write(to: file, atomically: true, encoding: .utf8)
        let (output, succeeded) = try OpenVSwitch.run(["-O", "OpenFlow15", "parse-flows", file.path()])
        try #require(succeeded, "seed \(seed)")
        let lines = output.split(separator: "\n").filter { $0.hasPrefix("OFPT_FLOW_MOD") }
        try #require(lines.count == flows.count, "seed \(seed)")
        for (flow, line) in zip(flows, lines) {
            let text = Self.asFlow(line)
            do {
                let theirs = try FlowText.parseFlow(text)
                #expect(Self.normalised(theirs) == Self.normalised(flow), "seed \(seed): \(flow)\nbecame \(line)")
            } catch {
                Issue.record("seed \(seed): \(flow)\nbecame \(line)\n\(error)")
            }
        }
    }

    /// `OFPT_FLOW_MOD (OF1.5) (xid=0x1): ADD table:1 … idle:5 … actions=…` in the words of a flow to add.
    private static func asFlow(_ line: Substring) -> String {
        var text = String(line[line.range(of: "ADD ")!.upperBound...])
        let actions = text.range(of: "actions=")!.lowerBound
        for (theirs, ours) in [("idle:", "idle_timeout="), ("hard:", "hard_timeout="), ("pri:", "priority=")] {
            if let found = text.range(of: theirs), found.lowerBound < actions {
                text.replaceSubrange(found, with: ours)
            }
        }
        return text
    }

    /// The flow in the actions that OpenFlow 1.5 has for what OpenFlow 1.0's do.
    private static func normalised(_ flow: Flow) -> Flow {
        var flow = flow
        let ipProtocol = flow.match.exactValue(of: .ipProto)
        var tags = flow.match.key[.vlanTCI] & 0x1000 != 0 ? 1 : 0
        flow.instructions.apply = flow.instructions.apply.flatMap { normalised($0, ipProtocol, &tags) }
        flow.instructions.write = flow.instructions.write.flatMap { normalised($0, ipProtocol, &tags) }
        return flow
    }

    private static func normalised(_ action: Action, _ ipProtocol: UInt128?, _ tags: inout Int) -> [Action] {
        switch action {
        case .modField(let id, let value):
            let ports: [UInt128: [FieldID: FieldID]] = [
                17: [.tcpSrc: .udpSrc, .tcpDst: .udpDst], 132: [.tcpSrc: .sctpSrc, .tcpDst: .sctpDst],
            ]
            let target = ports[ipProtocol ?? 0]?[id] ?? id
            return [.setField(target, value: UInt128(value), mask: Field[target].allOnes)]
        case .load(let value, let slice):
            let shift = UInt128(slice.firstBit)
            let mask: UInt128 = (1 << UInt128(slice.bitCount)) - 1
            return [.setField(slice.field, value: UInt128(value) << shift, mask: mask << shift)]
        case .modVLANVID(let identifier):
            defer { tags = max(tags, 1) }
            let set = Action.setField(.vlanVID, value: UInt128(identifier) | 0x1000, mask: 0x1fff)
            return tags > 0 ? [set] : [.pushVLAN(etherType: 0x8100), set]
        case .modVLANPCP(let priority):
            defer { tags = max(tags, 1) }
            let set = Action.setField(.vlanPCP, value: UInt128(priority), mask: 7)
            return tags > 0 ? [set] : [.pushVLAN(etherType: 0x8100), set]
        case .clone(let inner):
            var tagsWithin = tags
            return [.clone(inner.flatMap { normalised($0, ipProtocol, &tagsWithin) })]
        case .pushVLAN: tags += 1
        case .popVLAN: tags = max(tags - 1, 0)
        default: break
        }
        return [action]
    }
}
