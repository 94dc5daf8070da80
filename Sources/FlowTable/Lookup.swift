/// The search for the best flow, subtable by subtable, the one with the highest rank first.
enum Lookup {
    /// What was found.
    @safe
    struct Found: BitwiseCopyable {
        /// 0: nothing.
        var rank: UInt64 = 0
        var record: Words?
        /// Its subtable.
        var subtable = 0
    }

    /// The entry that a record is about.
    @inline(__always) @_noLocks
    static func entry(_ record: Words) -> Unmanaged<FlowEntry> {
        // Safe: a record's second word is the address of its entry, alive as long as the snapshot is.
        unsafe Unmanaged.fromOpaque(UnsafeRawPointer(bitPattern: UInt(record[1])).unsafelyUnwrapped)
    }

    @_noLocks
    static func find(
        _ table: UnsafeMutablePointer<PublishedTable>, _ key: UnsafePointer<UInt64>, _ hasher: KeyHash
    ) -> Found {
        var found = Found()
        // Safe: numbers stay below the counts that go with each pointer.
        let count = unsafe table.pointee.subtableCount
        let subtables = unsafe table.pointee.subtables
        let typeWord = unsafe key[0]
        for number in 0..<count {
            let header = unsafe subtables + number
            if unsafe found.rank > header.pointee.maximumRank { break }
            if unsafe typeWord & header.pointee.partition.mask != header.pointee.partition.value { continue }
            let hash = unsafe header.pointee.hash(key, hasher)
            guard
                let bucket = unsafe BucketIndex.find(
                    hash, directory: header.pointee.directory, depth: header.pointee.depth)
            else { continue }
            let compared = unsafe header.pointee.comparedCount
            let words = unsafe header.pointee.comparedWords
            let stride = Bucket.recordWords(compared: compared)
            var record = unsafe bucket + Bucket.headerWords
            let end = unsafe record + Bucket.count(bucket) &* stride
            while unsafe record < end, unsafe record[0] > found.rank {
                if unsafe matches(record, key, words, compared) {
                    unsafe found.rank = record[0]
                    unsafe found.record = unsafe record
                    found.subtable = number
                    break
                }
                unsafe record += stride
            }
        }
        return found
    }

    @inline(__always) @_noLocks
    static func matches(
        _ record: Words, _ key: UnsafePointer<UInt64>, _ words: UnsafePointer<UInt8>, _ count: Int
    ) -> Bool {
        var difference: UInt64 = 0
        // Safe: a record has `count` pairs of value and mask, and `words` as many word numbers.
        for number in 0..<count {
            let pair = unsafe record + (2 &+ 2 &* number)
            difference |= unsafe key[Int(words[number])] & pair[1] ^ pair[0]
        }
        return difference == 0
    }
}
