import OpenFlow
import Packet
import Testing

@testable import FlowTable

/// What `learn(…)` makes of a packet; the examples are those of ovs-actions(7).
@Suite struct LearnTests {
    private var packet: FlowKey {
        var key = FlowKey()
        key[.inPort] = 3
        key[.ethSrc] = 0x0200_0000_0001
        key[.ethDst] = 0x0200_0000_0002
        key[.vlanTCI] = 0x1007
        key[.reg0] = 0xabcd_1234
        key[.ipv6Src] = 0x2001_0db8 << 96 | 5
        return key
    }

    /// A MAC table: `learn(table=10,hard_timeout=60,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],
    /// output:NXM_OF_IN_PORT[])`.
    @Test func addressLearning() {
        var learn = LearnAction()
        learn.table = 10
        learn.hardTimeoutSeconds = 60
        learn.cookie = 7
        let vlan = FieldSlice(.vlanTCI, firstBit: 0, bitCount: 12)
        learn.parts = [
            .match(.field(vlan), vlan), .match(.field(FieldSlice(.ethSrc)), FieldSlice(.ethDst)),
            .output(FieldSlice(.inPort, firstBit: 0, bitCount: 16)),
        ]
        let mod = learn.flowMod(for: packet)
        #expect(mod.command == .modifyStrict && mod.addsWhenNoneIsModified && mod.setsCookie)
        var match = Match()
        match.set(.vlanTCI, 7, mask: 0xfff)
        match.set(.ethDst, 0x0200_0000_0001)
        let output = Action.output(PortNumber(3), maxLength: 0)
        var flow = Flow(table: 10, match: match, instructions: InstructionSet(apply: [output]))
        flow.hardTimeoutSeconds = 60
        flow.cookie = 7
        #expect(mod.flow == flow)
        var examined = FlowMask()
        examined[.vlanTCI] = 0xfff
        examined[.ethSrc] = 0xffff_ffff_ffff
        examined[.inPort] = 0xffff
        #expect(learn.examinedBits == examined)
    }

    @Test func loadsAndValues() {
        var learn = LearnAction()
        learn.sendsFlowRemoved = true
        learn.finIdleTimeoutSeconds = 2
        let high = FieldSlice(.reg1, firstBit: 16, bitCount: 16)
        learn.parts = [
            .match(.value(0x0800), FieldSlice(.ethType)),
            .match(.value(5), FieldSlice(.metadata, firstBit: 8, bitCount: 8)),
            .load(.field(FieldSlice(.reg0, firstBit: 0, bitCount: 16)), high), .load(.value(9), FieldSlice(.reg2)),
            .load(.field(FieldSlice(.ipv6Src)), FieldSlice(.ipv6Dst)),
        ]
        let flow = learn.flowMod(for: packet).flow
        #expect(flow.match.exactValue(of: .ethType) == 0x0800)
        #expect(flow.match.key[.metadata] == 0x500 && flow.match.mask[.metadata] == 0xff00)
        #expect(flow.flags == [.sendFlowRemoved] && flow.table == 1 && flow.priority == 32768)
        #expect(
            flow.instructions.apply == [
                .finTimeout(idleSeconds: 2, hardSeconds: 0), .load(value: 0x1234, to: high),
                .load(value: 9, to: FieldSlice(.reg2)),
                .setField(.ipv6Dst, value: 0x2001_0db8 << 96 | 5, mask: .max),
            ])
    }

    /// Ports that nothing can be output to are left out; the highest numbers of 16 bits mean reserved ports.
    @Test(
        arguments: [
            (1, 1), (0xfeff, 0xfeff), (0xff00, nil), (0xfffe, 0xffff_fffe), (0xfff8, 0xffff_fff8), (0xfffd, nil),
            (0xfffb, 0xffff_fffb), (0x1_0000, nil), (0xffff_fffe, 0xffff_fffe),
        ] as [(UInt32, UInt32?)])
    func outputs(number: UInt32, port: UInt32?) {
        var learn = LearnAction()
        learn.parts = [.output(FieldSlice(.reg0))]
        var key = FlowKey()
        key[.reg0] = UInt128(number)
        let expected: [Action] = port.map { [.output(PortNumber($0), maxLength: 0)] } ?? []
        #expect(learn.flowMod(for: key).flow.instructions.apply == expected)
    }
}
