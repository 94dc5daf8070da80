import DPDK
import Packet
import TestSupport
import Testing

@testable import Datapath

/// Labels and backbone tags put on and taken off, against bytes written down by hand.
@Suite(.serialized)
struct LabelTests {
    private static let pool = Result { () throws -> PacketPool in
        _ = try TestEnvironment.shared
        return try PacketPool(name: "labels", count: 1023)
    }

    private static let addresses: [UInt8] = [0x22, 0, 0, 0, 0, 1, 0x12, 0, 0, 0, 0, 2]
    /// IPv4 with TTL 32 and a right checksum, UDP without one, and 40 bytes.
    private static func ipv4(hops: UInt8) -> [UInt8] {
        var header: [UInt8] = [0x45, 0, 0, 68, 0, 0, 0, 0, hops, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
        var sum = stride(from: 0, to: 20, by: 2).reduce(0) { $0 + Int(header[$1]) << 8 + Int(header[$1 + 1]) }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        (header[10], header[11]) = (UInt8(~sum >> 8 & 0xff), UInt8(~sum & 0xff))
        return header + [0, 1, 0, 2, 0, 48, 0, 0] + Array(repeating: 0xaa, count: 40)
    }
    private static func ipv6(hops: UInt8) -> [UInt8] {
        [0x60, 0, 0, 0, 0, 8, 59, hops] + Array(repeating: 1, count: 32) + Array(repeating: 9, count: 8)
    }
    private static func label(_ label: UInt32, tc: UInt32, bottom: Bool, hops: UInt32) -> [UInt8] {
        let word = label << 12 | tc << 9 | (bottom ? 0x100 : 0) | hops
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
    }

    /// The packet after the instructions; `nil`: its program ended.
    private func edit(_ bytes: [UInt8], _ instructions: [Instruction]) throws -> [UInt8]? {
        let pool = try Self.pool.get()
        let crc = CRC32C()
        var hand = PacketInHand(
            packet: Buffers.make(bytes, pool: pool, segment: 2000), index: 0, layout: PacketLayout(), hasLayout: false,
            reason: .flowAction)
        defer { hand.packet.free() }
        for instruction in instructions {
            if !hand.hasLayout {
                var key = FlowKey()
                hand.layout = PacketParser.parse(
                    hand.packet.data, count: hand.packet.segmentLength, packetLength: hand.packet.length, port: 1,
                    into: &key)
                hand.hasLayout = true
            }
            let goesOn = withUnsafePointer(to: instruction) { instruction in
                withUnsafePointer(to: crc) { PacketEditor.apply(instruction, &hand, crc: $0) }
            }
            if !goesOn { return nil }
        }
        return Buffers.bytes(of: hand.packet)
    }

    private let push = Instruction(.pushMPLS, argument: 0x8847)
    private let tag: [UInt8] = [0x81, 0, 0x60, 5]

    @Test func pushTakesTheTTL() throws {
        for (type, payload) in [([8, 0] as [UInt8], Self.ipv4(hops: 33)), ([0x86, 0xdd], Self.ipv6(hops: 33))] {
            let expected = Self.addresses + [0x88, 0x47] + Self.label(0, tc: 0, bottom: true, hops: 33) + payload
            #expect(try edit(Self.addresses + type + payload, [push]) == expected)
        }
        let other: [UInt8] = [0x12, 0x34] + Array(repeating: 7, count: 60)
        let expected = Self.addresses + [0x88, 0x47] + Self.label(0, tc: 0, bottom: true, hops: 0) + other.dropFirst(2)
        #expect(try edit(Self.addresses + other, [push]) == expected)
    }

    @Test func pushOnALabelCopiesIt() throws {
        let inner = Self.label(100, tc: 3, bottom: true, hops: 64) + Self.ipv4(hops: 9)
        let expected = Self.addresses + [0x88, 0x48] + Self.label(100, tc: 3, bottom: false, hops: 64) + inner
        let push = Instruction(.pushMPLS, argument: 0x8848)
        #expect(try edit(Self.addresses + [0x88, 0x47] + inner, [push]) == expected)
    }

    /// In front of a VLAN tag; the label below the tag is not the next in its stack.
    @Test func pushBeforeATag() throws {
        let rest = tag + [8, 0] + Self.ipv4(hops: 7)
        let expected = Self.addresses + [0x88, 0x47] + Self.label(0, tc: 0, bottom: true, hops: 7) + rest.dropFirst(2)
        #expect(try edit(Self.addresses + rest, [push]) == expected)
        // And back.
        let pop = Instruction(.popMPLS, argument: 0x8100)
        #expect(try edit(Self.addresses + rest, [push, pop]) == Self.addresses + rest)
    }

    @Test func pop() throws {
        let payload = Self.ipv4(hops: 7)
        let labelled = [0x88, 0x47] + Self.label(5, tc: 1, bottom: true, hops: 3) + payload
        let pop = Instruction(.popMPLS, argument: 0x0800)
        #expect(try edit(Self.addresses + labelled, [pop]) == Self.addresses + [8, 0] + payload)
        #expect(try edit(Self.addresses + tag + labelled, [pop]) == Self.addresses + tag + [8, 0] + payload)
        // Nothing to pop.
        #expect(try edit(Self.addresses + [8, 0] + payload, [pop]) == Self.addresses + [8, 0] + payload)
        // Padded to the least that Ethernet has.
        let short = Self.addresses + [0x88, 0x47] + Self.label(5, tc: 1, bottom: true, hops: 3) + Array(1...42)
        #expect(try edit(short, [pop]) == Self.addresses + [8, 0] + Array(1...42) + [0, 0, 0, 0])
    }

    @Test func timeToLive() throws {
        func stack(_ outer: UInt32, _ payload: [UInt8]) -> [UInt8] {
            Self.addresses + [0x88, 0x47] + Self.label(5, tc: 1, bottom: true, hops: outer) + payload
        }
        func two(_ outer: UInt32, _ inner: UInt32) -> [UInt8] {
            Self.addresses + [0x88, 0x47] + Self.label(5, tc: 1, bottom: false, hops: outer)
                + Self.label(6, tc: 0, bottom: true, hops: inner) + Self.ipv4(hops: 1)
        }
        let out = [Instruction(.copyTTLOut)], into = [Instruction(.copyTTLIn)]
        #expect(try edit(stack(64, Self.ipv4(hops: 32)), out) == stack(32, Self.ipv4(hops: 32)))
        #expect(try edit(stack(64, Self.ipv6(hops: 32)), out) == stack(32, Self.ipv6(hops: 32)))
        #expect(try edit(stack(64, Self.ipv4(hops: 32)), into) == stack(64, Self.ipv4(hops: 64)))
        #expect(try edit(stack(64, Self.ipv6(hops: 32)), into) == stack(64, Self.ipv6(hops: 64)))
        #expect(try edit(two(64, 9), out) == two(9, 9))
        #expect(try edit(two(64, 9), into) == two(64, 64))
        let less = [Instruction(.decrementMPLSTTL)]
        #expect(try edit(two(2, 9), less) == two(1, 9))
        #expect(try edit(two(1, 9), less) == nil)
        // Cut off behind the label: nothing is read or written there.
        let cut = Self.addresses + [0x88, 0x47] + Self.label(5, tc: 1, bottom: true, hops: 3) + [0x45, 0]
        #expect(try edit(cut, into) == cut)
    }

    @Test func backboneTag() throws {
        let packet = Self.addresses + [8, 0] + Self.ipv4(hops: 7)
        let pushed = Self.addresses + [0x88, 0xe7, 0, 0, 0, 0] + packet
        #expect(try edit(packet, [Instruction(.pushPBB)]) == pushed)
        #expect(try edit(packet, [Instruction(.pushPBB), Instruction(.popPBB)]) == packet)
        // The instance of the tag below, and the priority of a VLAN tag.
        let inner = Self.addresses + [0x88, 0xe7, 0, 0x12, 0x34, 0x56] + packet
        let nested = Self.addresses + [0x88, 0xe7, 0, 0x12, 0x34, 0x56] + inner
        #expect(try edit(inner, [Instruction(.pushPBB)]) == nested)
        let tagged = Self.addresses + tag + [8, 0] + Self.ipv4(hops: 7)
        #expect(
            try edit(tagged, [Instruction(.pushPBB)]) == Self.addresses + [0x88, 0xe7, 0x60, 0, 0, 0] + tagged)
        // A backbone VLAN tag stays, between the customer's addresses and the rest.
        let customer: [UInt8] = [2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4]
        let backbone = Self.addresses + tag + [0x88, 0xe7, 0, 0, 0, 1] + customer + [8, 0] + Self.ipv4(hops: 7)
        #expect(try edit(backbone, [Instruction(.popPBB)]) == customer + tag + [8, 0] + Self.ipv4(hops: 7))
    }
}
