import Packet
import Testing

/// Each protocol's fields, from packets whose fields are known.
struct ParserFieldTests {
    let ipv4Fields: [FieldID: UInt128] = [
        .ethType: 0x0800, .ipv4Src: number(Sample.ipv4Source), .ipv4Dst: number(Sample.ipv4Destination),
        .ipDSCP: 0xb9 >> 2, .ipECN: 0xb9 & 3, .ipTTL: 63,
    ]

    func ipv4(_ more: [FieldID: UInt128]) -> [FieldID: UInt128] { ipv4Fields.merging(more) { $1 } }

    @Test func tcp() {
        let packet = Sample.ethernet(0x0800, Sample.ipv4(6, Sample.tcp(flags: 0xa12)))
        expectFields(packet, ipv4([.ipProto: 6, .tcpSrc: 4321, .tcpDst: 80, .tcpFlags: 0xa12]))
        let layout = parse(packet).layout
        #expect(layout.etherTypeOffset == 12 && layout.vlanTagCount == 0 && layout.mplsOffset == PacketLayout.absent)
        #expect(layout.networkOffset == 14 && layout.networkLength == 40 && layout.isIPv4 && !layout.isIPv6)
        #expect(layout.transportOffset == 34 && layout.transportProtocol == 6)
    }

    @Test func tcpHeaderLengthMustBeSound() {
        let without = ipv4([.ipProto: 6])
        expectFields(Sample.ethernet(0x0800, Sample.ipv4(6, Sample.tcp(words: 4))), without)
        // The header claims four bytes more than the IP packet has, though the frame has them as padding.
        let long = Sample.ipv4(6, totalLength: 40, Sample.tcp(words: 6))
        expectFields(Sample.ethernet(0x0800, long), without)
        #expect(parse(Sample.ethernet(0x0800, long)).layout.transportOffset == PacketLayout.absent)
    }

    @Test func udpSCTPAndICMP() {
        expectFields(
            Sample.ethernet(0x0800, Sample.ipv4(17, Sample.udp())), ipv4([.ipProto: 17, .udpSrc: 5353, .udpDst: 53]))
        expectFields(
            Sample.ethernet(0x0800, Sample.ipv4(132, Sample.sctp())),
            ipv4([.ipProto: 132, .sctpSrc: 2905, .sctpDst: 36412]))
        expectFields(
            Sample.ethernet(0x0800, Sample.ipv4(1, Sample.icmp())), ipv4([.ipProto: 1, .icmpType: 8, .icmpCode: 3]))
    }

    @Test func protocolsWithoutFields() {
        expectFields(Sample.ethernet(0x0800, Sample.ipv4(2, [0x16, 0, 0, 0, 224, 0, 0, 9])), ipv4([.ipProto: 2]))
        // ICMPv6 has no meaning within IPv4, nor ICMP within IPv6.
        expectFields(Sample.ethernet(0x0800, Sample.ipv4(58, Sample.icmp())), ipv4([.ipProto: 58]))
    }

    @Test func ipv4Options() {
        let packet = Sample.ethernet(0x0800, Sample.ipv4(17, options: [7, 8, 4, 0, 0, 0, 0, 0], Sample.udp()))
        expectFields(packet, ipv4([.ipProto: 17, .udpSrc: 5353, .udpDst: 53]))
        #expect(parse(packet).layout.transportOffset == 42)
    }

    @Test func ipv4Fragments() {
        let first = Sample.ethernet(0x0800, Sample.ipv4(17, fragment: 0x2000, Sample.udp()))
        expectFields(first, ipv4([.ipProto: 17, .ipFrag: 1, .udpSrc: 5353, .udpDst: 53]))
        for place in [0x2001, 0x1fff] {
            let later = Sample.ethernet(0x0800, Sample.ipv4(17, fragment: place, Sample.udp()))
            expectFields(later, ipv4([.ipProto: 17, .ipFrag: 3]))
            #expect(parse(later).layout.transportOffset == PacketLayout.absent)
        }
        let whole = Sample.ethernet(0x0800, Sample.ipv4(17, fragment: 0xc000, Sample.udp()))
        expectFields(whole, ipv4([.ipProto: 17, .udpSrc: 5353, .udpDst: 53]))
    }

    @Test func ipv4LengthsMustBeSound() {
        let type: [FieldID: UInt128] = [.ethType: 0x0800]
        expectFields(Sample.ethernet(0x0800, Sample.ipv4(17, totalLength: 33, Sample.udp())), type)
        expectFields(Sample.ethernet(0x0800, Sample.ipv4(17, totalLength: 19, Sample.udp())), type)
        var short = Sample.ipv4(17, Sample.udp())
        short[0] = 0x44
        expectFields(Sample.ethernet(0x0800, short), type)
        short[0] = 0x4f
        expectFields(Sample.ethernet(0x0800, short), type)
        // More than 65,535 bytes can't be padding.
        let padding = [UInt8](repeating: 0, count: 65_536)
        expectFields(Sample.ethernet(0x0800, Sample.ipv4(17, Sample.udp()) + padding), type)
        #expect(parse(Sample.ethernet(0x0800, Sample.ipv4(17, Sample.udp()) + padding.dropLast())).layout.isIPv4)
        // A version other than 4 is not looked at.
        short[0] = 0x65
        expectFields(Sample.ethernet(0x0800, short), ipv4([.ipProto: 17, .udpSrc: 5353, .udpDst: 53]))
    }

    @Test func paddingIsNotOfThePacket() {
        let packet = Sample.ethernet(0x0800, Sample.ipv4(17, totalLength: 27, Sample.udp()))
        expectFields(packet, ipv4([.ipProto: 17]))
        #expect(parse(packet).layout.networkLength == 27)
    }

    @Test func arp() {
        let addresses: [FieldID: UInt128] = [
            .arpSPA: number(Sample.ipv4Source), .arpTPA: number(Sample.ipv4Destination),
            .arpSHA: number(Sample.source), .arpTHA: 0x0202_0202_0202,
        ]
        for (type, operation) in [(0x0806, 1), (0x8035, 3), (0x0806, 0x1234)] {
            let packet = Sample.ethernet(type, Sample.arp(operation: operation))
            expectFields(packet, addresses.merging([.ethType: UInt128(type), .arpOp: UInt128(operation)]) { $1 })
            #expect(parse(packet).layout.network == .arp && parse(packet).layout.networkOffset == 14)
        }
        expectFields(Sample.ethernet(0x0806, Sample.arp(operation: 1, hardware: 6)), [.ethType: 0x0806])
    }

    @Test func vlanTags() {
        let payload = Sample.ipv4(17, Sample.udp())
        let udp = ipv4([.ipProto: 17, .udpSrc: 5353, .udpDst: 53])
        expectFields(
            Sample.ethernet(0x0800, tags: [(0x8100, 0xe123)], payload), udp.merging([.vlanTCI: 0xf123]) { $1 })
        let two = Sample.ethernet(0x0800, tags: [(0x88a8, 0x2064), (0x8100, 0x5065)], payload)
        expectFields(two, udp.merging([.vlanTCI: 0x3064]) { $1 }, inner: 0x5065)
        #expect(parse(two).layout.vlanTagCount == 2 && parse(two).layout.etherTypeOffset == 20)
        #expect(parse(two).layout.networkOffset == 22)
        let three = Sample.ethernet(0x0800, tags: [(0x8100, 1), (0x8100, 2), (0x88a8, 3)], payload)
        expectFields(three, [.ethType: 0x88a8, .vlanTCI: 0x1001], inner: 0x1002)
        expectFields(Sample.ethernet(0x0800, tags: [(0x9100, 1)], payload), [.ethType: 0x9100])
        // A tag without an EtherType after it is none.
        expectFields(Sample.destination + Sample.source + [0x81, 0, 0, 5, 8], [.ethType: 0x8100])
    }

    @Test func mpls() {
        let stack = Sample.label(16, tc: 5, bottom: false, ttl: 64) + Sample.label(17, bottom: true) + [0x45, 0]
        let packet = Sample.ethernet(0x8847, stack)
        expectFields(
            packet, [.ethType: 0x8847, .mplsLabel: 16, .mplsTC: 5, .mplsTTL: 64],
            mpls: (second: UInt64(number(Sample.label(17, bottom: true))), third: 0))
        #expect(parse(packet).layout.mplsOffset == 14 && parse(packet).layout.networkOffset == PacketLayout.absent)
        expectFields(
            Sample.ethernet(0x8848, Sample.label(0xfffff, tc: 0, bottom: true, ttl: 1) + [0xff, 0xff, 0xff, 0xff]),
            [.ethType: 0x8848, .mplsLabel: 0xfffff, .mplsBOS: 1, .mplsTTL: 1])
        let four = (1...4).flatMap { Sample.label($0, tc: 0, bottom: $0 == 4, ttl: 0) }
        expectFields(
            Sample.ethernet(0x8847, four), [.ethType: 0x8847, .mplsLabel: 1], mpls: (second: 2 << 12, third: 3 << 12))
        let cut = Sample.label(9, tc: 0, bottom: false, ttl: 0) + [0, 0, 1]
        expectFields(Sample.ethernet(0x8847, cut), [.ethType: 0x8847, .mplsLabel: 9])
    }

    @Test func providerBackboneBridging() {
        let tag: [UInt8] = [0x4a, 0x12, 0x34, 0x56]
        expectFields(
            Sample.ethernet(0x88e7, tags: [(0x88a8, 5)], tag + Sample.destination),
            [.ethType: 0x88e7, .vlanTCI: 0x1005, .pbbISID: 0x123456, .pbbUCA: 1])
        expectFields(Sample.ethernet(0x88e7, [0xf7, 0, 0, 1]), [.ethType: 0x88e7, .pbbISID: 1])
        expectFields(Sample.ethernet(0x88e7, [0xf7, 0, 0]), [.ethType: 0x88e7])
    }

    @Test func lengthInsteadOfEtherType() {
        expectFields(Sample.ethernet(0x0026, [0x42, 0x42, 3, 0, 0, 0, 0, 0]), [.ethType: 0x05ff])
        let inner = Sample.ipv4(17, Sample.udp())
        let udp = ipv4([.ipProto: 17, .udpSrc: 5353, .udpDst: 53])
        let snap = Sample.ethernet(0x0040, Sample.snap + [8, 0] + inner)
        expectFields(snap, udp)
        #expect(parse(snap).layout.etherTypeOffset == 12 && parse(snap).layout.networkOffset == 22)
        expectFields(
            Sample.ethernet(0x0040, tags: [(0x8100, 2)], Sample.snap + [8, 0] + inner),
            udp.merging([.vlanTCI: 0x1002]) { $1 })
        expectFields(Sample.ethernet(0x0040, Sample.snap + [5, 0xff] + inner), [.ethType: 0x05ff])
        expectFields(Sample.ethernet(0x0040, [0xaa, 0xaa, 3, 0, 0, 1, 8, 0] + inner), [.ethType: 0x05ff])
        expectFields(Sample.ethernet(0x05ff, Sample.snap + [8]), [.ethType: 0x05ff])
        expectFields(Sample.ethernet(0x0600, []), [.ethType: 0x0600])
    }

    @Test func portIsTakenWhateverThePacket() {
        for packet in [[], [1, 2, 3], Sample.all[0]] {
            let parsed = parse(packet, port: 0xffff_fffe)
            #expect(parsed.key[.inPort] == 0xffff_fffe && parsed.key[.inPhyPort] == 0xffff_fffe)
            if packet.count < 14 { #expect(parsed.layout == PacketLayout() && parsed.key[.ethType] == 0) }
        }
    }

    @Test func spansGiveTheSame() {
        for packet in Sample.all + [[]] {
            var key = FlowKey()
            let layout = PacketParser.parse(packet.span.bytes, port: 7, into: &key)
            #expect(Parsed(key: key, layout: layout) == parse(packet))
            var ethernet = FlowKey()
            let short = PacketParser.parseEthernet(packet.span.bytes, port: 7, into: &ethernet)
            #expect(ethernet[1] == key[1] && short.etherTypeOffset == layout.etherTypeOffset)
        }
    }
}
