import Datapath
import FlowTable
import OpenFlow
import Packet
import Testing

@testable import Switch

/// `multipath` chooses what Open vSwitch chooses. What is expected was read from Open vSwitch 3.1 on x86-64: with 65536
/// links `modulo_n` and `hash_threshold` tell the two halves of a hash.
@Suite struct MultipathTests {
    /// A packet from 02:00:00:00:00:01, 10.0.0.1 or 2001:db8::1 to the next of each.
    private static func key(_ type: UInt16, _ proto: UInt8 = 0, ports: (UInt128, UInt128) = (0, 0)) -> FlowKey {
        var key = FlowKey()
        key[.inPort] = 1
        key[.ethSrc] = 0x0200_0000_0001
        key[.ethDst] = 0x0200_0000_0002
        key[.ethType] = UInt128(type)
        if type == EtherType.ipv6 {
            key[.ipv6Src] = 0x2001_0db8_0000_0000_0000_0000_0000_0001
            key[.ipv6Dst] = 0x2001_0db8_0000_0000_0000_0000_0000_0002
        } else if type == EtherType.ipv4 || type == EtherType.arp {
            key[.ipv4Src] = 0x0a00_0001
            key[.ipv4Dst] = 0x0a00_0002
        }
        key[.ipProto] = UInt128(proto)
        (key[.tcpSrc], key[.tcpDst]) = ports
        return key
    }

    private static func tagged(_ key: FlowKey, outer: UInt64, inner: UInt64 = 0) -> FlowKey {
        var key = key
        key.words[KeyLayout.ethernetDestination] |= outer
        key.words[KeyLayout.ethernetSource] |= inner
        return key
    }

    private static let tcp = key(EtherType.ipv4, IPProtocol.tcp, ports: (2000, 80))
    private static let packets: [(name: String, key: FlowKey, hashes: [UInt32])] = {
        var fragment = tcp
        fragment[.ipFrag] = UInt128(KeyLayout.fragmentAny)
        let udp = key(EtherType.ipv4, IPProtocol.udp, ports: (1000, 53))
        let sctp = key(EtherType.ipv4, IPProtocol.sctp, ports: (3000, 5060))
        return [
            (
                "tcp", tcp,
                [0xecbc_c109, 0x871e_0b1c, 0x2cc9_2b96, 0x2cc9_2b96, 0xe004_c104, 0xe61f_0538, 0xc085_1075]
            ),
            (
                "udp, a tag", tagged(udp, outer: 0xb005),
                [0xecbc_c109, 0x5526_3fa1, 0x3c59_5efd, 0x751c_10a5, 0xe004_c104, 0xe61f_0538, 0xc085_1075]
            ),
            (
                "sctp, two tags", tagged(sctp, outer: 0x3064, inner: 0x5005),
                [0xecbc_c109, 0x9fde_1e01, 0xd149_c3b1, 0xd149_c3b1, 0xe004_c104, 0xe61f_0538, 0xc085_1075]
            ),
            (
                // What stands where others have ports doesn't count.
                "icmp", key(EtherType.ipv4, IPProtocol.icmpv4, ports: (8, 0)),
                [0xecbc_c109, 0x4458_b020, 0xf6b3_5491, 0xf6b3_5491, 0xe004_c104, 0xe61f_0538, 0xc085_1075]
            ),
            (
                "tcp, first fragment", fragment,
                [0xecbc_c109, 0x871e_0b1c, 0xbeb8_580c, 0xbeb8_580c, 0xe004_c104, 0xe61f_0538, 0xc085_1075]
            ),
            (
                "tcp6", key(EtherType.ipv6, IPProtocol.tcp, ports: (2000, 80)),
                [0xecbc_c109, 0x008a_9860, 0x53b5_e840, 0x53b5_e840, 0xd7f2_ac44, 0xb739_83d5, 0xa004_db09]
            ),
            (
                "udp6", key(EtherType.ipv6, IPProtocol.udp, ports: (1000, 53)),
                [0xecbc_c109, 0x6271_a3fb, 0x7b48_e3c6, 0x1f80_3752, 0xd7f2_ac44, 0xb739_83d5, 0xa004_db09]
            ),
            (
                "arp", key(EtherType.arp),
                [0xecbc_c109, 0xfe67_91d5, 0xb3ff_0da9, 0xb3ff_0da9, 0x0000_0007, 0x0000_0007, 0xce5e_8f4a]
            ),
            (
                "lldp, a tag", tagged(key(0x88cc), outer: 0x1009),
                [0xecbc_c109, 0x9a5c_7c98, 0xc00c_ebd3, 0xc00c_ebd3, 0x0000_0007, 0x0000_0007, 0x9b72_6c84]
            ),
        ]
    }()

    @Test(arguments: packets.indices) func hashes(_ index: Int) {
        let (name, key, expected) = Self.packets[index]
        for (fields, hash) in zip(HashedFields.allCases, expected) {
            var reading = KeyReading(key)
            #expect(fields.hash(of: &reading, basis: 7) == hash, "\(name), \(fields.name)")
        }
    }

    /// Hash, links, argument, and the link chosen.
    private static let links: [(MultipathAction.Algorithm, UInt32, Int, UInt32, UInt16)] = [
        (.modulo, 33481, 1, 0, 0), (.modulo, 61481, 3, 2, 2), (.modulo, 28407, 16, 17, 7), (.modulo, 51044, 64, 65, 36),
        (.modulo, 58305, 65, 0, 0), (.modulo, 696, 1000, 1001, 696), (.modulo, 37919, 65535, 65536, 37919),
        (.modulo, 25805, 65536, 131_073, 25805), (.hashThreshold, 2827, 1, 2, 0), (.hashThreshold, 39499, 3, 8, 0),
        (.highestRandomWeight, 45138, 1, 3, 0), (.highestRandomWeight, 44661, 5, 11, 4),
        (.highestRandomWeight, 12068, 16, 17, 5), (.highestRandomWeight, 10249, 64, 129, 44),
        (.highestRandomWeight, 63411, 65, 64, 18), (.highestRandomWeight, 4171, 1000, 2001, 448),
        (.highestRandomWeight, 59724, 65535, 65536, 12969), (.highestRandomWeight, 7301, 65536, 2_741_582_319, 44223),
        (.iterativeHash, 43802, 1, 2, 0), (.iterativeHash, 17403, 2, 2, 0), (.iterativeHash, 22127, 3, 4, 0),
        (.iterativeHash, 7703, 5, 11, 3), (.iterativeHash, 18507, 16, 3_660_397_373, 10),
        (.iterativeHash, 63983, 64, 129, 27), (.iterativeHash, 38144, 65, 66, 45),
        (.iterativeHash, 14753, 1000, 4_122_377_838, 895), (.iterativeHash, 44365, 65535, 773_610_810, 30421),
        (.iterativeHash, 35692, 65536, 65536, 3181),
    ]

    @Test func algorithms() {
        for (algorithm, hash, count, argument, link) in Self.links {
            let action = MultipathAction(
                .networkSource, algorithm, linkCount: count, argument: argument, destination: FieldSlice(.reg0))
            #expect(action.link(for: hash) == link, "\(action)")
        }
    }

    /// Whatever the hash, the link is one of those that there are.
    @Test func everyLinkIsOne() {
        for algorithm in MultipathAction.Algorithm.allCases {
            for count in [1, 2, 3, 63, 64, 65, 4096, 65535, 65536] {
                for argument in [0, UInt32(count), 2 * UInt32(count) + 1, .max] {
                    let action = MultipathAction(
                        .networkSource, algorithm, linkCount: count, argument: argument, destination: FieldSlice(.reg0))
                    for hash in [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, .max] as [UInt32] {
                        #expect(Int(action.link(for: hash)) < count, "\(action), \(hash)")
                    }
                }
            }
        }
    }

    /// The decision depends on the fields that are hashed, and on what tells which those are, but on nothing else.
    @Test func masks() throws {
        let ip: [FieldID] = [.inPort, .ethType, .ipv4Src, .ipv4Dst]
        let pairs: [FieldID] = [.ipProto, .tcpSrc, .tcpDst]
        let expected: [[FieldID]] = [
            [.inPort, .ethSrc], ip + pairs + [.ethSrc, .ethDst], ip + pairs, ip + pairs,
            [.inPort, .ethType, .ipv4Src], [.inPort, .ethType, .ipv4Dst], ip,
        ]
        for (fields, ids) in zip(HashedFields.allCases, expected) {
            var tables = FlowTables()
            let action = MultipathAction(fields, .modulo, linkCount: 4, destination: FieldSlice(.reg0))
            try tables.add(Flow(match: Match(), instructions: InstructionSet(apply: [.multipath(action)])))
            var translation = Translation()
            TablePipeline(tables: tables.snapshot(), ports: []).translate(Self.tcp, passes: [], into: &translation)
            var mask = FlowMask()
            for id in ids { mask[id] = Field[id].allOnes }
            if ids.contains(.tcpSrc) { mask.words[KeyLayout.portAndTypes] |= KeyLayout.fragmentAny }
            if fields == .symmetricNetworkAndTransport || fields == .symmetricNetworkAndTransportWithUDP {
                mask[.ipFrag] = Field[.ipFrag].allOnes
            }
            if fields == .symmetricTransport {
                mask.words[KeyLayout.ethernetDestination] |= 0x0fff
                mask.words[KeyLayout.ethernetSource] |= 0x0fff
            }
            #expect(translation.mask == mask, "\(fields.name)")
        }
    }
}
