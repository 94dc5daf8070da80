import OpenFlow
import Packet
import Testing

@Suite("Actions against what a match guarantees")
struct ActionCheckTests {
    private static let eight = FieldSlice(.reg0, firstBit: 0, bitCount: 8)

    /// The match, actions that suit it, and those of which the last does not, with the reason.
    private static let suited: [(match: String, actions: [Action])] = [
        ("", [.output(PortNumber(1)), .group(1), .setQueue(3), .popQueue, .pushVLAN(etherType: 0x8100), .popVLAN]),
        ("", [.pushMPLS(etherType: 0x8847), .setMPLSTTL(3), .setField(.mplsLabel, value: 3, mask: 0xfffff)]),
        ("mpls", [.popMPLS(etherType: 0x0800), .decrementTTL, .setField(.ipv4Src, value: 1, mask: 0xffff_ffff)]),
        ("mpls", [.popMPLS(etherType: 0x8847), .decrementMPLSTTL, .copyTTLOut, .copyTTLIn]),
        ("", [.pushPBB(etherType: 0x88e7), .setField(.pbbISID, value: 3, mask: 0xff_ffff), .popPBB]),
        ("tcp", [.modField(.tcpSrc, 3), .setField(.tcpSrc, value: 3, mask: 0xffff), .modField(.ipv4Src, 3)]),
        ("ip", [.setField(.ethType, value: 0x0806, mask: 0xffff), .setField(.arpOp, value: 1, mask: 0xffff)]),
        ("dl_vlan=3,dl_type=0x88cc", [.setField(.vlanVID, value: 0x1003, mask: 0x1fff), .popVLAN]),
        ("", [.load(value: 0x1001, to: FieldSlice(.vlanTCI)), .setField(.vlanPCP, value: 3, mask: 7)]),
        ("", [.conjunction(id: 1, clause: 1, count: 2), .note([1])]),
        (
            "icmp6,icmp_type=135",
            [.setField(.icmpv6Type, value: 136, mask: 0xff), .setField(.ndTLL, value: 1, mask: (1 << 48) - 1)]
        ),
    ]

    private static let unsuited: [(match: String, actions: [Action], reason: ActionCheck.Reason)] = [
        ("ip", [.pushMPLS(etherType: 0x8847), .decrementTTL], .missingProtocol(.ip)),
        ("mpls", [.popMPLS(etherType: 0x0800), .decrementMPLSTTL], .missingProtocol(.mpls)),
        (
            "mpls", [.popMPLS(etherType: 0x0800), .setField(.tcpSrc, value: 1, mask: 0xffff)],
            .missingPrerequisite(.tcpSrc)
        ),
        ("tcp", [.pushMPLS(etherType: 0x8847), .popMPLS(etherType: 0x0800), .modField(.tcpDst, 1)], .missingTransport),
        ("ip", [.popMPLS(etherType: 0x0800)], .missingProtocol(.mpls)), ("ip", [.popPBB], .missingProtocol(.pbb)),
        ("dl_vlan=1", [.pushPBB(etherType: 0x88e7), .popVLAN], .missingVLANTag), ("", [.popVLAN], .missingVLANTag),
        ("dl_vlan=1", [.popVLAN, .setField(.vlanVID, value: 0x1001, mask: 0x1fff)], .missingVLANTag),
        ("", [.setField(.vlanPCP, value: 1, mask: 7)], .missingVLANTag),
        ("dl_vlan=1", Array(repeating: .pushVLAN(etherType: 0x8100), count: 2), .tooManyVLANTags),
        ("arp", [.copyTTLOut], .missingTTL), ("arp", [.copyTTLIn], .missingTTL),
        ("udp", [.finTimeout(idleSeconds: 1, hardSeconds: 0)], .missingProtocol(.tcp)),
        ("", [.decrementTTL], .missingProtocol(.ip)),
        ("ipv6", [.modField(.ipv4Dst, 1)], .missingProtocol(.ipv4)),
        ("ip", [.setField(.ethType, value: 0x0806, mask: 0xffff), .decrementTTL], .missingProtocol(.ip)),
        (
            "ip", [.move(from: eight, to: FieldSlice(.ethType, firstBit: 0, bitCount: 8)), .decrementTTL],
            .missingProtocol(.ip)
        ),
        (
            "ip", [.move(from: FieldSlice(.ipTTL, firstBit: 0, bitCount: 8), to: eight),
                .move(from: FieldSlice(.tcpSrc), to: FieldSlice(.reg0, firstBit: 0, bitCount: 16))],
            .missingPrerequisite(.tcpSrc)
        ),
        ("", [.outputField(FieldSlice(.arpOp))], .missingPrerequisite(.arpOp)),
        ("", [.push(FieldSlice(.ipTTL))], .missingPrerequisite(.ipTTL)),
        ("", [.pop(FieldSlice(.ipTTL))], .missingPrerequisite(.ipTTL)),
        ("tcp", [.pop(FieldSlice(.tcpFlags))], .readOnly(.tcpFlags)),
        ("", [.conjunction(id: 1, clause: 1, count: 2), .output(PortNumber(1))], .besideConjunction),
        (
            "icmp6,icmp_type=135",
            [.setField(.icmpv6Type, value: 137, mask: 0xff), .setField(.ndTLL, value: 1, mask: (1 << 48) - 1)],
            .missingPrerequisite(.ndTLL)
        ),
    ]

    @Test("What suits is accepted", arguments: suited)
    func accepts(match: String, actions: [Action]) throws {
        #expect(ActionCheck.inconsistency(of: actions, with: try FlowText.parseMatch(match)) == nil)
    }

    @Test("What does not suit is found, with its place and its reason", arguments: unsuited)
    func refuses(match: String, actions: [Action], reason: ActionCheck.Reason) throws {
        let found = ActionCheck.inconsistency(of: actions, with: try FlowText.parseMatch(match))
        #expect(found?.reason == reason)
        #expect(found?.index == actions.count - 1)
        #expect(found?.action == actions.last)
    }

    @Test("OpenFlow 1.0 lets actions stand that do nothing, but sets no field that may not be there")
    func openFlow10() {
        let idle: [Action] = [.popVLAN, .decrementTTL, .modField(.tcpSrc, 1), .modField(.ipv4Src, 1), .decrementMPLSTTL]
        #expect(ActionCheck.inconsistency(of: idle, with: Match(), rules: .openFlow10) == nil)
        let set = [Action.setField(.tcpSrc, value: 1, mask: 0xffff)]
        #expect(ActionCheck.inconsistency(of: set, with: Match(), rules: .openFlow10) != nil)
    }

    @Test("A learned flow's parts suit the match, and one another")
    func learned() throws {
        var learn = LearnAction()
        learn.parts = [
            .match(.value(0x0800), FieldSlice(.ethType)), .match(.field(FieldSlice(.ipv4Src)), FieldSlice(.ipv4Dst)),
            .load(.field(FieldSlice(.ethSrc)), FieldSlice(.ethDst)), .output(FieldSlice(.inPort)),
        ]
        let (ip, any) = (try FlowText.parseMatch("ip"), Match())
        #expect(ActionCheck.inconsistency(of: [.learn(learn)], with: ip) == nil)
        #expect(ActionCheck.inconsistency(of: [.learn(learn)], with: any)?.reason == .missingPrerequisite(.ipv4Src))
        learn.parts.removeFirst()
        #expect(ActionCheck.inconsistency(of: [.learn(learn)], with: ip)?.reason == .missingPrerequisite(.ipv4Dst))
    }

    @Test("An action set may be in the order of writing or of execution")
    func actionSet() {
        var instructions = InstructionSet()
        instructions.write = [.setField(.vlanVID, value: 0x1001, mask: 0x1fff), .pushVLAN(etherType: 0x8100)]
        #expect(ActionCheck.inconsistency(of: instructions, with: Match()) == nil)
        instructions.write.removeLast()
        #expect(ActionCheck.inconsistency(of: instructions, with: Match())?.reason == .missingVLANTag)
        instructions.apply = [.pushVLAN(etherType: 0x8100)]
        #expect(ActionCheck.inconsistency(of: instructions, with: Match()) == nil)
    }

    @Test("Each reason is told as the standard's error")
    func errors() {
        let found = ActionCheck.inconsistency(of: [.popVLAN], with: Match())
        #expect(found?.openFlowError.type == 2)
        #expect(found?.openFlowError.code == 10)
        #expect(found?.openFlowError.message.hasPrefix("action 1, pop_vlan: it needs a VLAN tag") == true)
        let conjunction: [Action] = [.output(PortNumber(1)), .conjunction(id: 1, clause: 1, count: 2)]
        let nicira = ActionCheck.inconsistency(of: conjunction, with: Match())?.openFlowError
        #expect(nicira?.experimenter == 0x2320)
    }
}
