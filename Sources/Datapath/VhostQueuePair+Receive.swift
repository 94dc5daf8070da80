// Hot path: frames that a guest sends become packets.
import DPDK
import VhostUser

extension UnsafeMutablePointer where Pointee == VhostQueuePair {
    /// One burst; how many packets.
    @inline(never) @_noLocks
    func receive(into packets: PacketPointers) -> Int {
        pointee.hasOffloads = false
        if let announcement = pointee.announcement {
            packets[0] = announcement
            pointee.announcement = nil
            return 1
        }
        guard let queue = pointee.fromGuest else { return 0 }
        let frames = pointee.frames
        let count = queue.pointee.take(into: frames, limit: Limits.burst)
        if count == 0 {
            queue.pointee.finish()
            return 0
        }
        if evs_mbuf_allocate_bulk(pointee.pool, packets, UInt32(truncatingIfNeeded: count)) != 0 {
            // The guest's frames wait in its ring until there are buffers again.
            queue.pointee.undoTake()
            return 0
        }
        var made = 0
        var index = 0
        while index < count {
            // Safe: the pool gave `count` buffers, of which `made` are packets already.
            let packet = PacketBuffer(packets[index].unsafelyUnwrapped)
            let frame = frames + index
            index &+= 1
            if index < count { evs_prefetch_write(PacketBuffer(packets[index].unsafelyUnwrapped).data) }
            if fill(packet, frame), accept(packet, frame.pointee.header, queue) {
                packets[made] = packet.raw
                made &+= 1
            } else {
                packet.free()
            }
        }
        queue.pointee.finish()
        return made
    }

    /// Copies a frame; false when a long one finds no further buffers.
    @inline(__always) @_noLocks
    private func fill(_ packet: PacketBuffer, _ frame: UnsafePointer<GuestFrame>) -> Bool {
        let length = frame.pointee.length
        let segment = frame.pointee.segments
        if frame.pointee.segmentCount > 1 || length > PacketBuffer.dataRoom { return fillChain(packet, frame) }
        evs_mbuf_set_length(packet.raw, UInt16(truncatingIfNeeded: length))
        evs_copy_frame(packet.data, segment.pointee.base, length)
        return true
    }

    @inline(never) @_noLocks
    private func fillChain(_ packet: PacketBuffer, _ frame: UnsafePointer<GuestFrame>) -> Bool {
        var last = packet
        var segment = frame.pointee.segments
        let end = segment + frame.pointee.segmentCount
        evs_mbuf_set_length(packet.raw, 0)
        while segment < end {
            var offset = 0
            let length = segment.pointee.count
            while offset < length {
                var room = PacketBuffer.dataRoom &- last.segmentLength
                if room == 0 {
                    guard let raw = evs_mbuf_allocate(pointee.pool) else {
                        pointee.counters.noBuffer &+= 1
                        return false
                    }
                    evs_mbuf_append_segment(packet.raw, last.raw, raw)
                    last = PacketBuffer(raw)
                    room = PacketBuffer.dataRoom
                }
                let count = min(room, length &- offset)
                evs_copy_frame(last.data + last.segmentLength, segment.pointee.base + offset, count)
                evs_mbuf_extend(packet.raw, last.raw, UInt16(truncatingIfNeeded: count))
                offset &+= count
            }
            segment += 1
        }
        return true
    }

    /// Takes up what the guest left to do; false if it makes no sense.
    @inline(__always) @_noLocks
    private func accept(
        _ packet: PacketBuffer, _ header: VirtioNetHeader, _ queue: UnsafeMutablePointer<VirtQueue>
    ) -> Bool {
        if header.isPlain { return true }
        guard let offload = PacketOffload.checked(header, packet, features: queue.pointee.features) else {
            pointee.counters.badHeaders &+= 1
            return false
        }
        evs_mbuf_set_offload(packet.raw, offload.word)
        pointee.hasOffloads = true
        return true
    }
}
