import CDPDK
import DPDK

/// Packets in DPDK's memory, for tests.
enum Buffers {
    /// A packet with these bytes, in segments of at most `segment` bytes.
    static func make(_ bytes: [UInt8], pool: PacketPool, segment: Int) -> PacketBuffer {
        var first: PacketBuffer?
        var last: PacketBuffer?
        var start = 0
        repeat {
            let count = min(segment, bytes.count - start)
            let buffer = PacketBuffer(evs_mbuf_allocate(pool.raw)!)
            evs_mbuf_set_length(buffer.raw, UInt16(count))
            buffer.data.copyMemory(from: Array(bytes[start..<start + count]) + [0], byteCount: count)
            if let first, let last {
                evs_mbuf_append_segment(first.raw, last.raw, buffer.raw)
            } else {
                first = buffer
            }
            last = buffer
            start += count
        } while start < bytes.count
        return first!
    }

    /// The bytes of all segments.
    static func bytes(of packet: PacketBuffer) -> [UInt8] {
        var bytes: [UInt8] = []
        var segment: PacketBuffer? = packet
        while let part = segment {
            bytes += UnsafeRawBufferPointer(start: part.data, count: part.segmentLength)
            segment = part.next
        }
        return bytes
    }
}
