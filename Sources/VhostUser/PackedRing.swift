// Hot path: packed virtqueues (virtio 1.1 §2.7).
import CVhost

/// The two areas beside a packed ring: where in the ring, and flags.
enum PackedRing {
    static var position: Int { @_noLocks get { 0 } }
    static var flags: Int { @_noLocks get { 2 } }
    /// `flags`: the other side wants no notification.
    static var disable: UInt16 { @_noLocks get { 1 } }
    /// `flags`: it wants one when `position` is reached.
    static var atPosition: UInt16 { @_noLocks get { 2 } }
    static var wrapBit: UInt16 { @_noLocks get { 1 << 15 } }
}

extension VirtQueue {
    /// Begins where an earlier process left off, even one that was killed.
    ///
    /// A packed ring has no index to go by, and front-ends offer the start of the ring after they lost a back-end. So
    /// we note our place in the device area, in the position that drivers don't look at while notifications are
    /// disabled.
    // Slow path: once, when a queue starts.
    mutating func startPacked(base: UInt32) {
        let offered = UInt16(truncatingIfNeeded: base)
        // An older front-end offers a plain zero, whose first round is 1.
        place(at: base == 0 ? PackedRing.wrapBit : offered)
        let isOffered = nextAvailable != 0 || availableWrap == 0
        if !isOffered, !recoverPackedInflight() { recoverPackedPlace() }
        nextUsed = nextAvailable
        usedWrap = availableWrap
        signalledUsed = nextUsed
        notePlace()
        vhost_store16(deviceArea + PackedRing.flags, PackedRing.disable)
        log(deviceAreaGuestAddress, 4)
    }

    mutating func place(at position: UInt16) {
        nextAvailable = position & ~PackedRing.wrapBit
        availableWrap = position >> 15
        if Int(nextAvailable) >= size { nextAvailable = 0 }
    }

    /// Takes up the place that an earlier process noted, if the ring's descriptors don't speak against it.
    private mutating func recoverPackedPlace() {
        if vhost_load16(deviceArea + PackedRing.flags) != PackedRing.disable { return }
        let noted = vhost_load16(deviceArea + PackedRing.position)
        if Int(noted & ~PackedRing.wrapBit) >= size { return }
        let before = RingPosition(available: nextAvailable, wrap: availableWrap)
        place(at: noted)
        // What it gave back after its last note, single descriptors, shows by their flags.
        var steps = 0
        while steps < size, isUsedInThisRound(nextAvailable, availableWrap) {
            advance(&nextAvailable, &availableWrap, by: 1)
            steps += 1
        }
        if steps == size {
            nextAvailable = before.available
            availableWrap = before.wrap
        }
    }

    private func isUsedInThisRound(_ place: UInt16, _ wrap: UInt16) -> Bool {
        let flags = vhost_load16(descriptors + (Int(place) * 16 + 14))
        let both = DescriptorFlag.available | DescriptorFlag.used
        return flags & both == (wrap == 1 ? both : 0)
    }

    @inline(__always) @_noLocks
    func advance(_ place: inout UInt16, _ wrap: inout UInt16, by count: UInt16) {
        let sum = Int(place) &+ Int(count)
        if sum < size {
            place = UInt16(truncatingIfNeeded: sum)
        } else {
            place = UInt16(truncatingIfNeeded: sum &- size)
            wrap ^= 1
        }
    }

    @inline(__always) @_noLocks
    private func notePlace() {
        vhost_store16(deviceArea + PackedRing.position, nextUsed | usedWrap << 15)
    }

    /// Takes the next chain that the driver has made available.
    @inline(__always) @_noLocks
    mutating func takePackedChain(writable: Bool) -> ChainOutcome {
        var word = vhost_load64(descriptors + (Int(nextAvailable) &* 16 &+ 8))
        var flags = UInt16(truncatingIfNeeded: word >> 48)
        let isAvailable = flags & DescriptorFlag.available != 0, isUsed = flags & DescriptorFlag.used != 0
        if isAvailable == isUsed || isAvailable != (availableWrap == 1) { return .none }
        vhost_fence_acquire()
        let firstSegment = segmentCount
        var place = nextAvailable, wrap = availableWrap
        var slots: UInt16 = 0
        var makesSense = true
        while true {
            let address = vhost_load64(descriptors + Int(place) &* 16)
            let count = UInt32(truncatingIfNeeded: word)
            if flags & DescriptorFlag.indirect != 0 {
                makesSense =
                    makesSense && slots == 0 && flags & DescriptorFlag.next == 0
                    && followPackedTable(address, count, writable: writable)
            } else {
                makesSense =
                    makesSense && (flags & DescriptorFlag.write != 0) == writable
                    && addSegment(address, count)
            }
            slots &+= 1
            advance(&place, &wrap, by: 1)
            if flags & DescriptorFlag.next == 0 { break }
            if Int(slots) == size || Int(slots) == VirtQueue.chainLimit {
                // The chain has no end, so nobody knows where the next one would begin.
                breakRing()
                segmentCount = firstSegment
                return .none
            }
            word = vhost_load64(descriptors + (Int(place) &* 16 &+ 8))
            flags = UInt16(truncatingIfNeeded: word >> 48)
        }
        chains[chainCount] = TakenChain(
            identifier: UInt16(truncatingIfNeeded: word >> 32), slotCount: slots, firstSegment: firstSegment)
        chainCount &+= 1
        nextAvailable = place
        availableWrap = wrap
        return makesSense ? .good : .bad
    }

    /// Adds what a table of descriptors names; false if it makes no sense.
    @inline(never) @_noLocks
    private mutating func followPackedTable(_ address: UInt64, _ byteCount: UInt32, writable: Bool) -> Bool {
        guard let table = indirectTable(address, byteCount) else { return false }
        var place = 0
        while place < Int(byteCount) {
            let address = vhost_load64(table + place)
            let word = vhost_load64(table + (place &+ 8))
            let flags = UInt16(truncatingIfNeeded: word >> 48)
            // Other flags are reserved in a table, and ignored (§2.7.7).
            if flags & DescriptorFlag.indirect != 0 || (flags & DescriptorFlag.write != 0) != writable { return false }
            if !addSegment(address, UInt32(truncatingIfNeeded: word)) { return false }
            place &+= 16
        }
        return true
    }

    /// Marks the chains of the burst used, in order, so that the ring makes sense wherever this is interrupted.
    @inline(__always) @_noLocks
    mutating func publishPacked() {
        var chain = 0
        while chain < chainCount {
            let taken = chains[chain]
            var flags = usedWrap == 1 ? DescriptorFlag.available | DescriptorFlag.used : 0
            if taken.written > 0 { flags |= DescriptorFlag.write }
            let low = UInt64(taken.written) | UInt64(taken.identifier) << 32
            vhost_fence_release()
            vhost_store64(descriptors + (Int(nextUsed) &* 16 &+ 8), low | UInt64(flags) << 48)
            advance(&nextUsed, &usedWrap, by: taken.slotCount)
            // How many descriptors a chain had can't be seen from the ring afterwards.
            if taken.slotCount > 1 { notePlace() }
            chain &+= 1
        }
        notePlace()
    }

    /// Whether the driver wants to know of the buffers given back since it was last told.
    @inline(__always) @_noLocks
    mutating func packedWantsInterrupt() -> Bool {
        let flags = vhost_load16(driverArea + PackedRing.flags)
        let old = signalledUsed
        signalledUsed = nextUsed
        if flags != PackedRing.atPosition || !hasEventIndex { return flags != PackedRing.disable }
        let wanted = vhost_load16(driverArea + PackedRing.position)
        var event = wanted & ~PackedRing.wrapBit
        let length = UInt16(truncatingIfNeeded: size)
        if wanted >> 15 != usedWrap { event = event &- length }
        let passed = nextUsed <= old ? old &- length : old
        return nextUsed &- event &- 1 < nextUsed &- passed
    }
}
