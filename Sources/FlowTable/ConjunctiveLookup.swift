import OpenFlow
import Packet

// Safe throughout: offsets stay within the lengths that blocks are allocated with, and a block lives as long as any
// snapshot that refers to it (Reclaimer).

/// Conjunctive matches (ovs-fields(7)): flows that stand for one clause each, and flows on `conj_id` that are the
/// answer for packets that fulfil all clauses of a conjunction.
///
/// At each priority above that of the best plain flow, the best first: if for each clause of some conjunction a flow of
/// that priority matches, the packet is looked up again with the conjunction's number as its `conj_id`, and plain flows
/// only; what that finds is the answer. Of several conjunctions, the one with the lowest number is tried first.
extension FlowTablesSnapshot {
    /// A table's answer where it has parts of conjunctive matches. May allocate: it is asked on the slow path alone.
    @_semantics("no_performance_analysis") @inline(never)
    func findConjunctive(
        _ table: UnsafeMutablePointer<PublishedTable>, _ parts: UnsafeMutablePointer<PublishedTable>,
        _ key: UnsafePointer<UInt64>, wildcards: UnsafeMutablePointer<UInt64>?
    ) -> Unmanaged<FlowEntry>? {
        let plain = unsafe Lookup.find(table, key, hasher)
        let fulfilled = unsafe clauses(parts, key, above: plain.rank, wildcards: wildcards)
        for (priority, conjunction) in fulfilled {
            var second = FlowKey()
            for word in 0..<FlowKey.wordCount { unsafe second[word] = key[word] }
            second[.conjID] = UInt128(conjunction)
            guard let answer = unsafe lookAgain(table, second, wildcards: wildcards) else { continue }
            if let bits = unsafe wildcards {
                // A plain flow of that priority would have come first.
                let rank = priority == 0 ? 0 : UInt64(priority) << 48 - 1
                unsafe Proof.explainMisses(table, key, hasher, plan, rank: rank, into: bits)
            }
            return unsafe answer
        }
        if let bits = unsafe wildcards { unsafe Proof.explain(plain, table, key, hasher, plan, into: bits) }
        guard let record = unsafe plain.record else { return nil }
        return unsafe Lookup.entry(record)
    }

    /// The plain flows' answer to a key with a `conj_id`. That id is the lookup's own, so it is not among the bits that
    /// the answer depends on.
    private func lookAgain(
        _ table: UnsafeMutablePointer<PublishedTable>, _ key: FlowKey, wildcards: UnsafeMutablePointer<UInt64>?
    ) -> Unmanaged<FlowEntry>? {
        // Safe: the pointer is used only within the closure.
        unsafe withUnsafePointer(to: key) { key in
            let words = unsafe UnsafeRawPointer(key).assumingMemoryBound(to: UInt64.self)
            let found = unsafe Lookup.find(table, words, hasher)
            if let bits = unsafe wildcards {
                let word = Field[.conjID].word
                let before = unsafe bits[word]
                unsafe Proof.explain(found, table, words, hasher, plan, into: bits)
                unsafe bits[word] = before | bits[word] & ~UInt64(Field[.conjID].allOnes)
            }
            guard let record = unsafe found.record else { return nil }
            return unsafe Lookup.entry(record)
        }
    }

    /// The conjunctions of which each clause has a flow of one priority that matches, in the order in which they are to
    /// be tried.
    private func clauses(
        _ parts: UnsafeMutablePointer<PublishedTable>, _ key: UnsafePointer<UInt64>, above rank: UInt64,
        wildcards: UnsafeMutablePointer<UInt64>?
    ) -> [(priority: UInt16, conjunction: UInt32)] {
        // Only a higher priority comes before the plain flow, whatever its age.
        let lowest = unsafe Int(rank >> 48) + (rank == 0 ? 0 : 1)
        var clauses: [UInt16: [UInt32: UInt64]] = [:]
        unsafe Lookup.forEachMatch(parts, key, hasher, plan, priorityFrom: lowest, wildcards: wildcards) { entry in
            for case .conjunction(let id, let clause, let count) in entry.flow.instructions.apply {
                let others = count >= 64 ? 0 : UInt64.max << UInt64(count)
                clauses[entry.flow.priority, default: [:]][id, default: others] |= 1 << UInt64(clause - 1)
            }
        }
        return clauses.keys.sorted(by: >).flatMap { priority in
            clauses[priority]!.filter { $0.value == .max }.keys.sorted().map { (priority, $0) }
        }
    }
}

extension Lookup {
    /// Visits every flow that matches, at a priority or above, and notes what it took to tell those from the others.
    static func forEachMatch(
        _ table: UnsafeMutablePointer<PublishedTable>, _ key: UnsafePointer<UInt64>, _ hasher: KeyHash,
        _ plan: borrowing KeyPlan, priorityFrom lowest: Int, wildcards: UnsafeMutablePointer<UInt64>?,
        _ body: (FlowEntry) -> Void
    ) {
        if lowest > Int(UInt16.max) { return }
        let rank = UInt64(lowest) << 48
        for number in 0..<(unsafe table.pointee.subtableCount) {
            let header = unsafe table.pointee.subtables + number
            if unsafe header.pointee.maximumRank < rank { break }
            if unsafe (key[0] ^ header.pointee.partition.value) & header.pointee.partition.mask != 0 { continue }
            let hash = unsafe header.pointee.hash(key, hasher)
            guard
                let bucket = unsafe BucketIndex.find(
                    hash, directory: header.pointee.directory, depth: header.pointee.depth)
            else { continue }
            let compared = unsafe header.pointee.comparedCount
            let stride = Bucket.recordWords(compared: compared)
            for place in 0..<(unsafe Bucket.count(bucket)) {
                let record = unsafe bucket + (Bucket.headerWords + place * stride)
                if unsafe record[0] < rank { break }
                guard unsafe matches(record, key, header.pointee.comparedWords, compared) else { continue }
                if let bits = unsafe wildcards { unsafe Proof.noteRecord(record, header, into: bits) }
                unsafe body(entry(record).takeUnretainedValue())
            }
        }
        if let bits = unsafe wildcards {
            // What matched shows by its whole mask; what did not is told apart by as little as will do.
            unsafe Proof.explainMisses(table, key, hasher, plan, rank: rank == 0 ? 0 : rank - 1, into: bits)
        }
    }
}
