// Hot path: the cache behind the exact-match cache.
import FlowTable
import Packet

/// A worker's megaflows for one bridge: one subtable for each mask, those with the most hits first.
///
/// Megaflows never overlap with different answers, as each mask holds every bit that its translation examined; so the
/// first one found is right.
struct MegaflowCache: ~Copyable {
    private var subtables: UnsafeMutablePointer<MegaflowSubtable>
    private(set) var subtableCount = 0
    /// Subtable numbers, most hits first.
    private var order: UnsafeMutablePointer<Int>
    /// Subtables that there is room for.
    private var capacity = Limits.megaflowMasks + 1
    private let compact: UnsafeMutablePointer<UInt64>
    private let hash: KeyHash

    /// All megaflows, in no order.
    private var slots = MegaflowList()
    /// What the last megaflow counts for: the next ones often have the same.
    private var lastCredits: CreditListPointer?
    /// The subtable that took in the last megaflow.
    private var lastSubtable = 0
    /// Those of the few megaflows that have any.
    private var effects: [MegaflowPointer: ContiguousArray<any SideEffect>] = [:]
    private let outlet: SideEffectOutlet?
    private var insertionsSinceRanking = 0

    // Slow path: made once.
    init(hash: KeyHash, outlet: SideEffectOutlet? = nil) {
        self.hash = hash
        self.outlet = outlet
        subtables = .allocate(capacity: capacity)
        order = .allocate(capacity: capacity)
        compact = .allocate(capacity: FlowKey.wordCount)
        compact.initialize(repeating: 0, count: FlowKey.wordCount)
    }

    // Slow path: at the end.
    deinit {
        for slot in 0..<slots.count { letGo(slots[slot]) }
        lastCredits?.removeUser()
        subtables.deinitialize(count: subtableCount)
        subtables.deallocate()
        order.deallocate()
        compact.deallocate()
    }

    var count: Int { @inline(__always) @_noLocks get { slots.count } }

    /// Whether a burst might bring in more than there may be.
    var isNearlyFull: Bool {
        @inline(__always) @_noLocks get { count > Limits.megaflows &- Limits.burst }
    }

    /// The megaflow that a packet belongs to. `probes` grows by the subtables looked into.
    @inline(__always) @_noLocks
    func find(_ key: UnsafePointer<FlowKey>, probes: inout UInt64) -> MegaflowPointer? {
        var rank = 0
        while rank < subtableCount {
            let subtable = subtables + order[rank]
            probes &+= 1
            if let found = subtable.pointee.find(key, hash) {
                subtable.pointee.hits &+= 1
                return found
            }
            rank &+= 1
        }
        return nil
    }

    /// Whether a megaflow is there still, and is the packet's: then its answer is the packet's, for whatever key it was
    /// remembered.
    ///
    /// - Parameter width: words that its key probably has.
    @inline(__always) @_noLocks
    func isFor(_ key: UnsafePointer<FlowKey>, _ megaflow: MegaflowPointer, width: Int) -> Bool {
        // Safe: a megaflow that is there is in one of the subtables, and one that is gone was.
        megaflow.pointee.stamp != 0
            && (subtables + megaflow.pointee.subtable).pointee.key.matches(key, megaflow.words, width: width)
    }

    /// Keeps what a translation decided.
    ///
    /// - Parameter widest: a mask with every bit that any flow can examine; used when there are too many masks.
    // Slow path: part of a translation.
    mutating func insert(
        _ key: UnsafePointer<FlowKey>, _ translation: borrowing Translation, widest: FlowMask,
        program: UnsafePointer<ActionProgram>, stamp: UInt64, now: UInt64
    ) -> MegaflowPointer {
        let number = subtable(for: translation.mask, widest: widest)
        let keyHash = subtables[number].key.extract(key, into: compact, hash)
        // The flows may leave the tables before the megaflow leaves the cache.
        let record = MegaflowRecord(
            hash: keyHash, slot: slots.count, flow: translation.contributors.last?.retain(),
            credits: credits(of: translation))
        let megaflow = subtables[number].insert(
            compact, Megaflow(stamp: stamp, subtable: number, now: now, program: program), record)
        slots.append(megaflow)
        if !translation.effects.isEmpty {
            effects[megaflow] = translation.effects
            outlet?.push(translation.effects)
        }
        rankIfDue()
        return megaflow
    }

    /// Gives up one megaflow that has not been used for long: the one silent longest among a few drawn by chance.
    ///
    /// Only between bursts: its memory may become another's at once.
    // Slow path: part of a translation.
    mutating func evictOne() {
        var victim = slots[.random(in: 0..<slots.count)]
        for _ in 0..<7 {
            let other = slots[.random(in: 0..<slots.count)]
            if other.pointee.lastUsedCycles < victim.pointee.lastUsedCycles { victim = other }
        }
        remove(victim)
    }

    /// Takes a megaflow out, after crediting its flows. No packet in hand may be its.
    // Slow path: when flows have changed, and part of a translation.
    mutating func remove(_ megaflow: MegaflowPointer) {
        credit(megaflow)
        if !effects.isEmpty { effects[megaflow] = nil }
        let slot = megaflow.record.pointee.slot
        let last = slots.removeLast()
        if last != megaflow {
            slots[slot] = last
            last.record.pointee.slot = slot
        }
        letGo(megaflow)
        subtables[megaflow.pointee.subtable].remove(megaflow)
    }

    /// Adds what the megaflows have counted to the flows that they count for.
    // Slow path: at the control side's wish.
    ///
    /// - Parameter tells: whether side effects are told again.
    mutating func creditFlows(tells: Bool = true) { creditFlows(from: 0, to: slots.count, tells: tells) }

    /// The same for some of the megaflows.
    // Slow path: at the control side's wish.
    mutating func creditFlows(from start: Int, to end: Int, tells: Bool = true) {
        if start < end { for slot in start..<end { credit(slots[slot], tells: tells) } }
    }

    /// The megaflow at a place in the list of all.
    // Slow path: when flows have changed.
    func megaflow(at place: Int) -> MegaflowPointer { slots[place] }

    /// The bits of a megaflow's key that count.
    // Slow path: when flows have changed.
    func mask(of megaflow: MegaflowPointer) -> FlowMask { subtables[megaflow.pointee.subtable].mask }

    /// Visits the flows that a megaflow's packets meet.
    // Slow path: when flows have changed.
    func forEachFlow(of megaflow: MegaflowPointer, _ body: (borrowing FlowEntry) -> Void) {
        megaflow.record.pointee.credits.forEachFlow(body)
        megaflow.record.pointee.flow?._withUnsafeGuaranteedRef { body($0) }
    }

    /// Empties the cache and frees its memory. The flows must have been credited.
    // Slow path: when flows have changed.
    mutating func removeAll() {
        for slot in 0..<slots.count { letGo(slots[slot]) }
        slots.removeAll()
        lastCredits?.removeUser()
        lastCredits = nil
        subtables.deinitialize(count: subtableCount)
        subtableCount = 0
        lastSubtable = 0
        effects.removeAll()
    }

    // Slow path: part of the above.
    private func credit(_ megaflow: MegaflowPointer, tells: Bool = false) {
        let (packets, bytes) = (megaflow.pointee.packets, megaflow.pointee.bytes)
        if packets == 0 { return }
        if tells, !effects.isEmpty, let own = effects[megaflow] { outlet?.push(own) }
        let used = MonotonicClock.nanoseconds(cycles: megaflow.pointee.lastUsedCycles)
        forEachFlow(of: megaflow) {
            $0.add(packets: packets, bytes: bytes)
            $0.touch(at: used)
        }
        megaflow.record.pointee.credits.forEachCounter { $0.add(packets: packets, bytes: bytes) }
        megaflow.pointee.packets = 0
        megaflow.pointee.bytes = 0
    }

    /// Gives up what a megaflow keeps alive.
    // Slow path: part of the above.
    private func letGo(_ megaflow: MegaflowPointer) {
        megaflow.record.pointee.flow?.release()
        megaflow.record.pointee.credits.removeUser()
    }

    /// A list of what a megaflow counts for, shared with the megaflow before if that counts for the same.
    // Slow path: part of a translation.
    private mutating func credits(of translation: borrowing Translation) -> CreditListPointer {
        if let lastCredits, lastCredits.isFor(translation) {
            lastCredits.addUser()
            return lastCredits
        }
        lastCredits?.removeUser()
        let new = CreditListPointer.make(for: translation)
        new.addUser()
        lastCredits = new
        return new
    }

    // Slow path: part of a translation.
    private mutating func subtable(for mask: FlowMask, widest: FlowMask) -> Int {
        if lastSubtable < subtableCount, subtables[lastSubtable].mask == mask { return lastSubtable }
        lastSubtable = otherSubtable(for: mask, widest: widest)
        return lastSubtable
    }

    // Slow path: part of a translation.
    private mutating func otherSubtable(for mask: FlowMask, widest: FlowMask) -> Int {
        let signature = MegaflowSubtable.signature(mask)
        for number in 0..<subtableCount
        where subtables[number].signature == signature && subtables[number].mask == mask { return number }
        if subtableCount >= Limits.megaflowMasks, mask != widest { return subtable(for: widest, widest: widest) }
        if subtableCount == capacity { grow() }
        (subtables + subtableCount).initialize(to: MegaflowSubtable(mask: mask))
        order[subtableCount] = subtableCount
        subtableCount += 1
        return subtableCount - 1
    }

    /// Makes room for further widest masks: each is wider than the one before, so they are not many.
    // Slow path: part of a translation.
    private mutating func grow() {
        let (oldSubtables, oldOrder) = (subtables, order)
        capacity *= 2
        subtables = .allocate(capacity: capacity)
        order = .allocate(capacity: capacity)
        subtables.moveInitialize(from: oldSubtables, count: subtableCount)
        order.moveInitialize(from: oldOrder, count: subtableCount)
        oldSubtables.deallocate()
        oldOrder.deallocate()
    }

    // Slow path: part of a translation.
    private mutating func rankIfDue() {
        insertionsSinceRanking += 1
        if insertionsSinceRanking < 1024 || subtableCount < 2 { return }
        insertionsSinceRanking = 0
        let ranked = (0..<subtableCount).sorted { subtables[$0].hits > subtables[$1].hits }
        for (rank, number) in ranked.enumerated() {
            order[rank] = number
            subtables[number].hits /= 2
        }
    }
}
