import Packet

// Safe throughout: offsets stay within the lengths that blocks are allocated with, and a block lives as long as any
// snapshot that refers to it (Reclaimer).

/// The bits of a packet that an answer depends on.
///
/// Once the best flow is known, its own mask counts, and for each flow that would have been better something must
/// count that shows that it does not match. Per subtable that is, whichever comes first: a differing EtherType or
/// protocol; leading bits of an address or port that no flow's prefix there has; the stages up to one that no flow
/// has; all hashed bits, and for each flow in the bucket a bit in which it differs.
/// Subtables that could not have had a better flow cost nothing.
enum Proof {
    /// The tries' answers, each asked once.
    private struct Prefixes {
        var lengths: InlineArray<8, UInt64> = [0, 0, 0, 0, 0, 0, 0, 0]
        var decidingBits: InlineArray<8, Int> = [0, 0, 0, 0, 0, 0, 0, 0]
        var known: UInt8 = 0
    }

    @_noLocks
    static func explain(
        _ found: Lookup.Found, _ table: UnsafeMutablePointer<PublishedTable>, _ key: UnsafePointer<UInt64>,
        _ hasher: KeyHash, _ plan: borrowing KeyPlan, into wildcards: UnsafeMutablePointer<UInt64>
    ) {
        // Safe: in this file numbers stay below the counts that go with each pointer, and `wildcards` is a whole mask.
        if let record = unsafe found.record {
            unsafe noteRecord(record, table.pointee.subtables + found.subtable, into: wildcards)
        }
        unsafe explainMisses(table, key, hasher, plan, rank: found.rank, into: wildcards)
    }

    /// Makes the whole mask of a flow that matches count.
    @inline(__always) @_noLocks
    static func noteRecord(
        _ record: Words, _ header: UnsafeMutablePointer<SubtableHeader>,
        into wildcards: UnsafeMutablePointer<UInt64>
    ) {
        for number in 0..<(unsafe header.pointee.comparedCount) {
            unsafe wildcards[Int(header.pointee.comparedWords[number])] |= record[3 &+ 2 &* number]
        }
    }

    /// Makes bits count that show that the flows above a rank don't match. Of those that do, the masks count already.
    @_noLocks
    static func explainMisses(
        _ table: UnsafeMutablePointer<PublishedTable>, _ key: UnsafePointer<UInt64>, _ hasher: KeyHash,
        _ plan: borrowing KeyPlan, rank: UInt64, into wildcards: UnsafeMutablePointer<UInt64>
    ) {
        var prefixes = Prefixes()
        for number in 0..<(unsafe table.pointee.subtableCount) {
            let header = unsafe table.pointee.subtables + number
            if unsafe rank > header.pointee.maximumRank { break }
            if unsafe partitionDiffers(header, key, wildcards) { continue }
            // If all that is hashed counts already, the bucket costs no bit more, and less time than the tries.
            if unsafe !countsHashed(header, wildcards),
                unsafe prefixDiffers(header, table, key, plan, &prefixes, wildcards)
            {
                continue
            }
            unsafe bucketDiffers(header, key, hasher, plan, rank, wildcards)
        }
    }

    /// Whether the subtable's partition is not the packet's; then one field that shows it counts.
    @inline(__always) @_noLocks
    private static func partitionDiffers(
        _ header: UnsafeMutablePointer<SubtableHeader>, _ key: UnsafePointer<UInt64>,
        _ wildcards: UnsafeMutablePointer<UInt64>
    ) -> Bool {
        let partition = unsafe header.pointee.partition
        let difference = unsafe (key[0] ^ partition.value) & partition.mask
        if difference == 0 { return false }
        if unsafe difference & wildcards[0] == 0 {
            let type: UInt64 = 0xffff << 16
            unsafe wildcards[0] |= partition.mask & (difference & type != 0 ? type : ~type)
        }
        return true
    }

    /// Whether all bits that the subtable hashes count.
    @inline(__always) @_noLocks
    private static func countsHashed(
        _ header: UnsafeMutablePointer<SubtableHeader>, _ wildcards: UnsafeMutablePointer<UInt64>
    ) -> Bool {
        for number in 0..<(unsafe header.pointee.hashedCount) {
            let counted = unsafe wildcards[Int(header.pointee.hashedWords[number])]
            if unsafe header.pointee.hashMasks[number] & ~counted != 0 { return false }
        }
        return true
    }

    /// Whether a trie shows that none of the subtable's prefixes of some field matches; then so many leading bits of
    /// the field count as it takes to see that, in the field where that adds the fewest.
    @inline(__always) @_noLocks
    private static func prefixDiffers(
        _ header: UnsafeMutablePointer<SubtableHeader>, _ table: UnsafeMutablePointer<PublishedTable>,
        _ key: UnsafePointer<UInt64>, _ plan: borrowing KeyPlan, _ prefixes: inout Prefixes,
        _ wildcards: UnsafeMutablePointer<UInt64>
    ) -> Bool {
        var fewest = Int.max
        var bestWord = 0
        var bestBits: UInt64 = 0
        for field in 0..<8 {
            let lengths = unsafe header.pointee.prefixLengths[field]
            // A flow without a prefix of the field matches any.
            if lengths & 1 != 0 { continue }
            let place = PrefixField.place(field)
            if prefixes.known & (1 &<< UInt8(field)) == 0 {
                prefixes.known |= 1 &<< UInt8(field)
                let result = unsafe PrefixTrie.find(
                    place.aligned(key[place.word]), root: table.pointee.tries[field])
                prefixes.lengths[field] = result.lengths
                prefixes.decidingBits[field] = result.decidingBits
            }
            if prefixes.lengths[field] & lengths != 0 { continue }
            let longest = 63 &- lengths.leadingZeroBitCount
            let bits = place.leading(min(prefixes.decidingBits[field], longest == 63 ? 64 : longest))
            let added = unsafe (bits & ~wildcards[place.word]).nonzeroBitCount
            if added < fewest {
                (fewest, bestWord, bestBits) = (added, place.word, bits)
            }
        }
        if fewest == Int.max { return false }
        unsafe wildcards[bestWord] |= bestBits
        return true
    }

    /// Makes the hashed bits count, up to the stage that shows a miss, and what tells the packet from the better flows
    /// of its bucket.
    @inline(__always) @_noLocks
    private static func bucketDiffers(
        _ header: UnsafeMutablePointer<SubtableHeader>, _ key: UnsafePointer<UInt64>, _ hasher: KeyHash,
        _ plan: borrowing KeyPlan, _ rank: UInt64, _ wildcards: UnsafeMutablePointer<UInt64>
    ) {
        var state = hasher.seed
        for number in 0..<(unsafe header.pointee.hashedCount) {
            let word = unsafe Int(header.pointee.hashedWords[number])
            let mask = unsafe header.pointee.hashMasks[number]
            unsafe wildcards[word] |= mask
            state = unsafe hasher.mix(state, key[word] & mask)
            for stage in 0..<3 where unsafe header.pointee.filterEnds[stage] == number &+ 1 {
                let filter = unsafe BucketIndex.block(header.pointee.filters[stage]).unsafelyUnwrapped
                if unsafe !StageFilter.contains(state, in: filter) { return }
            }
        }
        guard
            let bucket = unsafe BucketIndex.find(
                state, directory: header.pointee.directory, depth: header.pointee.depth)
        else { return }
        let stride = unsafe Bucket.recordWords(compared: header.pointee.comparedCount)
        for number in 0..<(unsafe Bucket.count(bucket)) {
            let record = unsafe bucket + (Bucket.headerWords &+ number &* stride)
            if unsafe record[0] <= rank { return }
            unsafe recordDiffers(record, header, key, plan, wildcards)
        }
    }

    /// Makes a few bits count that show that a record does not match: the leading ones of a field, to the first that
    /// differs, in the field where that adds the fewest.
    @inline(__always) @_noLocks
    private static func recordDiffers(
        _ record: Words, _ header: UnsafeMutablePointer<SubtableHeader>, _ key: UnsafePointer<UInt64>,
        _ plan: borrowing KeyPlan, _ wildcards: UnsafeMutablePointer<UInt64>
    ) {
        var fewest = Int.max
        var bestWord = 0
        var bestBits: UInt64 = 0
        for number in 0..<(unsafe header.pointee.comparedCount) {
            let word = unsafe Int(header.pointee.comparedWords[number])
            let mask = unsafe record[3 &+ 2 &* number]
            var difference = unsafe key[word] & mask ^ record[2 &+ 2 &* number]
            if unsafe difference & wildcards[word] != 0 { return }
            while difference != 0 {
                let first = difference.leadingZeroBitCount
                let field = plan.field(around: 63 &- first, word: word)
                // The first word's fields are numbers without an order of bits; they count as a whole.
                let bits = word == 0 ? field : field & UInt64.max &<< UInt64(truncatingIfNeeded: 63 &- first)
                let chosen = mask & bits
                let added = unsafe (chosen & ~wildcards[word]).nonzeroBitCount
                if added < fewest { (fewest, bestWord, bestBits) = (added, word, chosen) }
                difference &= ~field
            }
        }
        unsafe wildcards[bestWord] |= bestBits
    }
}
