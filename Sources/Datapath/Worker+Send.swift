// Hot path: packets on their way out.
import DPDK

extension UnsafeMutablePointer where Pointee == Worker {
    /// Hands a run of the burst's packets to one port.
    @inline(__always) @_noLocks
    func enqueueRun(from start: Int, to end: Int, bytes: UInt64, port: UInt16) {
        if pointee.isCrossing { return enqueueEach(from: start, to: end, port: port) }
        let state = pointee.ports + Int(port)
        let count = end &- start
        let bits = (UInt32.max >> UInt32(truncatingIfNeeded: 32 &- count)) << UInt32(truncatingIfNeeded: start)
        switch state.pointee.output {
        case .absent:
            evs_mbuf_free_bulk(pointee.packets + start, UInt32(truncatingIfNeeded: count))
            drop(from: start, to: end, .noSuchPort)
        case .discard:
            evs_mbuf_free_bulk(pointee.packets + start, UInt32(truncatingIfNeeded: count))
            pointee.deliveredBits |= bits
            state.pointee.counters.deliveredPackets &+= UInt64(truncatingIfNeeded: count)
            state.pointee.counters.deliveredBytes &+= bytes
        case .device, .ring, .losslessRing, .vhost, .patch:
            if state.pointee.pendingCount &+ count > PortState.pendingCapacity { makeRoom(port) }
            touch(state, port)
            let place = state.pointee.pendingCount
            var index = 0
            while index < count {
                state.pointee.pending[place &+ index] = pointee.packets[start &+ index]
                state.pointee.origins[place &+ index] = UInt8(truncatingIfNeeded: start &+ index)
                index &+= 1
            }
            state.pointee.pendingCount = place &+ count
            state.pointee.pendingBits |= bits
            state.pointee.pendingBytes &+= bytes
            pointee.attemptedBits |= bits
        }
    }

    /// Hands a run of packets to one port one by one, as their bits are not in a row.
    @inline(never) @_noLocks
    private func enqueueEach(from start: Int, to end: Int, port: UInt16) {
        var index = start
        while index < end {
            var reason = DropReason.noSuchPort
            enqueue(packet(index), index, port: port, reason: &reason)
            dropIfUntaken(index, reason)
            index &+= 1
        }
    }

    /// Sends what waits at a port before its time. Packets can't cross to another bridge before the burst is done with
    /// this one, so at a patch port those that wait are refused.
    @inline(never) @_noLocks
    private func makeRoom(_ port: UInt16) {
        let state = pointee.ports + Int(port)
        guard case .patch = state.pointee.output else { return flush(port) }
        settlePartly(state, sent: 0)
        state.pointee.pendingCount = 0
        state.pointee.pendingBits = 0
        state.pointee.pendingBytes = 0
    }

    /// Hands one packet to one port, which owns it then.
    @inline(__always) @_noLocks
    func enqueue(_ packet: PacketBuffer, _ index: Int, port: UInt16, reason: inout DropReason) {
        let state = pointee.ports + Int(port)
        switch state.pointee.output {
        case .absent:
            packet.free()
            reason = .noSuchPort
        case .discard:
            pointee.deliveredBits |= bit(index)
            state.pointee.counters.deliveredPackets &+= 1
            state.pointee.counters.deliveredBytes &+= UInt64(truncatingIfNeeded: packet.length)
            packet.free()
        case .device, .ring, .losslessRing, .vhost, .patch:
            if state.pointee.pendingCount == PortState.pendingCapacity { makeRoom(port) }
            touch(state, port)
            let place = state.pointee.pendingCount
            state.pointee.pending[place] = packet.raw
            state.pointee.origins[place] = UInt8(truncatingIfNeeded: bit(index).trailingZeroBitCount)
            state.pointee.pendingCount = place &+ 1
            state.pointee.pendingBits |= bit(index)
            state.pointee.pendingBytes &+= UInt64(truncatingIfNeeded: packet.length)
            pointee.attemptedBits |= bit(index)
        }
    }

    /// Remembers that a port has packets waiting.
    @inline(__always) @_noLocks
    private func touch(_ state: UnsafeMutablePointer<PortState>, _ port: UInt16) {
        if state.pointee.isTouched { return }
        state.pointee.isTouched = true
        pointee.touchedPorts[pointee.touchedPortCount] = port
        pointee.touchedPortCount &+= 1
    }

    /// Sends what waits at every port.
    @inline(__always) @_noLocks
    func send() {
        var index = 0
        while index < pointee.touchedPortCount {
            let port = pointee.touchedPorts[index]
            index &+= 1
            if case .patch = pointee.ports[Int(port)].output {
                pointee.waitingPatches[pointee.waitingPatchCount] = port
                pointee.waitingPatchCount &+= 1
                continue
            }
            flush(port)
            pointee.ports[Int(port)].isTouched = false
        }
        pointee.touchedPortCount = 0
    }

    /// Sends what waits at one port; what it refuses is freed and counted.
    @inline(__always) @_noLocks
    private func flush(_ port: UInt16) {
        let state = pointee.ports + Int(port)
        let count = state.pointee.pendingCount
        if count == 0 { return }
        let sent =
            pointee.hasOffloads ? transmitCompleting(state, count) : transmit(state, state.pointee.pending, count)
        if sent == count {
            pointee.deliveredBits |= state.pointee.pendingBits
            state.pointee.counters.deliveredPackets &+= UInt64(truncatingIfNeeded: count)
            state.pointee.counters.deliveredBytes &+= state.pointee.pendingBytes
        } else {
            settlePartly(state, sent: sent)
        }
        state.pointee.pendingCount = 0
        state.pointee.pendingBits = 0
        state.pointee.pendingBytes = 0
    }

    /// Hands packets to the port's output; how many of them, from the first on, it took.
    @inline(__always) @_noLocks
    func transmit(
        _ state: UnsafeMutablePointer<PortState>, _ pending: PacketPointers, _ count: Int
    ) -> Int {
        switch state.pointee.output {
        case .device(let port, let queue):
            pointee.transmitDropReason = .transmitQueueFull
            return Int(evs_transmit(port, queue, pending, UInt16(truncatingIfNeeded: count)))
        case .ring(let ring):
            pointee.transmitDropReason = .transmitQueueFull
            return Int(evs_ring_enqueue(ring, pending, UInt32(truncatingIfNeeded: count)))
        case .losslessRing(let ring, let failed):
            return transmitLossless(ring, pending, count, failed)
        case .vhost(let route):
            return transmitToGuest(route, state, pending, count)
        case .absent, .discard, .patch:
            return 0
        }
    }

    /// Waits for room. Only replays into files do that: there, a lost packet would falsify the answer.
    @inline(never) @_noLocks
    private func transmitLossless(
        _ ring: OpaquePointer, _ pending: PacketPointers, _ count: Int, _ failed: UnsafePointer<Bool>
    ) -> Int {
        var sent = 0
        while true {
            sent &+= Int(evs_ring_enqueue(ring, pending + sent, UInt32(truncatingIfNeeded: count &- sent)))
            if sent == count { return sent }
            if failed.pointee {
                pointee.transmitDropReason = .captureWriteFailed
                return sent
            }
            evs_thread_sleep_microseconds(20)
        }
    }

    /// Tells the packets that left from those that did not.
    @inline(never) @_noLocks
    private func settlePartly(_ state: UnsafeMutablePointer<PortState>, sent: Int) {
        var index = sent
        let count = state.pointee.pendingCount
        while index < count {
            let packet = PacketBuffer(state.pointee.pending[index].unsafelyUnwrapped)
            pointee.refusalReasons[Int(state.pointee.origins[index])] = pointee.transmitDropReason
            state.pointee.pendingBytes &-= UInt64(truncatingIfNeeded: packet.length)
            packet.free()
            index &+= 1
        }
        index = 0
        while index < sent {
            pointee.deliveredBits |= 1 << UInt32(state.pointee.origins[index])
            index &+= 1
        }
        state.pointee.counters.deliveredPackets &+= UInt64(truncatingIfNeeded: sent)
        state.pointee.counters.deliveredBytes &+= state.pointee.pendingBytes
        state.pointee.counters.refusedPackets &+= UInt64(truncatingIfNeeded: count &- sent)
    }
}
