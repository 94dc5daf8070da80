import DPDK
import Packet
import TestSupport
import Testing
import VhostUser

@testable import Datapath

struct VhostOffloadTests {
    private let plain = VirtioFeatures.mergeableBuffers

    /// From one guest as packets, with what is left to do.
    private func take(_ bench: VhostBench) -> [PacketBuffer] {
        let count = bench.pair.receive(into: bench.packets)
        return (0..<count).map { PacketBuffer(bench.packets[$0]!) }
    }

    @Test(arguments: [4, 6], [1, 2, 100, 1400, 9001])
    func checksumIsCompletedForAGuestThatCannot(version: Int, payload: Int) throws {
        let whole = PartialFrame.tcp(payload: payload, version: version)
        let bench = try VhostBench(features: VhostBench.offloads)
        let other = try VhostBench(features: plain)
        bench.guestSends(PartialFrame.partial(whole), header: PartialFrame.header(start: whole.transport.offset))
        let received = other.send(take(bench))
        #expect(received.map(\.frame) == [whole.bytes])
        #expect(received[0].header[..<10].allSatisfy { $0 == 0 })
    }

    @Test(arguments: [4, 6])
    func offloadsPassBetweenGuestsThatAgreed(version: Int) throws {
        let whole = PartialFrame.tcp(payload: 60_000, version: version)
        let start = whole.transport.offset
        let header = PartialFrame.header(
            type: version == 4 ? 1 : 4, length: start + 20, size: 1448, start: start)
        let bench = try VhostBench(features: VhostBench.offloads)
        bench.guestSends(PartialFrame.partial(whole), header: header)
        let received = bench.send(take(bench))
        #expect(received.map(\.frame) == [PartialFrame.partial(whole)])
        #expect(Array(received[0].header[..<10]) == Array(header[..<10]))
        #expect(received[0].header[10] == 40, "buffers of 1,526 bytes for 60,066 or 60,086")
    }

    @Test(arguments: [4, 6], [(60_000, 1448), (1500, 1400), (2897, 1448), (100, 1448), (5000, 4000)])
    func longSegmentIsCut(version: Int, shape: (payload: Int, size: Int)) throws {
        let whole = PartialFrame.tcp(payload: shape.payload, version: version, tagged: version == 4)
        let start = whole.transport.offset
        let bench = try VhostBench(features: VhostBench.offloads)
        let other = try VhostBench(features: plain | VirtioFeatures.guestChecksum)
        bench.guestSends(
            PartialFrame.partial(whole),
            header: PartialFrame.header(
                type: version == 4 ? 1 : 4, length: start + 20, size: shape.size, start: start))
        let received = other.send(take(bench))
        #expect(received.map(\.frame) == PartialFrame.segments(of: whole, size: shape.size))
        #expect(bench.pool.available == bench.pool.count)
    }

    @Test func headersThatContradictTheirFrames() throws {
        let whole = PartialFrame.tcp(payload: 1446, version: 4)
        let frame = PartialFrame.partial(whole)
        var badLength = frame
        badLength[14] = 0x4f
        let bench = try VhostBench(features: VhostBench.offloads)
        let attacks: [([UInt8], [UInt8])] = [
            (frame, PartialFrame.header(start: 0xffff, offset: 0xffff)),
            (frame, PartialFrame.header(start: 1499, offset: 0)),
            (Array(frame[..<30]), PartialFrame.header(start: 34)), (frame, PartialFrame.header(start: 0)),
            (frame, PartialFrame.header(type: 1, size: 0, start: 34)),
            (frame, PartialFrame.header(type: 1, size: 1, start: 34)),
            (frame, PartialFrame.header(type: 0x7f, size: 1448, start: 34)),
            (frame, PartialFrame.header(type: 3, size: 1448, start: 34)),
            (frame, PartialFrame.header(type: 4, size: 1428, start: 54)),
            (frame, PartialFrame.header(flags: 0, type: 1, size: 1448, start: 0)),
            (badLength, PartialFrame.header(type: 1, size: 1448, start: 34)),
            (frame, PartialFrame.header(type: 0x81, size: 1448, start: 34)),
            (frame, PartialFrame.header(type: 1, size: 1448, start: 1480)),
        ]
        for (index, attack) in attacks.enumerated() {
            bench.guestSends(attack.0, header: attack.1)
            #expect(take(bench).isEmpty, "attack \(index)")
            #expect(bench.pair.pointee.counters.badHeaders == UInt64(index + 1))
        }
        // A header's own idea of its length is of no use to us.
        bench.guestSends(frame, header: PartialFrame.header(type: 1, length: 0xffff, size: 1448, start: 34))
        let good = take(bench)
        #expect(good.count == 1)
        good.forEach { $0.free() }
        #expect(bench.pool.available == bench.pool.count)
    }

    /// Headers change while the checksum is still a pseudo-header's sum.
    @Test(
        arguments: [(FieldID.ipv4Dst, 0xc0a8_0101), (.ipv4Src, 0), (.tcpDst, 443), (.ipDSCP, 10), (.ethDst, 77)]
            as [(FieldID, UInt64)])
    func rewriteWithAPartialChecksum(field: FieldID, value: UInt64) throws {
        let bench = try VhostBench(features: VhostBench.offloads)
        let other = try VhostBench(features: plain)
        var whole = PartialFrame.tcp(payload: 77, version: 4)
        bench.guestSends(PartialFrame.partial(whole), header: PartialFrame.header(start: 34))
        let packet = take(bench)[0]
        let mask: UInt64 =
            field == .ipDSCP ? 0x3f : (field == .ethDst ? 0xffff_ffff_ffff : (field == .tcpDst ? 0xffff : 0xffff_ffff))
        let program = [
            Instruction(.rewrite, detail: field.rawValue, value: value), Instruction(.operand, value: mask),
        ]
        var key = FlowKey()
        let layout = PacketParser.parse(
            packet.data, count: packet.segmentLength, packetLength: packet.length, port: 0, into: &key)
        var hand = PacketInHand(packet: packet, index: 0, layout: layout, hasLayout: true, reason: .flowAction)
        let crc = UnsafeMutablePointer<CRC32C>.allocate(capacity: 1)
        crc.initialize(to: CRC32C())
        defer { crc.deallocate() }
        #expect(program.withUnsafeBufferPointer { PartialChecksum.apply($0.baseAddress!, &hand, crc: crc) })
        let result = other.send([hand.packet])
        var expected = PlainPacket(result[0].frame)
        expected.recomputeChecksums()
        #expect(result[0].frame == expected.bytes, "its checksums are right")
        #expect(result[0].frame != whole.bytes, "it was changed")
        whole = PlainPacket(result[0].frame)
        #expect(Array(whole.bytes[54...]) == (0..<77).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) })
    }

    @Test func flagsSurviveACopy() throws {
        let bench = try VhostBench(features: VhostBench.offloads)
        bench.guestSends(
            PartialFrame.partial(PartialFrame.tcp(payload: 10, version: 4)), header: PartialFrame.header(start: 34))
        let packet = take(bench)[0]
        let copy = try #require(packet.copy(from: bench.pool.raw))
        #expect(evs_mbuf_has_offload(copy.raw) && evs_mbuf_offload(copy.raw) == evs_mbuf_offload(packet.raw))
        copy.free()
        packet.free()
    }

    @Test func sharedPacketIsCopiedBeforeItIsCompleted() throws {
        let whole = PartialFrame.tcp(payload: 200, version: 4)
        let bench = try VhostBench(features: VhostBench.offloads)
        let other = try VhostBench(features: plain)
        bench.guestSends(PartialFrame.partial(whole), header: PartialFrame.header(start: 34))
        let packet = take(bench)[0]
        packet.share(1)
        #expect(other.send([packet]).map(\.frame) == [whole.bytes])
        #expect(bench.send([packet]).map(\.frame) == [PartialFrame.partial(whole)])
        #expect(bench.pool.available == bench.pool.count)
    }
}
