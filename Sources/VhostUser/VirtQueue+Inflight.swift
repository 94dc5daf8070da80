// Hot path: buffers in flight, noted where they outlive this process (vhost-user, "Inflight I/O tracking").
import CVhost

/// The region of one split queue: a header, then 16 bytes for each descriptor.
enum SplitInflight {
    static var version: Int { @_noLocks get { 8 } }
    static var descriptorCount: Int { @_noLocks get { 10 } }
    static var lastBatchHead: Int { @_noLocks get { 12 } }
    static var usedIndex: Int { @_noLocks get { 14 } }
    static var states: Int { @_noLocks get { 16 } }
    static var stateSize: Int { @_noLocks get { 16 } }
    // Within a state.
    static var next: Int { @_noLocks get { 6 } }
    static var counter: Int { @_noLocks get { 8 } }
    /// Bytes for a queue of this many descriptors.
    @_noLocks
    static func byteCount(size: Int) -> Int { states &+ size &* stateSize }
}

/// The region of one packed queue: a header, then 32 bytes for each descriptor.
///
/// Buffers are given back in the order in which they came, and what is in flight is still in the ring as the driver put
/// it. So only the place in the ring is noted, and no descriptor ever counts as in flight.
enum PackedInflight {
    static var version: Int { @_noLocks get { 8 } }
    static var descriptorCount: Int { @_noLocks get { 10 } }
    static var freeHead: Int { @_noLocks get { 12 } }
    static var oldFreeHead: Int { @_noLocks get { 14 } }
    static var usedIndex: Int { @_noLocks get { 16 } }
    static var oldUsedIndex: Int { @_noLocks get { 18 } }
    static var usedWrap: Int { @_noLocks get { 20 } }
    static var oldUsedWrap: Int { @_noLocks get { 21 } }
    static var states: Int { @_noLocks get { 32 } }
    static var stateSize: Int { @_noLocks get { 32 } }
    // Within a state.
    static var next: Int { @_noLocks get { 2 } }
    @_noLocks
    static func byteCount(size: Int) -> Int { states &+ size &* stateSize }
}

extension QueueSetup {
    /// Bytes that one queue takes of the in-flight region.
    public static func inflightByteCount(size: Int, isPacked: Bool) -> Int {
        isPacked ? PackedInflight.byteCount(size: size) : SplitInflight.byteCount(size: size)
    }
}

extension VirtQueue {
    // MARK: Split

    @inline(never) @_noLocks
    mutating func noteTaken(_ head: UInt16) {
        guard let inflight, Int(head) < size else { return }
        let state = inflight + (SplitInflight.states &+ Int(head) &* SplitInflight.stateSize)
        inflightCounter &+= 1
        vhost_store64(state + SplitInflight.counter, inflightCounter)
        vhost_store8(state, 1)
    }

    /// Before the driver sees the burst.
    @inline(never) @_noLocks
    mutating func noteReturning() {
        guard let inflight else { return }
        if isPacked { return notePackedReturning(inflight) }
        var chain = 0
        while chain < chainCount {
            let head = chains[chain].identifier
            chain &+= 1
            if Int(head) >= size { continue }
            let state = inflight + (SplitInflight.states &+ Int(head) &* SplitInflight.stateSize)
            vhost_store16(state + SplitInflight.next, vhost_load16(inflight + SplitInflight.lastBatchHead))
            vhost_store16(inflight + SplitInflight.lastBatchHead, head)
        }
        vhost_fence_release()
    }

    /// After the driver has seen the burst.
    @inline(never) @_noLocks
    mutating func noteReturned() {
        guard let inflight else { return }
        vhost_fence_release()
        if isPacked { return notePackedReturned(inflight) }
        var chain = 0
        while chain < chainCount {
            let head = Int(chains[chain].identifier)
            if head < size { vhost_store8(inflight + (SplitInflight.states &+ head &* SplitInflight.stateSize), 0) }
            chain &+= 1
        }
        vhost_fence_release()
        vhost_store16(inflight + SplitInflight.usedIndex, nextUsed)
    }

    /// Gives out a buffer that was in flight when an earlier process ended.
    @inline(never) @_noLocks
    mutating func takeResubmitted(writable: Bool) -> ChainOutcome {
        resubmittedCount &-= 1
        return takeSplitChain(resubmitted[resubmittedCount], writable: writable)
    }

    /// Finds what was in flight. Buffers that the driver has got back already are so no more.
    // Slow path: once, when a queue starts.
    mutating func recoverSplitInflight() {
        guard let inflight else { return }
        func state(_ head: Int) -> UnsafeMutableRawPointer {
            inflight + (SplitInflight.states + head * SplitInflight.stateSize)
        }
        let isFresh = vhost_load16(inflight + SplitInflight.version) != 1
            || Int(vhost_load16(inflight + SplitInflight.descriptorCount)) != size
        if isFresh {
            for byte in 0..<SplitInflight.byteCount(size: size) { vhost_store8(inflight + byte, 0) }
            vhost_store16(inflight + SplitInflight.version, 1)
            vhost_store16(inflight + SplitInflight.descriptorCount, UInt16(size))
        } else {
            // The last batch may have become visible without its states being cleared.
            var count = Int(nextUsed &- vhost_load16(inflight + SplitInflight.usedIndex))
            var head = Int(vhost_load16(inflight + SplitInflight.lastBatchHead))
            while count > 0, count <= size, head < size {
                vhost_store8(state(head), 0)
                head = Int(vhost_load16(state(head) + SplitInflight.next))
                count -= 1
            }
        }
        vhost_store16(inflight + SplitInflight.usedIndex, nextUsed)
        var found: [(counter: UInt64, head: UInt16)] = []
        for head in 0..<size where vhost_load8(state(head)) != 0 {
            found.append((vhost_load64(state(head) + SplitInflight.counter), UInt16(head)))
        }
        found.sort { $0.counter > $1.counter }
        for (place, entry) in found.enumerated() { resubmitted[place] = entry.head }
        resubmittedCount = found.count
        inflightCounter = found.first?.counter ?? 0
        nextAvailable = nextUsed &+ UInt16(found.count)
    }

    // MARK: Packed

    @inline(__always) @_noLocks
    private func notePackedReturning(_ inflight: UnsafeMutableRawPointer) {
        var place = nextUsed, wrap = usedWrap
        var chain = 0
        while chain < chainCount {
            advance(&place, &wrap, by: chains[chain].slotCount)
            chain &+= 1
        }
        vhost_store16(inflight + PackedInflight.usedIndex, place)
        vhost_store8(inflight + PackedInflight.usedWrap, UInt8(truncatingIfNeeded: wrap))
        vhost_fence_release()
    }

    @inline(__always) @_noLocks
    private func notePackedReturned(_ inflight: UnsafeMutableRawPointer) {
        vhost_store16(inflight + PackedInflight.oldUsedIndex, nextUsed)
        vhost_store8(inflight + PackedInflight.oldUsedWrap, UInt8(truncatingIfNeeded: usedWrap))
    }

    /// Begins at the noted place; whether there was one.
    // Slow path: once, when a queue starts.
    mutating func recoverPackedInflight() -> Bool {
        guard let inflight else { return false }
        let isFresh = vhost_load16(inflight + PackedInflight.version) != 1
            || Int(vhost_load16(inflight + PackedInflight.descriptorCount)) != size
        if isFresh {
            for byte in 0..<PackedInflight.byteCount(size: size) { vhost_store8(inflight + byte, 0) }
            vhost_store16(inflight + PackedInflight.version, 1)
            vhost_store16(inflight + PackedInflight.descriptorCount, UInt16(size))
            for place in 0..<size {
                let state = inflight + (PackedInflight.states + place * PackedInflight.stateSize)
                vhost_store16(state + PackedInflight.next, UInt16(place + 1))
            }
            vhost_store8(inflight + PackedInflight.usedWrap, 1)
            vhost_store8(inflight + PackedInflight.oldUsedWrap, 1)
            return false
        }
        let old = vhost_load16(inflight + PackedInflight.oldUsedIndex)
        if Int(old) >= size { return false }
        nextAvailable = old
        availableWrap = UInt16(vhost_load8(inflight + PackedInflight.oldUsedWrap) & 1)
        return true
    }
}
