// Hot path: where the megaflows of one mask are.
import DPDK
import Packet

/// An open-addressing hash table of megaflows.
///
/// It grows without a pause: a table of twice the size takes its place, and each further megaflow moves a few of the
/// old one's over. Until all are there, what is not in the new one is looked for in the old one.
struct MegaflowIndex: ~Copyable {
    /// A megaflow's address, and above it sixteen bits of its hash, which tell most others apart without a look at
    /// them. 0: an unused slot.
    private typealias Slot = UInt64

    /// A power of two of slots.
    private struct Table {
        let slots: UnsafeMutablePointer<Slot>
        let mask: Int
        private let pages: Pages

        // Slow path: part of a translation.
        init(slots count: Int) {
            // The pages are only reserved, and zero.
            guard let pages = Pages(byteCount: count * 8, socket: nil) else {
                preconditionFailure("no address space for \(count) megaflows")
            }
            self.pages = pages
            slots = pages.base.bindMemory(to: Slot.self, capacity: count)
            mask = count - 1
        }

        // Slow path: part of a translation.
        func free() { pages.free() }
    }

    private var table: Table
    /// What is to be moved over; `nil`: all has been.
    private var old: Table?
    /// The old table's next slot to be moved, and how many are left. Before it, and behind the last one, whole runs of
    /// used slots have been moved, so that a search that begins in one finds nothing, and others find what is there.
    private var oldPlace = 0
    private var oldSlotsLeft = 0
    private(set) var count = 0

    private static let slotsAtFirst = 512
    /// The old table's slots that a further megaflow moves: all have been before the new table is full in its turn.
    private static let slotsMovedAtOnce = 4

    // Slow path: part of a translation.
    init() { table = Table(slots: Self.slotsAtFirst) }

    // Slow path: with its owner.
    deinit {
        table.free()
        old?.free()
    }

    /// The megaflow whose compact words are the key's.
    @inline(__always) @_noLocks
    func find(_ key: UnsafePointer<FlowKey>, _ mask: borrowing KeyMask, hash: UInt64) -> MegaflowPointer? {
        if let found = MegaflowIndex.find(key, mask, hash, in: table) { return found }
        guard let old else { return nil }
        return MegaflowIndex.find(key, mask, hash, in: old)
    }

    @inline(__always) @_noLocks
    private static func find(
        _ key: UnsafePointer<FlowKey>, _ mask: borrowing KeyMask, _ hash: UInt64, in table: Table
    ) -> MegaflowPointer? {
        var place = Int(truncatingIfNeeded: hash) & table.mask
        // Safe: places are masked to the table's size; at least half of the slots are unused, so the search ends.
        while table.slots[place] != 0 {
            let slot = table.slots[place]
            if (slot ^ hash) >> 48 == 0 {
                let megaflow = pointer(slot)
                if mask.matches(key, megaflow.words, width: 3) { return megaflow }
            }
            place = (place &+ 1) & table.mask
        }
        return nil
    }

    /// Safe: the slot is in use, so its lower bits are the address that was put there.
    @inline(__always) @_noLocks
    private static func pointer(_ slot: Slot) -> MegaflowPointer {
        MegaflowPointer(bitPattern: UInt(truncatingIfNeeded: slot & 0xffff_ffff_ffff)).unsafelyUnwrapped
    }

    // Slow path: part of a translation.
    mutating func insert(_ megaflow: MegaflowPointer) {
        count += 1
        if count * 2 > table.mask { grow() }
        if old != nil { moveSome() }
        Self.enter(megaflow, in: table)
    }

    // Slow path: part of a translation.
    mutating func remove(_ megaflow: MegaflowPointer) {
        count -= 1
        if let old, Self.remove(megaflow, from: old) { return }
        let wasThere = Self.remove(megaflow, from: table)
        precondition(wasThere, "a megaflow is in the index")
    }

    // Slow path: part of a translation.
    private static func enter(_ megaflow: MegaflowPointer, in table: Table) {
        let hash = megaflow.record.pointee.hash
        var place = Int(truncatingIfNeeded: hash) & table.mask
        while table.slots[place] != 0 { place = (place + 1) & table.mask }
        table.slots[place] = hash & 0xffff_0000_0000_0000 | UInt64(UInt(bitPattern: megaflow))
    }

    /// Whether it was there.
    // Slow path: part of a translation.
    private static func remove(_ megaflow: MegaflowPointer, from table: Table) -> Bool {
        var place = Int(truncatingIfNeeded: megaflow.record.pointee.hash) & table.mask
        while table.slots[place] != 0, pointer(table.slots[place]) != megaflow { place = (place + 1) & table.mask }
        if table.slots[place] == 0 { return false }
        // Close the gap, so that no search ends early: move back what a probe from its home would miss.
        var next = (place + 1) & table.mask
        while table.slots[next] != 0 {
            let home = Int(truncatingIfNeeded: pointer(table.slots[next]).record.pointee.hash) & table.mask
            if (next - home) & table.mask >= (next - place) & table.mask {
                table.slots[place] = table.slots[next]
                place = next
            }
            next = (next + 1) & table.mask
        }
        table.slots[place] = 0
        return true
    }

    // Slow path: part of a translation.
    private mutating func grow() {
        while old != nil { moveSome() }
        old = table
        table = Table(slots: (table.mask + 1) * 2)
        oldSlotsLeft = table.mask / 2 + 1
        // At an unused slot no run is under way.
        oldPlace = 0
        if let old { while old.slots[oldPlace] != 0 { oldPlace += 1 } }
    }

    /// Moves some megaflows over, and those that stand in a run with them.
    // Slow path: part of a translation.
    private mutating func moveSome() {
        guard let old else { return }
        var wanted = Self.slotsMovedAtOnce
        while oldSlotsLeft > 0, wanted > 0 || old.slots[oldPlace] != 0 {
            let slot = old.slots[oldPlace]
            if slot != 0 {
                Self.enter(Self.pointer(slot), in: table)
                old.slots[oldPlace] = 0
            }
            oldPlace = (oldPlace + 1) & old.mask
            oldSlotsLeft -= 1
            wanted -= 1
        }
        if oldSlotsLeft > 0 { return }
        old.free()
        self.old = nil
    }
}
