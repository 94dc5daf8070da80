// Hot path: packets that go to a guest.
import DPDK
import VhostUser

extension UnsafeMutablePointer where Pointee == VhostQueuePair {
    /// Puts packets into the guest's buffers, in order, as far as there are any; never waits.
    ///
    /// - Parameter refused: takes those that no buffer of the guest's is large enough for, or that could not be made
    ///   what
    ///   the guest understands. They are the caller's.
    /// - Returns: how many, from the first on, are settled: taken and freed, or refused.
    @inline(never) @_noLocks
    func send(_ packets: PacketPointers, _ count: Int, refused: UnsafeMutablePointer<UInt64>) -> Int {
        guard let queue = pointee.toGuest else { return 0 }
        var settled = 0
        while settled < count {
            let burst = measure(packets + settled, min(count &- settled, Limits.burst), queue)
            if burst == 0 {
                // Safe: callers give `count` packets.
                let outcome = sendUnmeasured(packets + settled, queue)
                if outcome == 0 { return settled }
                if outcome < 0 { refused.pointee |= 1 << UInt64(truncatingIfNeeded: settled) }
                settled &+= 1
                continue
            }
            let made = queue.pointee.reserve(pointee.lengths, count: burst, into: pointee.frames)
            if made == 0 {
                queue.pointee.finish()
                return settled
            }
            refused.pointee |= copy(packets + settled, made, queue) << UInt64(truncatingIfNeeded: settled)
            queue.pointee.finish()
            settled &+= made
        }
        return settled
    }

    /// As ``send(_:_:refused:)``, but tries a few times again while the ring is full: a guest that polls has often made
    /// room before a microsecond is over. At most 64 packets.
    @inline(__always) @_noLocks
    func sendPatiently(_ packets: PacketPointers, _ count: Int, refused: UnsafeMutablePointer<UInt64>) -> Int {
        let settled = send(packets, count, refused: refused)
        pointee.patience.earn(settled &- refused.pointee.nonzeroBitCount)
        return settled == count ? settled : tryAgain(packets, count, settled: settled, refused: refused)
    }

    @inline(never) @_noLocks
    private func tryAgain(
        _ packets: PacketPointers, _ count: Int, settled first: Int, refused: UnsafeMutablePointer<UInt64>
    ) -> Int {
        var settled = first
        var tries = 0
        while settled < count, tries < Limits.guestRetries, isWorthWaiting() {
            tries &+= 1
            let start = evs_cycles()
            repeat { evs_pause() } while evs_cycles() &- start < Limits.guestRetryTicks
            var late: UInt64 = 0
            let taken = send(packets + settled, count &- settled, refused: &late)
            refused.pointee |= late << UInt64(truncatingIfNeeded: settled)
            settled &+= taken
            let wanted = taken &- late.nonzeroBitCount
            pointee.patience.earn(wanted)
            pointee.counters.retries &+= 1
            pointee.counters.retriedPackets &+= UInt64(truncatingIfNeeded: wanted)
        }
        return settled
    }

    @inline(__always) @_noLocks
    private func isWorthWaiting() -> Bool {
        guard let queue = pointee.toGuest, !queue.pointee.isBroken else { return false }
        return pointee.patience.spend()
    }

    /// Notes the lengths of packets, up to the first that can't go as it is; how many.
    @inline(__always) @_noLocks
    private func measure(_ packets: PacketPointers, _ count: Int, _ queue: UnsafeMutablePointer<VirtQueue>) -> Int {
        var index = 0
        while index < count {
            let packet = PacketBuffer(packets[index].unsafelyUnwrapped)
            if evs_mbuf_has_offload(packet.raw), !understands(PacketOffload(of: packet), queue) { return index }
            pointee.lengths[index] = UInt32(truncatingIfNeeded: packet.length)
            index &+= 1
        }
        return count
    }

    /// Whether the guest has agreed to get a packet with this left to do.
    @inline(__always) @_noLocks
    private func understands(_ offload: PacketOffload, _ queue: UnsafeMutablePointer<VirtQueue>) -> Bool {
        let type = offload.segmentationType
        var needed = VirtioFeatures.guestChecksum
        if type != 0 {
            needed |= offload.protocolType == VirtioNetHeader.tcp4 ? VirtioFeatures.guestTSO4 : VirtioFeatures.guestTSO6
            if type & VirtioNetHeader.ecn != 0 { needed |= VirtioFeatures.guestECN }
        }
        return queue.pointee.features & needed == needed
    }

    /// Copies packets into their room; bits of those that got none. The others are freed.
    @inline(__always) @_noLocks
    private func copy(_ packets: PacketPointers, _ count: Int, _ queue: UnsafeMutablePointer<VirtQueue>) -> UInt64 {
        let hasBufferCount = queue.pointee.headerLength == VirtioNetHeader.longSize
        var refused: UInt64 = 0
        var index = 0
        while index < count {
            let packet = PacketBuffer(packets[index].unsafelyUnwrapped)
            let frame = pointee.frames + index
            if frame.pointee.segmentCount == 0 {
                refused |= 1 << UInt64(truncatingIfNeeded: index)
            } else {
                write(packet, frame, hasBufferCount)
            }
            index &+= 1
        }
        if refused == 0 {
            evs_mbuf_free_bulk(packets, UInt32(truncatingIfNeeded: count))
        } else {
            freeTaken(packets, count, refused)
        }
        return refused
    }

    @inline(never) @_noLocks
    private func freeTaken(_ packets: PacketPointers, _ count: Int, _ refused: UInt64) {
        var index = 0
        while index < count {
            if refused >> UInt64(truncatingIfNeeded: index) & 1 == 0 { evs_mbuf_free(packets[index]) }
            index &+= 1
        }
    }

    /// Writes header and packet into the guest's memory.
    @inline(__always) @_noLocks
    private func write(_ packet: PacketBuffer, _ frame: UnsafePointer<GuestFrame>, _ hasBufferCount: Bool) {
        var header = VirtioNetHeader()
        if evs_mbuf_has_offload(packet.raw) { header = offloadHeader(packet) }
        let headerLength = hasBufferCount ? VirtioNetHeader.longSize : VirtioNetHeader.shortSize
        let segment = frame.pointee.segments
        let base = segment.pointee.base
        if segment.pointee.count >= headerLength &+ packet.length, packet.length == packet.segmentLength {
            base.storeBytes(of: header.firstWord, as: UInt64.self)
            base.storeBytes(of: header.checksumOffset, toByteOffset: 8, as: UInt16.self)
            if hasBufferCount { base.storeBytes(of: 1, toByteOffset: 10, as: UInt16.self) }
            evs_copy_frame(base + headerLength, packet.data, packet.length)
        } else {
            writeSpread(packet, frame, header, headerLength)
        }
    }

    /// The same when the guest's memory or the packet is in several pieces.
    @inline(never) @_noLocks
    private func writeSpread(
        _ packet: PacketBuffer, _ frame: UnsafePointer<GuestFrame>, _ header: VirtioNetHeader, _ headerLength: Int
    ) {
        let tail = UInt64(header.checksumOffset) | UInt64(frame.pointee.bufferCount) << 16
        var bytes = (header.firstWord, tail)
        var place = GuestPlace(frame)
        withUnsafeBytes(of: &bytes) {
            // Safe: the header is shorter than the two words.
            place.write($0.baseAddress.unsafelyUnwrapped, headerLength)
        }
        var segment: PacketBuffer? = packet
        while let part = segment {
            place.write(part.data, part.segmentLength)
            segment = part.next
        }
    }

    @inline(never) @_noLocks
    private func offloadHeader(_ packet: PacketBuffer) -> VirtioNetHeader {
        let offload = PacketOffload(of: packet)
        let start = packet.length &- offload.coveredLength
        var transport = 0
        if offload.segmentationType != 0, start >= 0, start &+ 13 <= packet.segmentLength {
            transport = Int(HeaderBytes(base: packet.data).load8(start &+ 12) >> 4) &* 4
        }
        return offload.header(length: packet.length, transportHeaderLength: transport)
    }

    /// Sends one packet that the guest does not understand as it is: 1: done, 0: no room now, -1: it can't be.
    @inline(never) @_noLocks
    private func sendUnmeasured(_ packets: PacketPointers, _ queue: UnsafeMutablePointer<VirtQueue>) -> Int {
        let packet = PacketBuffer(packets.pointee.unsafelyUnwrapped)
        if PacketOffload(of: packet).segmentationType != 0 { return sendSegments(packet) }
        guard let whole = OffloadCompletion.complete(packet, pool: pointee.pool) else { return -1 }
        packets.pointee = whole.raw
        var refused: UInt64 = 0
        return send(packets, 1, refused: &refused) == 0 ? 0 : (refused == 0 ? 1 : -1)
    }

    /// Sends the segments of a long packet; those for which there is no room are lost, as in any full queue.
    @inline(never) @_noLocks
    private func sendSegments(_ packet: PacketBuffer) -> Int {
        var segmenter = Segmenter(packet, pool: pointee.pool)
        var isWhole = !segmenter.isFinished
        while isWhole, !segmenter.isFinished {
            let count = segmenter.next(into: pointee.segments, limit: Limits.burst)
            var refused: UInt64 = 0
            let settled = sendPatiently(pointee.segments, count, refused: &refused)
            isWhole = count > 0 && settled == count && refused == 0
            var index = 0
            while index < count {
                let isLeft = index >= settled || refused >> UInt64(truncatingIfNeeded: index) & 1 != 0
                if isLeft { evs_mbuf_free(pointee.segments[index]) }
                index &+= 1
            }
        }
        if !isWhole { return -1 }
        packet.free()
        return 1
    }

    /// Sends what other workers handed over; how many are settled. What the guest can't take at all is dropped.
    @inline(never) @_noLocks
    func drain(_ packets: PacketPointers, _ count: Int) -> Int {
        guard let queue = pointee.toGuest else {
            evs_mbuf_free_bulk(packets, UInt32(truncatingIfNeeded: count))
            pointee.counters.lateDrops &+= UInt64(truncatingIfNeeded: count)
            return count
        }
        var refused: UInt64 = 0
        var settled = send(packets, count, refused: &refused)
        if queue.pointee.isBroken, settled < count {
            // It will take none of them any more.
            refused |= UInt64.max << UInt64(truncatingIfNeeded: settled)
            settled = count
        }
        var index = 0
        while refused != 0, index < settled {
            if refused >> UInt64(truncatingIfNeeded: index) & 1 != 0 {
                evs_mbuf_free(packets[index])
                pointee.counters.lateDrops &+= 1
            }
            index &+= 1
        }
        return settled
    }
}

/// Where in a frame's room the next byte goes.
private struct GuestPlace {
    private var segment: UnsafeMutablePointer<GuestSegment>
    private let end: UnsafeMutablePointer<GuestSegment>
    private var offset = 0

    @_noLocks
    init(_ frame: UnsafePointer<GuestFrame>) {
        segment = frame.pointee.segments
        end = segment + frame.pointee.segmentCount
    }

    @_noLocks
    mutating func write(_ bytes: UnsafeRawPointer, _ count: Int) {
        var done = 0
        while done < count, segment < end {
            let length = min(count &- done, segment.pointee.count &- offset)
            evs_copy_frame(segment.pointee.base + offset, bytes + done, length)
            done &+= length
            offset &+= length
            if offset == segment.pointee.count {
                segment += 1
                offset = 0
            }
        }
    }
}
