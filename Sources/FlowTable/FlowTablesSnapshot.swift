import OpenFlow
import Packet

// Safe throughout: offsets stay within the lengths that blocks are allocated with, and a block lives as long as any
// snapshot that refers to it (Reclaimer).

/// The flow tables as they were at one moment. Never changes; any number of threads may look up in it at once.
///
/// Lookups neither lock, allocate nor count references. What they find lives as long as the snapshot does.
@safe
// Safe: what it refers to is never changed while it lives.
public final class FlowTablesSnapshot: @unchecked Sendable {
    // Unchecked: what the pointers lead to is never written to while an owner of `epoch` is left.

    /// Rises with each snapshot that one ``FlowTables`` gives; equal versions are the same snapshot.
    public let version: UInt64
    /// Flows in all tables.
    public let flowCount: Int
    /// Each bit that any flow of any table matches on. Packets that agree in these are the same to all tables.
    public let examinableMask: FlowMask

    let tables: UnsafeMutablePointer<UnsafeMutablePointer<PublishedTable>?>
    let hasher: KeyHash
    let plan: KeyPlan
    private let epoch: Epoch

    init(
        version: UInt64, flowCount: Int, examinableMask: FlowMask,
        tables: UnsafeMutablePointer<UnsafeMutablePointer<PublishedTable>?>, hasher: KeyHash, plan: KeyPlan,
        epoch: Epoch
    ) {
        self.version = version
        self.flowCount = flowCount
        self.examinableMask = examinableMask
        unsafe self.tables = unsafe tables
        self.hasher = hasher
        self.plan = plan
        self.epoch = epoch
    }

    deinit {
        // Safe: allocated for this snapshot alone.
        unsafe tables.deallocate()
        epoch.removeOwner()
    }

    @inline(__always) @_noLocks
    func published(_ table: UInt8) -> UnsafeMutablePointer<PublishedTable>? {
        // Safe: the list has an element for each table.
        table <= 254 ? unsafe tables[Int(table)] : nil
    }

    /// How many flows a table has.
    public func flowCount(in table: UInt8) -> Int {
        // Safe: what a snapshot refers to stays as long as it does.
        unsafe published(table)?.pointee.flowCount ?? 0
    }

    /// How many hash tables a lookup in a table may have to ask.
    public func subtableCount(in table: UInt8) -> Int {
        // Safe: as above.
        unsafe published(table)?.pointee.subtableCount ?? 0
    }

    /// The flows of a table, best first.
    public func flows(in table: UInt8) -> [FlowEntry] {
        // Safe: as above; records hold the addresses of entries, which the epoch keeps alive.
        guard let published = unsafe published(table) else { return [] }
        var result: [FlowEntry] = []
        for unsafe part in unsafe [published, published.pointee.conjunctive] {
            guard let part = unsafe part else { continue }
            for number in 0..<(unsafe part.pointee.subtableCount) {
                let header = unsafe part.pointee.subtables[number]
                let stride = Bucket.recordWords(compared: header.comparedCount)
                unsafe BucketIndex.forEach(directory: header.directory, depth: header.depth) { bucket in
                    for record in 0..<(unsafe Bucket.count(bucket)) {
                        unsafe result.append(
                            Lookup.entry(bucket + Bucket.headerWords + record * stride).takeUnretainedValue())
                    }
                }
            }
        }
        return result.sorted { $0.rank > $1.rank }
    }

    /// The flow that a packet meets in a table; `nil`: none matches.
    ///
    /// - Parameter wildcards: gains the bits that the answer depends on: any packet that agrees with this one in these
    ///   bits has the same answer from this snapshot.
    public func lookup(table: UInt8, key: borrowing FlowKey, wildcards: inout FlowMask) -> FlowEntry? {
        // Safe: the pointers are used only within the closures.
        unsafe withUnsafePointer(to: key) { key in
            unsafe withUnsafeMutablePointer(to: &wildcards) { wildcards in
                unsafe find(table: table, key: key, wildcards: wildcards)?.takeUnretainedValue()
            }
        }
    }

    /// The flow that a packet meets in a table; `nil`: none matches.
    public func lookup(table: UInt8, key: borrowing FlowKey) -> FlowEntry? {
        // Safe: the pointer is used only within the closure.
        unsafe withUnsafePointer(to: key) { key in
            unsafe find(table: table, key: key, wildcards: nil)?.takeUnretainedValue()
        }
    }

    /// As ``lookup(table:key:wildcards:)``, for workers: no reference is counted, and the entry lives as long as the
    /// snapshot. `wildcards` may be `nil` when nobody asks.
    @unsafe @_noLocks
    public func find(
        table: UInt8, key: UnsafePointer<FlowKey>, wildcards: UnsafeMutablePointer<FlowMask>?
    ) -> Unmanaged<FlowEntry>? {
        // Safe: a key is an array of FlowKey.wordCount words; what a snapshot refers to stays as long as it does.
        guard let published = unsafe published(table) else { return nil }
        let words = unsafe UnsafeRawPointer(key).assumingMemoryBound(to: UInt64.self)
        let bits = unsafe UnsafeMutableRawPointer(wildcards)?.assumingMemoryBound(to: UInt64.self)
        if let parts = unsafe published.pointee.conjunctive {
            return unsafe findConjunctive(published, parts, words, wildcards: bits)
        }
        let found = unsafe Lookup.find(published, words, hasher)
        if let bits = unsafe bits {
            unsafe Proof.explain(found, published, words, hasher, plan, into: bits)
        }
        guard let record = unsafe found.record else { return nil }
        return unsafe Lookup.entry(record)
    }
}
