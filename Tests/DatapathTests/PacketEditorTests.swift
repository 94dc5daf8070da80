import DPDK
import Packet
import TestSupport
import Testing

@testable import Datapath

/// The editor against editing by hand: bits set one by one, checksums computed anew from all bytes.
@Suite(.serialized)
struct PacketEditorTests {
    private static let pool = Result { () throws -> PacketPool in
        _ = try TestEnvironment.shared
        return try PacketPool(name: "editor", count: 1023)
    }
    private let pool: PacketPool
    private let crc: UnsafeMutablePointer<CRC32C>

    init() throws {
        pool = try Self.pool.get()
        crc = .allocate(capacity: 1)
        crc.initialize(to: CRC32C())
    }

    /// What the editor makes of a packet.
    private func edit(_ packet: PlainPacket, _ instructions: [Instruction], segment: Int = 2048) -> (
        packet: PlainPacket, goesOn: Bool
    ) {
        defer {
            crc.deinitialize(count: 1)
            crc.deallocate()
        }
        let buffer = Buffers.make(packet.bytes, pool: pool, segment: segment)
        var key = FlowKey()
        let layout = PacketParser.parse(
            buffer.data, count: buffer.segmentLength, packetLength: buffer.length, port: 1, into: &key)
        var hand = PacketInHand(packet: buffer, index: 0, layout: layout, hasLayout: true, reason: .flowAction)
        var goesOn = true
        instructions.withUnsafeBufferPointer { instructions in
            for index in instructions.indices where goesOn {
                goesOn = PacketEditor.apply(instructions.baseAddress! + index, &hand, crc: crc)
            }
        }
        defer { hand.packet.free() }
        return (PlainPacket(Buffers.bytes(of: hand.packet)), goesOn)
    }

    private static let fields: [FieldID] = [
        .ethDst, .ethSrc, .ipDSCP, .ipECN, .ipTTL, .ipv4Src, .ipv4Dst, .ipv6Src, .ipv6Dst, .ipv6Label, .arpOp, .arpSPA,
        .arpTPA, .arpSHA, .arpTHA, .tcpSrc, .tcpDst, .udpSrc, .udpDst, .sctpSrc, .sctpDst, .icmpType, .icmpCode,
        .icmpv6Type, .icmpv6Code, .ndTarget, .ndSLL, .ndTLL,
    ]

    private static func rewrite(_ field: FieldID, _ value: UInt128, _ mask: UInt128) -> [Instruction] {
        var instructions = [
            Instruction(.rewrite, detail: field.rawValue, value: UInt64(truncatingIfNeeded: value)),
            Instruction(.operand, value: UInt64(truncatingIfNeeded: mask)),
        ]
        if Field[field].width > 64 {
            instructions.append(Instruction(.operand, value: UInt64(truncatingIfNeeded: value >> 64)))
            instructions.append(Instruction(.operand, value: UInt64(truncatingIfNeeded: mask >> 64)))
        }
        return instructions
    }

    /// One random change, and the same done by hand.
    private static func step(_ random: inout SeededGenerator, _ packet: inout PlainPacket) -> [Instruction] {
        switch random.below(12) {
        case 0 where packet.tagCount < 2:
            let control = UInt16(random.below(65536))
            packet.pushTag(type: 0x88a8, control: control)
            return [Instruction(.pushVLAN, argument: 0x88a8, value: UInt64(control))]
        case 1:
            if packet.tagCount > 0 { packet.popTag() }
            return [Instruction(.popVLAN)]
        case 2:
            let bits = UInt64(random.pick([0x0fff, 0xe000, 0xefff]))
            let control = UInt64(random.below(65536))
            if packet.tagCount > 0 { packet.put(packet.number(14, 2) & ~bits | control & bits, 14, 2) }
            return [Instruction(.setVLAN, argument: UInt32(bits), value: control)]
        case 3 where packet[.ipTTL] != 1:
            if let hops = packet[.ipTTL] { packet.set(.ipTTL, hops - 1) }
            packet.recomputeChecksums()
            return [Instruction(.decrementTTL)]
        default:
            // Fields that it has, mostly.
            let present = fields.filter { packet[$0] != nil }
            let field = random.chance(90) ? random.pick(present) : random.pick(fields)
            let ones = Field[field].allOnes
            // A hop limit of 0 or a type that makes other headers of the packet would be another test.
            let value = UInt128(random.next()) << 64 | UInt128(random.next())
            if field == .ipTTL || field == .icmpv6Type || field == .icmpType {
                let value =
                    (packet[field] ?? 1) == 135 || (packet[field] ?? 1) == 136
                    ? packet[field]! : UInt128(2 + random.below(100))
                packet.set(field, value)
                packet.recomputeChecksums()
                return rewrite(field, value, ones)
            }
            let mask = random.chance(60) ? ones : (UInt128(random.next()) << 64 | UInt128(random.next())) & ones
            packet.set(field, value, mask: mask)
            packet.recomputeChecksums()
            return rewrite(field, value & mask, mask)
        }
    }

    @Test(arguments: 0..<400)
    func randomChanges(seed: UInt64) throws {
        var packets = RandomPackets(seed: seed)
        var random = SeededGenerator(seed: seed &+ 5_000_000)
        for kind in RandomPackets.Kind.allCases {
            let original = packets.packet(kind)
            var expected = original
            var instructions: [Instruction] = []
            for _ in 0..<(1 + random.below(4)) { instructions += Self.step(&random, &expected) }
            let test = try PacketEditorTests()
            let (edited, goesOn) = test.edit(original, instructions, segment: random.pick([2048, 2048, 512]))
            #expect(edited == expected, "seed \(seed), \(kind), \(instructions)")
            #expect(goesOn)
        }
    }

    @Test(arguments: [RandomPackets.Kind.tcp, .udp6, .sctp, .icmp])
    func timeToLiveEnds(kind: RandomPackets.Kind) throws {
        for hops in 0...1 as ClosedRange<UInt128> {
            var packets = RandomPackets(seed: 5)
            var packet = packets.packet(kind)
            packet.set(.ipTTL, hops)
            packet.recomputeChecksums()
            let (edited, goesOn) = try PacketEditorTests().edit(packet, [Instruction(.decrementTTL)])
            #expect(!goesOn && edited == packet)
        }
    }

    /// Checksums that are wrong stay wrong by as much: nobody repairs what another has broken.
    @Test(arguments: [RandomPackets.Kind.tcp, .udp, .sctp, .icmp, .udp6])
    func wrongChecksumsStayWrong(kind: RandomPackets.Kind) throws {
        var packets = RandomPackets(seed: 9)
        var packet = packets.packet(kind)
        while packet.tagCount > 0 { packet.popTag() }
        let place = packet.transport.offset + [.tcp: 16, .udp: 6, .udp6: 6, .sctp: 8, .icmp: 2][kind]!
        packet.put(packet.number(place, 2) ^ 0x0100, place, 2)
        let field: FieldID = [.tcp: .tcpDst, .udp: .udpSrc, .udp6: .udpDst, .sctp: .sctpSrc, .icmp: .icmpCode][kind]!
        let (edited, _) = try PacketEditorTests().edit(packet, Self.rewrite(field, 77, Field[field].allOnes))
        #expect(edited[field] == 77)
        var right = edited
        right.recomputeChecksums()
        #expect(right != edited)
    }

    /// No room in front: the packet is dropped for that, whole.
    @Test func noHeadroom() throws {
        var packets = RandomPackets(seed: 1)
        let packet = packets.packet(.udp)
        let pushes = Array(
            repeating: Instruction(.pushVLAN, argument: 0x8100, value: 5), count: PacketBuffer.headroom / 4)
        #expect(try PacketEditorTests().edit(packet, pushes).goesOn)
        let (edited, goesOn) = try PacketEditorTests().edit(packet, pushes + [pushes[0]])
        #expect(!goesOn)
        #expect(edited.bytes.count == packet.bytes.count + PacketBuffer.headroom)
    }
}
