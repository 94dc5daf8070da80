// Hot path: split virtqueues (virtio 1.1 §2.6).
import CVhost

/// Flags of a descriptor, in both kinds of ring.
enum DescriptorFlag {
    static var next: UInt16 { @_noLocks get { 1 } }
    static var write: UInt16 { @_noLocks get { 2 } }
    static var indirect: UInt16 { @_noLocks get { 4 } }
    /// Packed rings only.
    static var available: UInt16 { @_noLocks get { 1 << 7 } }
    static var used: UInt16 { @_noLocks get { 1 << 15 } }
}

/// Offsets in the two areas of a split ring: flags, index, then the entries.
enum SplitRing {
    static var flags: Int { @_noLocks get { 0 } }
    static var index: Int { @_noLocks get { 2 } }
    static var entries: Int { @_noLocks get { 4 } }
    /// `flags`: the other side is not to be notified.
    static var noNotification: UInt16 { @_noLocks get { 1 } }
}

extension VirtQueue {
    /// Begins where the used ring stands.
    ///
    /// Buffers are given back in the order of the available ring, so the used index tells how far an earlier process
    /// came, also one that was killed; the front-end's idea of it may be older or wrong.
    // Slow path: once, when a queue starts.
    mutating func startSplit(base: UInt32) {
        nextUsed = vhost_load16(deviceArea + SplitRing.index)
        nextAvailable = nextUsed
        recoverSplitInflight()
        seenAvailable = nextAvailable
        signalledUsed = nextUsed
        // The ring is polled: the driver need not tell of new buffers.
        vhost_store16(deviceArea + SplitRing.flags, SplitRing.noNotification)
        if hasEventIndex { vhost_store16(deviceArea + (SplitRing.entries + size * 8), nextAvailable &- 1) }
        log(deviceAreaGuestAddress, 4)
        if hasEventIndex { log(deviceAreaGuestAddress &+ UInt64(SplitRing.entries + size * 8), 2) }
    }

    /// Takes the next chain that the driver has made available.
    @inline(__always) @_noLocks
    mutating func takeSplitChain(writable: Bool) -> ChainOutcome {
        if resubmittedCount > 0 { return takeResubmitted(writable: writable) }
        if nextAvailable == seenAvailable, !seesMore() { return .none }
        let mask = size &- 1
        let ring = driverArea + SplitRing.entries
        let head = vhost_load16(ring + (Int(nextAvailable) & mask) &* 2)
        // What the driver has not made available yet it is writing now: not even a prefetch may take those lines away.
        if seenAvailable &- nextAvailable > 4 {
            let later = vhost_load16(ring + (Int(nextAvailable &+ 4) & mask) &* 2)
            vhost_prefetch(descriptors + (Int(later) & mask) &* 16)
        }
        nextAvailable &+= 1
        return takeSplitChain(head, writable: writable)
    }

    @inline(__always) @_noLocks
    mutating func takeSplitChain(_ head: UInt16, writable: Bool) -> ChainOutcome {
        chains[chainCount] = TakenChain(identifier: head, slotCount: 1, firstSegment: segmentCount)
        chainCount &+= 1
        if inflight != nil { noteTaken(head) }
        return followSplit(head, writable: writable) ? .good : .bad
    }

    /// Looks at the driver's index; whether there is more. One that is further than the ring is long breaks it.
    @inline(__always) @_noLocks
    private mutating func seesMore() -> Bool {
        seenAvailable = vhost_load16(driverArea + SplitRing.index)
        vhost_fence_acquire()
        let distance = Int(seenAvailable &- nextAvailable)
        if distance <= size { return distance > 0 }
        seenAvailable = nextAvailable
        breakRing()
        return false
    }

    /// Adds the segments of a chain; false if it makes no sense.
    @inline(__always) @_noLocks
    private mutating func followSplit(_ head: UInt16, writable: Bool) -> Bool {
        var table = descriptors
        var limit = size
        var isIndirect = false
        var steps = 0
        var place = Int(head)
        while true {
            if place >= limit || steps >= limit || steps >= VirtQueue.chainLimit { return false }
            let address = vhost_load64(table + place &* 16)
            let word = vhost_load64(table + (place &* 16 &+ 8))
            let count = UInt32(truncatingIfNeeded: word)
            let flags = UInt16(truncatingIfNeeded: word >> 32)
            if flags & DescriptorFlag.indirect != 0 {
                if isIndirect || flags & DescriptorFlag.next != 0 { return false }
                guard let found = indirectTable(address, count) else { return false }
                table = found
                limit = Int(count / 16)
                isIndirect = true
                steps = 0
                place = 0
                continue
            }
            if (flags & DescriptorFlag.write != 0) != writable { return false }
            if !addSegment(address, count) { return false }
            if flags & DescriptorFlag.next == 0 { return true }
            place = Int(word >> 48)
            steps &+= 1
        }
    }

    /// A table of descriptors in guest memory; `nil` if it is not one.
    @inline(__always) @_noLocks
    mutating func indirectTable(_ address: UInt64, _ count: UInt32) -> UnsafeMutableRawPointer? {
        if !acceptsIndirect || count == 0 || count % 16 != 0 || count / 16 > VirtQueue.chainLimit { return nil }
        return pointer(to: address, count: count)
    }

    /// Puts the chains of the burst on the used ring, and then lets the driver see them all.
    @inline(__always) @_noLocks
    mutating func publishSplit() {
        let mask = size &- 1
        let ring = deviceArea + SplitRing.entries
        var chain = 0
        while chain < chainCount {
            let taken = chains[chain]
            let place = Int(nextUsed &+ UInt16(truncatingIfNeeded: chain)) & mask
            vhost_store64(ring + place &* 8, UInt64(taken.identifier) | UInt64(taken.written) << 32)
            chain &+= 1
        }
        nextUsed &+= UInt16(truncatingIfNeeded: chainCount)
        vhost_fence_release()
        vhost_store16(deviceArea + SplitRing.index, nextUsed)
    }

    /// Whether the driver wants to know of the buffers given back since it was last told.
    @inline(__always) @_noLocks
    mutating func splitWantsInterrupt() -> Bool {
        if !hasEventIndex {
            return vhost_load16(driverArea + SplitRing.flags) & SplitRing.noNotification == 0
        }
        let event = vhost_load16(driverArea + (SplitRing.entries &+ size &* 2))
        let old = signalledUsed
        signalledUsed = nextUsed
        return nextUsed &- event &- 1 < nextUsed &- old
    }
}
