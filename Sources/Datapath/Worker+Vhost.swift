// Hot path: a worker's way to guests, and to other ports with packets that guests left something to do on.
import DPDK
import VhostUser

extension UnsafeMutablePointer where Pointee == Worker {
    /// Sends to a guest, or to the worker that owns its queues; how many packets, from the first on, were taken.
    @inline(never) @_noLocks
    func transmitToGuest(
        _ route: UnsafeMutablePointer<VhostRoute>, _ state: UnsafeMutablePointer<PortState>,
        _ pending: PacketPointers, _ count: Int
    ) -> Int {
        if let pair = route.pointee.pair {
            pointee.transmitDropReason = .guestRingFull
            var refused: UInt64 = 0
            let settled = pair.sendPatiently(pending, count, refused: &refused)
            if let queue = pair.pointee.toGuest, queue.pointee.isBroken {
                pointee.transmitDropReason = .guestRingBroken
            }
            return refused == 0 ? settled : separate(state, refused, settled: settled)
        }
        guard let ring = route.pointee.ring else {
            pointee.transmitDropReason = .guestNotReady
            return 0
        }
        pointee.transmitDropReason = .guestRingFull
        return Int(evs_ring_enqueue(ring, pending, UInt32(truncatingIfNeeded: count)))
    }

    /// Puts the packets that were refused behind those that were taken; how many were taken.
    @inline(never) @_noLocks
    private func separate(_ state: UnsafeMutablePointer<PortState>, _ refused: UInt64, settled: Int) -> Int {
        var taken = 0
        var index = 0
        while index < settled {
            if refused >> UInt64(truncatingIfNeeded: index) & 1 == 0 {
                swapPending(state, taken, index)
                taken &+= 1
            }
            index &+= 1
        }
        return taken
    }

    @inline(__always) @_noLocks
    private func swapPending(_ state: UnsafeMutablePointer<PortState>, _ one: Int, _ other: Int) {
        let packet = state.pointee.pending[one]
        state.pointee.pending[one] = state.pointee.pending[other]
        state.pointee.pending[other] = packet
        let origin = state.pointee.origins[one]
        state.pointee.origins[one] = state.pointee.origins[other]
        state.pointee.origins[other] = origin
    }

    /// Sends packets of which some have something left to do, having done it; how many were taken. They stand before
    /// those that were not.
    @inline(never) @_noLocks
    func transmitCompleting(_ state: UnsafeMutablePointer<PortState>, _ count: Int) -> Int {
        let pending = state.pointee.pending
        switch state.pointee.output {
        case .device, .ring, .losslessRing: break
        default: return transmit(state, pending, count)
        }
        var hasLong = false
        var index = 0
        while index < count {
            // Safe: the first `count` places hold packets.
            let packet = PacketBuffer(pending[index].unsafelyUnwrapped)
            if evs_mbuf_has_offload(packet.raw) {
                if PacketOffload(of: packet).segmentationType != 0 {
                    hasLong = true
                } else if let whole = OffloadCompletion.complete(packet, pool: pointee.pool) {
                    pending[index] = whole.raw
                } else {
                    hasLong = true
                }
            }
            index &+= 1
        }
        return hasLong ? transmitOneByOne(state, count) : transmit(state, pending, count)
    }

    /// The same with long TCP segments among them, which are cut, or packets that could not be completed.
    @inline(never) @_noLocks
    private func transmitOneByOne(_ state: UnsafeMutablePointer<PortState>, _ count: Int) -> Int {
        let pending = state.pointee.pending
        var taken = 0
        var index = 0
        while index < count {
            let packet = PacketBuffer(pending[index].unsafelyUnwrapped)
            let isTaken: Bool
            if !evs_mbuf_has_offload(packet.raw) {
                isTaken = transmit(state, pending + index, 1) == 1
            } else if PacketOffload(of: packet).segmentationType != 0 {
                isTaken = transmitSegments(state, packet)
            } else {
                pointee.transmitDropReason = .noBuffer
                isTaken = false
            }
            if isTaken {
                swapPending(state, taken, index)
                taken &+= 1
            }
            index &+= 1
        }
        return taken
    }

    @inline(never) @_noLocks
    private func transmitSegments(_ state: UnsafeMutablePointer<PortState>, _ packet: PacketBuffer) -> Bool {
        var segmenter = Segmenter(packet, pool: pointee.pool)
        if segmenter.isFinished { return false }
        while !segmenter.isFinished {
            let segments = pointee.segments
            let count = segmenter.next(into: segments, limit: Limits.burst)
            if count == 0 {
                pointee.transmitDropReason = .noBuffer
                return false
            }
            let sent = transmit(state, segments, count)
            if sent < count {
                evs_mbuf_free_bulk(segments + sent, UInt32(truncatingIfNeeded: count &- sent))
                return false
            }
        }
        packet.free()
        return true
    }
}
