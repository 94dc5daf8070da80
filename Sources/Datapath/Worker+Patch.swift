// Hot path: packets that cross from one bridge to another.
import DPDK

extension UnsafeMutablePointer where Pointee == Worker {
    /// Takes the packets that wait at patch ports through the bridges on the other side, until none waits.
    ///
    /// Each packet keeps the bit of the burst that it came with, so that it is accounted for once, where it came in.
    @inline(never) @_noLocks
    func crossPatches() {
        let arrival = pointee.arrivalPort
        pointee.isCrossing = true
        var bridgesCrossed = 0
        while pointee.waitingPatchCount > 0 {
            bridgesCrossed &+= 1
            pointee.waitingPatchCount &-= 1
            let port = pointee.waitingPatches[pointee.waitingPatchCount]
            let state = pointee.ports + Int(port)
            state.pointee.isTouched = false
            let count = state.pointee.pendingCount
            takePending(state, count)
            guard case .patch(let target) = state.pointee.output else { continue }
            if bridgesCrossed > Limits.patchCrossings {
                giveUp(count)
                continue
            }
            state.pointee.counters.deliveredPackets &+= UInt64(truncatingIfNeeded: count)
            pointee.arrivalPort = target.port
            cross(from: 0, to: min(count, Limits.burst), target)
            if count > Limits.burst { cross(from: Limits.burst, to: count, target) }
        }
        pointee.isCrossing = false
        pointee.arrivalPort = arrival
    }

    /// Ends the way of packets that have crossed too many bridges.
    @inline(never) @_noLocks
    private func giveUp(_ count: Int) {
        var index = 0
        while index < count {
            pointee.refusalReasons[Int(pointee.patchOrigins[index])] = .patchLoop
            index &+= 1
        }
        evs_mbuf_free_bulk(pointee.patchPackets, UInt32(truncatingIfNeeded: count))
    }

    /// Empties a patch port into the scratch for crossing, as more packets may come to wait there meanwhile.
    @inline(__always) @_noLocks
    private func takePending(_ state: UnsafeMutablePointer<PortState>, _ count: Int) {
        var index = 0
        while index < count {
            pointee.patchPackets[index] = state.pointee.pending[index]
            pointee.patchOrigins[index] = state.pointee.origins[index]
            index &+= 1
        }
        state.pointee.counters.deliveredBytes &+= state.pointee.pendingBytes
        state.pointee.pendingCount = 0
        state.pointee.pendingBits = 0
        state.pointee.pendingBytes = 0
    }

    /// Forwards up to a burst of the crossing packets as if they had just come in.
    @inline(__always) @_noLocks
    private func cross(from start: Int, to end: Int, _ target: PatchTarget) {
        let count = end &- start
        if count == 0 { return }
        var bytes: UInt64 = 0
        var index = 0
        while index < count {
            pointee.packets[index] = pointee.patchPackets[start &+ index]
            pointee.crossingOrigins[index] = pointee.patchOrigins[start &+ index]
            // Whether it gets anywhere is decided anew behind the patch.
            pointee.attemptedBits &= ~bit(index)
            let length = UInt32(truncatingIfNeeded: packet(index).length)
            pointee.lengths[index] = length
            bytes &+= UInt64(length)
            index &+= 1
        }
        let state = pointee.ports + Int(pointee.arrivalPort)
        state.pointee.counters.receivedPackets &+= UInt64(truncatingIfNeeded: count)
        state.pointee.counters.receivedBytes &+= bytes
        forward(count, target.bridge, target.number)
    }
}
