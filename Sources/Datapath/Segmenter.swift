// Hot path: cutting a long TCP segment for a port that takes no long ones.
import DPDK
import Packet
import VhostUser

/// Makes of one long TCP segment as many as it takes, each with headers and checksums of its own.
///
/// The long one is only read. (DPDK's rte_gso knows no TCP over IPv6 and leaves checksums to the card.)
struct Segmenter {
    private let packet: PacketBuffer
    private let offload: PacketOffload
    private let pool: OpaquePointer
    /// Bytes before the transport header, and before the payload.
    private let transport: Int
    private let headers: Int
    private let length: Int
    /// Payload bytes done, and segments made.
    private var done = 0
    private var made = 0
    // Where in the packet's chain of buffers the next payload byte is.
    private var source: PacketBuffer
    private var sourceOffset: Int

    /// Safe: the offload's places were checked when the packet came in; should the headers have changed since, so that
    /// they don't fit any more, no segments are made.
    @_noLocks
    init(_ packet: PacketBuffer, pool: OpaquePointer) {
        self.packet = packet
        self.pool = pool
        offload = PacketOffload(of: packet)
        length = packet.length
        transport = length &- offload.coveredLength
        source = packet
        let isInside = transport >= offload.networkLength && transport &+ 20 <= packet.segmentLength
        let start = isInside ? Int(HeaderBytes(base: packet.data).load8(transport &+ 12) >> 4) &* 4 : 0
        headers = transport &+ start
        sourceOffset = headers
        isPossible = isInside && start >= 20 && headers <= packet.segmentLength && headers < length
            && offload.segmentSize > 0
    }

    private let isPossible: Bool

    /// Whether all of the payload has been handed out.
    var isFinished: Bool { @_noLocks get { !isPossible || done == length &- headers } }

    /// Makes up to `limit` further segments; fewer only when no buffers are left or all are made.
    @inline(never) @_noLocks
    mutating func next(into packets: PacketPointers, limit: Int) -> Int {
        var count = 0
        while count < limit, !isFinished {
            let payload = min(offload.segmentSize, length &- headers &- done)
            guard let segment = makeSegment(payload) else { return count }
            packets[count] = segment.raw
            count &+= 1
        }
        return count
    }

    @inline(__always) @_noLocks
    private mutating func makeSegment(_ payload: Int) -> PacketBuffer? {
        guard let raw = evs_mbuf_allocate(pool) else { return nil }
        let head = PacketBuffer(raw)
        evs_mbuf_set_length(raw, UInt16(truncatingIfNeeded: headers))
        evs_copy(head.data, packet.data, headers)
        var last = head
        let startOffset = sourceOffset, startSource = source
        var left = payload
        while left > 0 {
            var room = Int(evs_mbuf_tailroom(last.raw))
            if room == 0 {
                guard let more = evs_mbuf_allocate(pool) else {
                    head.free()
                    sourceOffset = startOffset
                    source = startSource
                    return nil
                }
                evs_mbuf_append_segment(raw, last.raw, more)
                last = PacketBuffer(more)
                room = Int(evs_mbuf_tailroom(more))
            }
            while sourceOffset == source.segmentLength, let following = source.next {
                source = following
                sourceOffset = 0
            }
            let count = min(left, min(room, source.segmentLength &- sourceOffset))
            if count == 0 { break }
            evs_copy(last.data + last.segmentLength, source.data + sourceOffset, count)
            evs_mbuf_extend(raw, last.raw, UInt16(truncatingIfNeeded: count))
            sourceOffset &+= count
            left &-= count
        }
        finishHeaders(head, payload)
        done &+= payload
        made &+= 1
        return head
    }

    @inline(__always) @_noLocks
    private func finishHeaders(_ segment: PacketBuffer, _ payload: Int) {
        let bytes = HeaderBytes(base: segment.data)
        let network = transport &- offload.networkLength
        let networkBytes = headers &- network &+ payload
        if offload.protocolType == VirtioNetHeader.tcp4 {
            bytes.store16(UInt16(truncatingIfNeeded: networkBytes), network &+ 2)
            bytes.store16(bytes.load16(network &+ 4) &+ UInt16(truncatingIfNeeded: made), network &+ 4)
            bytes.store16(0, network &+ 10)
            bytes.store16(Checksum.of(segment.data + network, count: offload.networkLength), network &+ 10)
        } else {
            bytes.store16(UInt16(truncatingIfNeeded: networkBytes &- 40), network &+ 4)
        }
        let sequence = bytes.load32(transport &+ 4) &+ UInt32(truncatingIfNeeded: done)
        bytes.store32(sequence, transport &+ 4)
        var flags = bytes.load8(transport &+ 13)
        let isLast = done &+ payload == length &- headers
        if !isLast { flags &= ~0x09 } // FIN and PSH are the last one's
        if made > 0 { flags &= ~0x80 } // CWR is the first one's (RFC 3168 §6.1.2)
        bytes.store8(flags, transport &+ 13)
        // The pseudo-header's sum in the checksum's place was made with the long segment's length.
        let covered = UInt16(truncatingIfNeeded: headers &- transport &+ payload)
        let sum = bytes.load16(transport &+ 16)
        let whole = UInt16(truncatingIfNeeded: offload.coveredLength)
        bytes.store16(~Checksum.update(~sum, replacing: whole, with: covered), transport &+ 16)
        OffloadCompletion.completeChecksum(
            segment, PacketOffload(word: UInt64(segment.length &- transport) | 16 << 17))
    }
}
