// Hot path: interrupting a guest when it wants that.
import CVhost

extension VirtQueue {
    /// Tells the guest of the burst given back, unless it asked not to be told.
    @inline(__always) @_noLocks
    mutating func notifyGuest() {
        // The driver writes its wish and then looks at the ring; we write the ring and then look at its wish.
        vhost_fence_full()
        let isWanted = isPacked ? packedWantsInterrupt() : splitWantsInterrupt()
        if (isWanted || !hasSignalled) && callDescriptor >= 0 {
            interrupt()
        } else {
            counters.suppressedInterrupts &+= 1
        }
    }

    /// Interrupts the guest, wanted or not: after a start, since an earlier process may have died before it did.
    @inline(never) @_noLocks
    public mutating func interrupt() {
        if callDescriptor < 0 { return }
        hasSignalled = true
        counters.interrupts &+= 1
        vhost_kick(callDescriptor)
    }
}
