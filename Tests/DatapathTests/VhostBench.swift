import DPDK
import TestSupport
import VhostUser

@testable import Datapath

/// A pair of queues with the guest behind it, polled by the test itself.
final class VhostBench {
    static let offloads = VirtioFeatures.checksum | VirtioFeatures.hostTSO4 | VirtioFeatures.hostTSO6
        | VirtioFeatures.guestChecksum | VirtioFeatures.guestTSO4 | VirtioFeatures.guestTSO6
        | VirtioFeatures.mergeableBuffers

    let memory = GuestMemory()
    let receiving: GuestRing
    let sending: GuestRing
    let pool: PacketPool
    let pair = UnsafeMutablePointer<VhostQueuePair>.allocate(capacity: 1)
    let packets = PacketPointers.allocate(capacity: 64)
    let headerLength = 12

    init(features: UInt64, size: Int = 256) throws {
        _ = try TestEnvironment.shared
        pool = try PacketPool(name: "vhost-test", count: 2047)
        let all = features | VirtioFeatures.version1
        receiving = GuestRing(memory, size: size, features: all)
        sending = GuestRing(memory, size: size, features: all, place: 1)
        pair.initialize(to: VhostQueuePair(pool: pool.raw))
        pair.pointee.toGuest = start(receiving, 0)
        pair.pointee.fromGuest = start(sending, 1)
    }

    private func start(_ ring: GuestRing, _ index: Int) -> UnsafeMutablePointer<VirtQueue> {
        let queue = UnsafeMutablePointer<VirtQueue>.allocate(capacity: 1)
        queue.initialize(to: VirtQueue(ring.setup(index: index), memory: memory.map))
        return queue
    }

    deinit {
        for queue in [pair.pointee.toGuest!, pair.pointee.fromGuest!] {
            queue.pointee.free()
            queue.deallocate()
        }
        pair.pointee.free()
        pair.deallocate()
        packets.deallocate()
    }

    /// The guest sends a frame.
    func guestSends(_ frame: [UInt8], header: [UInt8] = [UInt8](repeating: 0, count: 12)) {
        _ = sending.post([.init(memory.put(header + frame), 12 + frame.count)], writable: false)
    }

    /// The guest makes room for what it receives.
    func guestPosts(_ count: Int, bytes: Int = 1526) {
        for _ in 0..<count { _ = receiving.post([.init(memory.buffer(bytes), bytes)], writable: true) }
    }

    func bytes(_ packet: PacketBuffer) -> [UInt8] {
        var bytes: [UInt8] = []
        var segment: PacketBuffer? = packet
        while let part = segment {
            bytes += UnsafeRawBufferPointer(start: part.data, count: part.segmentLength)
            segment = part.next
        }
        return bytes
    }

    /// A packet of these bytes in a chain of buffers.
    func packet(_ bytes: [UInt8]) -> PacketBuffer {
        let head = PacketBuffer(evs_mbuf_allocate(pool.raw)!)
        var last = head
        for start in stride(from: 0, to: bytes.count, by: 2048) {
            if start > 0 {
                let more = evs_mbuf_allocate(pool.raw)!
                evs_mbuf_append_segment(head.raw, last.raw, more)
                last = PacketBuffer(more)
            }
            let part = Array(bytes[start..<min(bytes.count, start + 2048)])
            last.data.copyMemory(from: part, byteCount: part.count)
            evs_mbuf_extend(head.raw, last.raw, UInt16(part.count))
        }
        return head
    }

    /// What the guest has received: header and frame, put together from as many buffers as the header says.
    func guestReceives(_ posted: [Int: GuestRing.Buffer]) -> [(header: [UInt8], frame: [UInt8])] {
        var result: [(header: [UInt8], frame: [UInt8])] = []
        var used = receiving.reap()[...]
        while !used.isEmpty {
            var bytes: [UInt8] = []
            var left = 0
            repeat {
                let next = used.removeFirst()
                let isFirst = bytes.isEmpty
                bytes += memory.bytes(posted[next.id]!.address, next.written)
                if isFirst { left = Int(bytes[10]) | Int(bytes[11]) << 8 }
                left -= 1
            } while left > 0
            result.append((Array(bytes[..<12]), Array(bytes[12...])))
        }
        return result
    }

    /// Sends packets to the guest, which has room for them; what it gets.
    func send(_ list: [PacketBuffer], room: Int = 100) -> [(header: [UInt8], frame: [UInt8])] {
        var posted: [Int: GuestRing.Buffer] = [:]
        for _ in 0..<room {
            let buffer = GuestRing.Buffer(memory.buffer(1526), 1526)
            guard let id = receiving.post([buffer], writable: true) else { break }
            posted[id] = buffer
        }
        for (index, packet) in list.enumerated() { packets[index] = packet.raw }
        var refused: UInt64 = 0
        let settled = pair.send(packets, list.count, refused: &refused)
        for index in 0..<list.count where index >= settled || refused >> index & 1 == 1 {
            PacketBuffer(packets[index]!).free()
        }
        return guestReceives(posted)
    }
}

/// Frames as a guest's network stack makes them, with only the pseudo-header summed up.
enum PartialFrame {
    /// TCP over IPv4 or IPv6, whole: all checksums right.
    static func tcp(payload: Int, version: Int, tagged: Bool = false) -> PlainPacket {
        var bytes: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2] + (tagged ? [0x81, 0, 0, 5] : [])
        if version == 4 {
            let length = 40 + payload
            bytes += [8, 0, 0x45, 0, UInt8(length >> 8), UInt8(length & 255), 0x12, 0xff, 0x40, 0, 64, 6, 0, 0]
            bytes += [10, 0, 0, 1, 10, 0, 0, 2]
        } else {
            let length = 20 + payload
            bytes += [0x86, 0xdd, 0x60, 0, 0, 0, UInt8(length >> 8), UInt8(length & 255), 6, 64]
            bytes += [0xfd] + [UInt8](repeating: 0, count: 14) + [1, 0xfd] + [UInt8](repeating: 0, count: 14) + [2]
        }
        bytes += [0, 80, 0x1f, 0x90, 0xff, 0xff, 0xf0, 0, 0, 0, 0, 1, 0x50, 0x19, 0xff, 0xff, 0, 0, 0, 0]
        bytes += (0..<payload).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        var packet = PlainPacket(bytes)
        packet.recomputeChecksums()
        return packet
    }

    /// The same frame with the sum of the pseudo-header in the checksum's place.
    static func partial(_ packet: PlainPacket) -> [UInt8] {
        var result = packet
        let start = packet.transport.offset
        var sum = packet.networkEnd - start + 6
        let addresses = packet.network == .ipv4 ? start - 8..<start : start - 32..<start
        for place in stride(from: addresses.lowerBound, to: addresses.upperBound, by: 2) {
            sum += Int(packet.number(place, 2))
        }
        while sum > 0xffff { sum = (sum & 0xffff) + sum >> 16 }
        result.put(UInt64(sum), start + 16, 2)
        return result.bytes
    }

    static func header(flags: Int = 1, type: Int = 0, length: Int = 54, size: Int = 0, start: Int, offset: Int = 16)
        -> [UInt8] {
        func two(_ number: Int) -> [UInt8] { [UInt8(number & 255), UInt8(number >> 8 & 255)] }
        return [UInt8(flags), UInt8(type)] + two(length) + two(size) + two(start) + two(offset) + [0, 0]
    }

    /// What a plain segmentation makes of a long frame.
    static func segments(of packet: PlainPacket, size: Int) -> [[UInt8]] {
        let headers = packet.transport.offset + 20
        let payload = Array(packet.bytes[headers...])
        return stride(from: 0, to: payload.count, by: size).enumerated().map { index, start in
            let part = payload[start..<min(start + size, payload.count)]
            var segment = PlainPacket(Array(packet.bytes[..<headers]) + part)
            let network = packet.networkOffset, transport = packet.transport.offset
            if packet.network == .ipv4 {
                segment.put(UInt64(segment.bytes.count - network), network + 2, 2)
                segment.put((packet.number(network + 4, 2) + UInt64(index)) & 0xffff, network + 4, 2)
            } else {
                segment.put(UInt64(segment.bytes.count - network - 40), network + 4, 2)
            }
            segment.put((packet.number(transport + 4, 4) + UInt64(start)) & 0xffff_ffff, transport + 4, 4)
            if start + size < payload.count { segment.bytes[transport + 13] &= ~9 }
            segment.recomputeChecksums()
            return segment.bytes
        }
    }
}
