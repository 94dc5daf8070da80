import Foundation
import OpenFlow
import OpenFlowWire
import Packet
import Testing

/// Bytes that os-ken made (see make-fixtures.py), whose meaning is known.
@Suite struct OSKenTests {
    static let messages: [(name: String, bytes: [UInt8])] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/os-ken.txt")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            let digits = Array(words[1].utf8)
            let bytes = stride(from: 0, to: digits.count, by: 2).map {
                UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
            }
            return (String(words[0]), bytes)
        }
    }()
    static let codec = Codec(version: .v13)

    private func message(_ name: String) throws -> Message {
        let bytes = try #require(Self.messages.first { $0.name == name }?.bytes, "no fixture \(name)")
        return try Self.codec.decode(bytes).message
    }

    @Test func eachIsUnderstoodAndWrittenAsItWas() throws {
        #expect(Self.messages.count == 107)
        // These os-ken writes otherwise: fields in another order, names of fields by OXM, or with more padding.
        let otherwise: Set<String> = [
            "flow-match-udp6", "action-load", "action-load2", "action-move",
            "action-output-reg", "action-stack-push", "action-stack-pop", "action-learn", "table-features",
            "action-resubmit-table",
        ]
        for (name, bytes) in Self.messages {
            do {
                let frame = try Self.codec.decode(bytes)
                #expect(frame.xid == 0x1234, "\(name)")
                let again = Self.codec.encode(frame)
                if again != bytes && otherwise.contains(name) {
                    #expect(try Self.codec.decode(again) == frame, "\(name)")
                } else {
                    #expect(again == bytes, "\(name): \(again) \(frame.message)")
                }
            } catch {
                Issue.record("\(name): \(error)")
            }
        }
    }

    @Test(arguments: [
        ("empty", "actions=drop"),
        ("ethernet", "eth_dst=02:00:00:00:00:05,eth_src=02:00:00:00:00:00/ff:ff:ff:00:00:00,dl_type=0x1234"),
        ("metadata", "metadata=0x1200/0xff00,tun_id=5/0xff"), ("vlan", "dl_vlan=5,dl_vlan_pcp=3"),
        ("vlan-any", "vlan_tci=0x1000/0x1000"), ("vlan-none", "dl_vlan=0xffff"),
        ("tcp", "tcp,nw_src=10.0.0.0/8,nw_dst=1.2.3.4,tp_src=1,tp_dst=2,ip_dscp=3,nw_ecn=1"),
        ("tcp-flags", "tcp,tcp_flags=+syn"),
        ("udp6", "udp6,ipv6_src=2001:db8::/32,ipv6_dst=::1,ipv6_label=5/0xff,tp_src=1,tp_dst=2,ipv6_exthdr=1/1"),
        ("sctp", "sctp,sctp_src=1,sctp_dst=2"), ("icmp", "icmp,icmp_type=8,icmp_code=0"),
        ("nd-solicitation", "icmp6,icmp_type=135,icmp_code=0,nd_target=fe80::1,nd_sll=02:00:00:00:00:05"),
        ("nd-advertisement", "icmp6,icmpv6_type=136,nd_tll=02:00:00:00:00:05"),
        (
            "arp",
            "arp,arp_op=1,arp_spa=1.1.1.1,arp_tpa=2.2.0.0/16,arp_sha=02:00:00:00:00:05,"
                + "arp_tha=02:00:00:00:00:00/ff:00:00:00:00:00"
        ),
        ("mpls", "mpls,mpls_label=99,mpls_tc=3,mpls_bos=1"), ("pbb", "eth_type=0x88e7,pbb_isid=0x1200/0xff00"),
    ]) func aMatchIsWhatTheTextSays(_ name: String, _ text: String) throws {
        guard case .flowMod(let mod) = try message("flow-match-" + name) else {
            Issue.record("no flow mod")
            return
        }
        let expected = try FlowText.parseFlow(text.contains("actions=") ? text : text + ",actions=drop")
        #expect(mod.flow.match == expected.match, "\(mod.flow.match)")
    }

    static let actions: [(String, Action)] = [
        ("output", .output(PortNumber(3), maxLength: 128)), ("controller", .output(.controller, maxLength: .max)),
        ("copy-out", .copyTTLOut), ("copy-in", .copyTTLIn), ("mpls-ttl", .setMPLSTTL(7)),
        ("dec-mpls-ttl", .decrementMPLSTTL), ("push-vlan", .pushVLAN(etherType: 0x88a8)), ("pop-vlan", .popVLAN),
        ("push-mpls", .pushMPLS(etherType: 0x8848)), ("pop-mpls", .popMPLS(etherType: 0x800)), ("queue", .setQueue(4)),
        ("group", .group(5)), ("ttl", .modField(.ipTTL, 64)), ("dec-ttl", .decrementTTL),
        ("push-pbb", .pushPBB(etherType: 0x88e7)), ("pop-pbb", .popPBB),
        ("set-vlan-vid", .setField(.vlanVID, value: 0x1005, mask: 0x1fff)),
        ("set-vlan-pcp", .setField(.vlanPCP, value: 3, mask: 7)),
        ("set-ipv4-src", .setField(.ipv4Src, value: 0x0a00_0001, mask: 0xffff_ffff)),
        ("set-tcp-dst", .setField(.tcpDst, value: 80, mask: 0xffff)),
        ("set-ip-dscp", .setField(.ipDSCP, value: 10, mask: 63)),
        ("set-mpls-label", .setField(.mplsLabel, value: 99, mask: 0xfffff)),
        ("set-ipv6-flabel", .setField(.ipv6Label, value: 0x12345, mask: 0xfffff)),
        ("set-pbb-isid", .setField(.pbbISID, value: 77, mask: 0xff_ffff)),
        ("resubmit", .resubmit(port: PortNumber(4), table: nil)), ("resubmit-table", .resubmit(port: nil, table: 7)),
        ("load", .load(value: 0x5a, to: FieldSlice(.reg2, firstBit: 4, bitCount: 8))),
        ("load2", .setField(.ethDst, value: 0x0200_0000_0005, mask: 0xffff_ffff_ffff)),
        ("note", .note([1, 1, 1, 1, 1, 1])),
        (
            "move",
            .move(from: FieldSlice(.reg1, firstBit: 1, bitCount: 8), to: FieldSlice(.reg2, firstBit: 9, bitCount: 8))
        ),
        ("output-reg", .outputField(FieldSlice(.reg3, firstBit: 0, bitCount: 16))), ("exit", .exit),
        ("pop-queue", .popQueue),
        ("dec-ttl-ids", .decrementTTLNotifying([1, 2])), ("fin-timeout", .finTimeout(idleSeconds: 3, hardSeconds: 4)),
        ("conjunction", .conjunction(id: 77, clause: 1, count: 2)),
        ("stack-push", .push(FieldSlice(.reg1, firstBit: 2, bitCount: 5))),
        // What os-ken calls the end is the number of bits.
        ("stack-pop", .pop(FieldSlice(.reg2, firstBit: 0, bitCount: 31))),
    ]

    @Test(arguments: actions.indices) func anActionIsWhatItShouldBe(_ index: Int) throws {
        let (name, action) = Self.actions[index]
        #expect(try list("action-" + name) == [action], "\(name)")
    }

    /// The actions of a packet-out, or those that a flow applies.
    private func list(_ name: String) throws -> [Action] {
        switch try message(name) {
        case .packetOut(let out): out.actions
        case .flowMod(let mod): mod.flow.instructions.apply
        default: []
        }
    }

    @Test func learnHasItsParts() throws {
        guard case .learn(let learn)? = try list("action-learn").first else {
            Issue.record("no learn")
            return
        }
        let halves = (FieldSlice(.reg1, firstBit: 4, bitCount: 16), FieldSlice(.reg2, firstBit: 0, bitCount: 16))
        #expect(
            learn.parts == [
                .match(.field(FieldSlice(.ethSrc)), FieldSlice(.ethDst)), .match(.value(0x800), FieldSlice(.ethType)),
                .load(.field(halves.0), halves.1), .output(FieldSlice(.inPort, firstBit: 0, bitCount: 16)),
            ])
        #expect((learn.idleTimeoutSeconds, learn.hardTimeoutSeconds, learn.priority) == (1, 2, 3))
        #expect((learn.cookie, learn.finIdleTimeoutSeconds, learn.finHardTimeoutSeconds) == (4, 5, 6))
    }

    @Test func instructionsAndTheRestOfAFlowMod() throws {
        guard case .flowMod(let mod) = try message("flow-instructions") else { return #expect(Bool(false)) }
        var expected = InstructionSet(apply: [.output(PortNumber(1), maxLength: 65509)])
        expected.meter = 3
        expected.clearsActionSet = true
        expected.write = [.group(7), .output(PortNumber(2), maxLength: 65509)]
        expected.metadata = .init(value: 0x12, mask: 0xff)
        expected.gotoTable = 9
        #expect(mod.flow.instructions == expected)
        guard case .flowMod(let deletion) = try message("flow-command-delete-strict") else {
            return #expect(Bool(false))
        }
        #expect((deletion.command, deletion.flow.cookie, deletion.cookieMask) == (.deleteStrict, 5, 6))
        #expect((deletion.flow.table, deletion.flow.idleTimeoutSeconds, deletion.flow.hardTimeoutSeconds) == (7, 8, 9))
        #expect((deletion.flow.priority, deletion.bufferID) == (10, 11))
        #expect((deletion.outputPort, deletion.outputGroup, deletion.flow.flags.rawValue) == (PortNumber(12), 13, 0x1f))
    }

    @Test func groupsMetersAndPorts() throws {
        let bucket = Group.Bucket(
            weight: 5, watchPort: PortNumber(6), watchGroup: 7, actions: [.output(PortNumber(3), maxLength: 65509)])
        #expect(
            try message("group") == .groupMod(GroupMod(.add, Group(id: 9, kind: .select, buckets: [bucket, bucket]))))
        let bands = [
            Meter.Band(.drop, rate: 10, burst: 20), .init(.remarkDSCP(precedenceLevels: 2), rate: 30, burst: 40),
        ]
        #expect(
            try message("meter")
                == .meterMod(MeterMod(.add, Meter(id: 7, flags: [.kilobitsPerSecond, .burst], bands: bands))))
        let port = PortMod(
            port: PortNumber(3), hardwareAddress: 0x0200_0000_0005, config: .init(rawValue: 0x65),
            mask: .init(rawValue: 0x61), advertise: .init(rawValue: 0x240))
        #expect(try message("port") == .portMod(port))
        #expect(try message("role") == .roleRequest(ControllerRole(.master, generationID: 77)))
    }
}
