// Hot path: where hosts are, for NORMAL.
import DPDK
import Synchronization

/// The MAC addresses that a bridge has learned, by VLAN: who was last seen at which port.
///
/// Shared by all workers without a lock. Buckets of four entries, two buckets for each address. An entry is two words:
/// the address with its VLAN, and the port with the time of the last packet; a reader takes the second word only if the
/// first is the same before and after. An entry not refreshed for the ageing time counts as free.
public struct MacTable {
    /// Entries are 16 bytes: `key`, then `value`.
    private let slots: UnsafeMutablePointer<Atomic<UInt64>>
    private let pages: Pages
    private let bucketMask: UInt64
    private let hash: KeyHash
    /// Clock ticks (``tick(cycles:)``) after which an entry that was not refreshed is forgotten.
    public let ageingTicks: UInt64
    private let counters: UnsafeMutablePointer<Counters>

    /// What the table has seen.
    public struct Counters: Sendable {
        public var learned: UInt64 = 0
        public var moved: UInt64 = 0
        /// Entries that made room for others before their time.
        public var evicted: UInt64 = 0
    }

    private static let entriesInBucket = 4
    /// Marks an entry that a worker is just writing.
    private static var busy: UInt64 { @_noLocks get { 1 } }

    /// - Parameters:
    ///   - capacity: addresses that fit; rounded up.
    ///   - ageingSeconds: time after which a silent address is forgotten.
    // Slow path: made once.
    public init?(capacity: Int, ageingSeconds: Double, socket: Int? = nil) {
        var buckets = 64
        while buckets * 3 < capacity { buckets *= 2 }
        guard let pages = Pages(byteCount: buckets * 64, socket: socket) else { return nil }
        self.pages = pages
        slots = pages.base.bindMemory(to: Atomic<UInt64>.self, capacity: buckets * 8)
        bucketMask = UInt64(buckets - 1)
        hash = KeyHash()
        ageingTicks = MacTable.tick(cycles: UInt64(ageingSeconds * Environment.cyclesPerSecond))
        counters = .allocate(capacity: 1)
        counters.initialize(to: Counters())
    }

    /// Frees the table. No worker may still use it.
    // Slow path: at the end.
    public func free() {
        pages.free()
        hash.free()
        counters.deallocate()
    }

    public var seen: Counters { counters.pointee }

    /// The table's clock: coarse, so that an entry is written at most every few hundred milliseconds.
    @inline(__always) @_noLocks
    public static func tick(cycles: UInt64) -> UInt64 { cycles >> 29 }

    /// An address and its VLAN as one word: address 63…16, VLAN 15…4, bit 1 set.
    @inline(__always) @_noLocks
    static func key(address: UInt64, vlan: UInt64) -> UInt64 { address << 16 | vlan << 4 | 2 }

    /// Asks for the first bucket of a key.
    @inline(__always) @_noLocks
    func prefetch(_ key: UInt64) { evs_prefetch(slots + bucket(hash(key))) }

    /// The port where an address was last seen.
    @inline(__always) @_noLocks
    func port(of key: UInt64, now: UInt64) -> UInt16? {
        guard let (_, value) = find(key) else { return nil }
        return ticksSinceRefresh(value, now) > ageingTicks ? nil : UInt16(truncatingIfNeeded: value >> 48)
    }

    /// Notes that a packet from an address came in on a port.
    @inline(__always) @_noLocks
    func learn(_ key: UInt64, port: UInt16, now: UInt64) {
        let value = UInt64(port) << 48 | now & 0xffff_ffff_ffff
        guard let (slot, known) = find(key) else { return add(key, value: value, now: now) }
        if known == value { return }
        if known >> 48 != value >> 48 { counters.pointee.moved &+= 1 }
        // Not stored: the entry may be another address's by now.
        _ = slots[slot &+ 1].compareExchange(expected: known, desired: value, ordering: .relaxed)
    }

    /// Ticks since an entry was refreshed; 0 when another worker, whose clock was read later, has just done so.
    @inline(__always) @_noLocks
    private func ticksSinceRefresh(_ value: UInt64, _ now: UInt64) -> UInt64 {
        let refreshed = value & 0xffff_ffff_ffff
        return now > refreshed ? now &- refreshed : 0
    }

    /// Index of a bucket's first word. Safe: masked to the table's size.
    @inline(__always) @_noLocks
    private func bucket(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash & bucketMask) &* 8 }

    /// The key's entry: the index of its first word, and its value.
    @inline(__always) @_noLocks
    private func find(_ key: UInt64) -> (slot: Int, value: UInt64)? {
        let hash = hash(key)
        if let found = find(key, in: bucket(hash)) { return found }
        return find(key, in: bucket(hash >> 32))
    }

    @inline(__always) @_noLocks
    private func find(_ key: UInt64, in bucket: Int) -> (slot: Int, value: UInt64)? {
        var slot = bucket
        while slot < bucket &+ 8 {
            if slots[slot].load(ordering: .acquiring) == key {
                let value = slots[slot &+ 1].load(ordering: .acquiring)
                if slots[slot].load(ordering: .relaxed) == key { return (slot, value) }
            }
            slot &+= 2
        }
        return nil
    }

    /// Takes a free entry of the two buckets, else the one that was silent longest.
    @inline(never) @_noLocks
    private func add(_ key: UInt64, value: UInt64, now: UInt64) {
        let hash = hash(key)
        var oldest = -1
        var oldestAge: UInt64 = 0
        var index = 0
        while index < 8 {
            let start = index < 4 ? bucket(hash) : bucket(hash >> 32)
            let slot = start &+ (index & 3) &* 2
            let held = slots[slot].load(ordering: .relaxed)
            let age = held == 0 ? UInt64.max : ticksSinceRefresh(slots[slot &+ 1].load(ordering: .relaxed), now)
            if held != MacTable.busy, oldest < 0 || age > oldestAge {
                oldest = slot
                oldestAge = age
            }
            index &+= 1
        }
        if oldest < 0 { return }
        let held = slots[oldest].load(ordering: .relaxed)
        // Two workers may want the same entry; the one that loses learns from the next packet.
        let claim = slots[oldest].compareExchange(
            expected: held, desired: MacTable.busy, ordering: .acquiringAndReleasing)
        if !claim.exchanged { return }
        slots[oldest &+ 1].store(value, ordering: .releasing)
        slots[oldest].store(key, ordering: .releasing)
        counters.pointee.learned &+= 1
        if held != 0, oldestAge <= ageingTicks { counters.pointee.evicted &+= 1 }
    }

    /// What is known now, for reports: address, VLAN, port index, and ticks since the last packet.
    // Slow path: when a port goes.
    /// Forgets every address behind a port. No worker may learn any there any more.
    public func forget(port: UInt16) { forget { UInt16(truncatingIfNeeded: $0 >> 48) == port } }

    // Slow path: at the control side's wish.
    /// Forgets every address.
    public func forgetAll() { forget { _ in true } }

    // Slow path: part of the above.
    private func forget(where isGone: (_ value: UInt64) -> Bool) {
        for slot in Swift.stride(from: 0, to: Int(bucketMask + 1) * 8, by: 2) {
            let key = slots[slot].load(ordering: .acquiring)
            if key <= MacTable.busy || !isGone(slots[slot + 1].load(ordering: .relaxed)) { continue }
            _ = slots[slot].compareExchange(expected: key, desired: 0, ordering: .acquiringAndReleasing)
        }
    }

    /// What is known now, for reports: address, VLAN, port index, and ticks since the last packet.
    // Slow path: for reports.
    public func entries(now: UInt64) -> [(address: UInt64, vlan: UInt16, port: UInt16, ageTicks: UInt64)] {
        var result: [(address: UInt64, vlan: UInt16, port: UInt16, ageTicks: UInt64)] = []
        for slot in Swift.stride(from: 0, to: Int(bucketMask + 1) * 8, by: 2) {
            let key = slots[slot].load(ordering: .acquiring)
            let value = slots[slot + 1].load(ordering: .relaxed)
            let age = ticksSinceRefresh(value, now)
            if key <= MacTable.busy || age > ageingTicks { continue }
            result.append((key >> 16, UInt16(key >> 4 & 0xfff), UInt16(value >> 48), age))
        }
        return result
    }
}
