// Safe throughout: offsets stay within the lengths that blocks are allocated with, and a block lives as long as any
// snapshot that refers to it (Reclaimer).

/// The flows of a subtable that agree in the hashed bits, best first.
///
/// Words: epoch, count and capacity, then the records. A record is the flow's rank, the address of its entry, and for
/// each word that the subtable compares the value and the mask, so that a packet is compared without a further load.
enum Bucket {
    static var headerWords: Int {
        @inline(__always) @_noLocks get { 2 }
    }
    /// Rank and entry, before the pairs of value and mask.
    static var recordHeaderWords: Int {
        @inline(__always) @_noLocks get { 2 }
    }

    @inline(__always) @_noLocks
    static func recordWords(compared: Int) -> Int { recordHeaderWords + 2 * compared }

    @inline(__always) @_noLocks
    static func count(_ bucket: Words) -> Int {
        // Safe: the second word of each bucket.
        Int(truncatingIfNeeded: unsafe bucket[1] & 0xffff_ffff)
    }

    private static func capacity(_ bucket: Words) -> Int {
        // Safe: as above.
        Int(truncatingIfNeeded: unsafe bucket[1] >> 32)
    }

    static func wordCount(_ bucket: Words, stride: Int) -> Int { unsafe headerWords + capacity(bucket) * stride }

    /// The bucket with a record more; it may have moved.
    static func insert(
        into bucket: Words?, stride: Int, reclaimer: Reclaimer, rank: UInt64, fill: (Words) -> Void
    ) -> Words {
        let old = unsafe bucket.map { unsafe count($0) } ?? 0
        var place = 0
        // Safe: reads and writes stay within `count` and `capacity` records.
        if let bucket = unsafe bucket {
            while place < old, unsafe bucket[headerWords + place * stride] > rank { place += 1 }
        }
        let result: Words
        if let bucket = unsafe bucket, unsafe reclaimer.isOwn(bucket), unsafe capacity(bucket) > old {
            unsafe result = unsafe bucket
            let hole = unsafe bucket + headerWords + place * stride
            unsafe (hole + stride).update(from: hole, count: (old - place) * stride)
        } else {
            let room = old < 2 ? old + 1 : old + old / 2
            unsafe result = reclaimer.allocate(headerWords + room * stride)
            unsafe result[1] = UInt64(room) << 32 | UInt64(old)
            if let bucket = unsafe bucket {
                let source = unsafe bucket + headerWords
                let target = unsafe result + headerWords
                unsafe target.update(from: source, count: place * stride)
                unsafe (target + (place + 1) * stride).update(
                    from: source + place * stride, count: (old - place) * stride)
                unsafe reclaimer.discard(bucket, wordCount: wordCount(bucket, stride: stride))
            }
        }
        unsafe result[1] += 1
        let record = unsafe result + headerWords + place * stride
        unsafe record[0] = rank
        unsafe fill(record)
        return unsafe result
    }

    /// The bucket without the record of that rank, or nil if it was the last; it may have moved.
    static func remove(from bucket: Words, stride: Int, reclaimer: Reclaimer, rank: UInt64) -> Words? {
        let old = unsafe count(bucket)
        var place = 0
        // Safe: reads and writes stay within `count` records.
        while place < old, unsafe bucket[headerWords + place * stride] != rank { place += 1 }
        precondition(place < old, "a flow's record is in its bucket")
        if old == 1 {
            unsafe reclaimer.discard(bucket, wordCount: wordCount(bucket, stride: stride))
            return nil
        }
        let result = unsafe reclaimer.writable(bucket, wordCount: wordCount(bucket, stride: stride))
        let hole = unsafe result + headerWords + place * stride
        unsafe hole.update(from: hole + stride, count: (old - place - 1) * stride)
        unsafe result[1] -= 1
        return unsafe result
    }
}
