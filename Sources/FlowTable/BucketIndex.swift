// Safe throughout: offsets stay within the lengths that blocks are allocated with, and a block lives as long as any
// snapshot that refers to it (Reclaimer).

/// From hash to bucket: a directory of pages, each a small open-addressed table (extendible hashing).
///
/// A change copies one page, and the directory's pointers once for each snapshot; so its cost hardly depends on how
/// many flows there are. A page that fills up is split; the directory doubles when it can't tell the halves apart.
///
/// Directory: epoch, depth, then 2^depth page addresses, by the highest bits of the hash.
/// Page: epoch, count, depth, slot mask, then the slots: hash, bucket address (0: empty), by the lowest bits.
@safe
struct BucketIndex {
    static var directoryHeader: Int {
        @inline(__always) @_noLocks get { 2 }
    }
    static var pageHeader: Int {
        @inline(__always) @_noLocks get { 4 }
    }
    private static let firstPageSlots = 8
    private static let lastPageSlots = 64

    private(set) var directory: Words
    private(set) var bucketCount = 0
    private let reclaimer: Reclaimer

    init(reclaimer: Reclaimer) {
        self.reclaimer = reclaimer
        // Safe: here and below, offsets stay within the lengths that blocks are allocated with.
        unsafe directory = reclaimer.allocate(Self.directoryHeader + 1)
        let page = unsafe Self.newPage(slots: Self.firstPageSlots, depth: 0, reclaimer)
        unsafe directory[Self.directoryHeader] = UInt64(UInt(bitPattern: page))
    }

    var depth: Int { Int(unsafe directory[1]) }

    private static func newPage(slots: Int, depth: UInt64, _ reclaimer: Reclaimer) -> Words {
        let page = unsafe reclaimer.allocate(pageHeader + 2 * slots)
        unsafe page[2] = depth
        unsafe page[3] = UInt64(slots - 1)
        return unsafe page
    }

    @inline(__always) @_noLocks
    static func block(_ address: UInt64) -> Words? {
        // Safe: the addresses in an index are those of its own blocks, alive as long as it or its snapshot is.
        unsafe Words(bitPattern: UInt(truncatingIfNeeded: address))
    }

    @inline(__always) @_noLocks
    static func pageNumber(_ hash: UInt64, depth: Int) -> Int {
        Int(truncatingIfNeeded: (hash >> 1) &>> UInt64(truncatingIfNeeded: 63 &- depth))
    }

    /// The bucket for a hash, in an index or a snapshot of one.
    @inline(__always) @_noLocks
    static func find(_ hash: UInt64, directory: Words, depth: Int) -> Words? {
        // Safe: a page always has an empty slot, which ends the search; slot numbers are masked.
        let page = unsafe block(directory[directoryHeader &+ pageNumber(hash, depth: depth)]).unsafelyUnwrapped
        let mask = unsafe page[3]
        var slot = hash & mask
        while true {
            let place = unsafe page + (pageHeader &+ 2 &* Int(truncatingIfNeeded: slot))
            let address = unsafe place[1]
            if unsafe place[0] == hash || address == 0 { return unsafe block(address) }
            slot = (slot &+ 1) & mask
        }
    }

    func find(_ hash: UInt64) -> Words? { unsafe Self.find(hash, directory: directory, depth: depth) }

    /// Puts the bucket of a hash in place; `nil` removes it.
    mutating func set(_ hash: UInt64, to bucket: Words?, isNew: Bool) {
        let address = UInt64(UInt(bitPattern: bucket))
        guard isNew else {
            let (page, slot) = unsafe locate(hash)
            if unsafe page[Self.pageHeader + 2 * slot + 1] == address { return }
            let own = unsafe writablePage(hash)
            if address != 0 {
                unsafe own[Self.pageHeader + 2 * slot + 1] = address
            } else {
                unsafe Self.clear(slot, in: own)
                bucketCount -= 1
            }
            return
        }
        makeRoom(hash)
        let page = unsafe writablePage(hash)
        unsafe Self.fill(page, hash: hash, address: address)
        bucketCount += 1
    }

    private func locate(_ hash: UInt64) -> (page: Words, slot: Int) {
        let page = unsafe Self.block(directory[Self.directoryHeader + Self.pageNumber(hash, depth: depth)])!
        let mask = unsafe Int(page[3])
        var slot = Int(truncatingIfNeeded: hash) & mask
        while unsafe page[Self.pageHeader + 2 * slot] != hash || page[Self.pageHeader + 2 * slot + 1] == 0 {
            precondition(unsafe page[Self.pageHeader + 2 * slot + 1] != 0, "the hash has a bucket")
            slot = (slot + 1) & mask
        }
        return unsafe (page, slot)
    }

    private static func fill(_ page: Words, hash: UInt64, address: UInt64) {
        let mask = unsafe Int(page[3])
        var slot = Int(truncatingIfNeeded: hash) & mask
        while unsafe page[pageHeader + 2 * slot + 1] != 0 { slot = (slot + 1) & mask }
        unsafe page[pageHeader + 2 * slot] = hash
        unsafe page[pageHeader + 2 * slot + 1] = address
        unsafe page[1] += 1
    }

    /// Empties a slot and moves up what had to go further because it was taken.
    private static func clear(_ slot: Int, in page: Words) {
        let mask = unsafe Int(page[3])
        var hole = slot
        var next = (slot + 1) & mask
        while unsafe page[pageHeader + 2 * next + 1] != 0 {
            let home = unsafe Int(truncatingIfNeeded: page[pageHeader + 2 * next]) & mask
            if (next - home) & mask >= (next - hole) & mask {
                unsafe page[pageHeader + 2 * hole] = page[pageHeader + 2 * next]
                unsafe page[pageHeader + 2 * hole + 1] = page[pageHeader + 2 * next + 1]
                hole = next
            }
            next = (next + 1) & mask
        }
        unsafe page[pageHeader + 2 * hole] = 0
        unsafe page[pageHeader + 2 * hole + 1] = 0
        unsafe page[1] -= 1
    }

    /// Makes the directory the writer's own.
    private mutating func ownDirectory() {
        unsafe directory = reclaimer.writable(directory, wordCount: Self.directoryHeader + 1 << depth)
    }

    /// Points all directory entries that lead to the page of `hash` at depth `pageDepth` to `page`.
    private mutating func point(_ hash: UInt64, pageDepth: Int, to page: Words) {
        ownDirectory()
        let spread = depth - pageDepth
        let first = (Self.pageNumber(hash, depth: depth) >> spread) << spread
        for number in first..<first + 1 << spread {
            unsafe directory[Self.directoryHeader + number] = UInt64(UInt(bitPattern: page))
        }
    }

    private mutating func writablePage(_ hash: UInt64) -> Words {
        let page = unsafe Self.block(directory[Self.directoryHeader + Self.pageNumber(hash, depth: depth)])!
        if unsafe reclaimer.isOwn(page) { return unsafe page }
        let pageDepth = unsafe Int(page[2])
        let copy = unsafe reclaimer.writable(page, wordCount: Self.pageHeader + 2 * (Int(page[3]) + 1))
        unsafe point(hash, pageDepth: pageDepth, to: copy)
        return unsafe copy
    }

    /// Grows or splits the page of a hash until it has room for one more: three quarters may be in use.
    private mutating func makeRoom(_ hash: UInt64) {
        while true {
            let page = unsafe Self.block(directory[Self.directoryHeader + Self.pageNumber(hash, depth: depth)])!
            let slots = unsafe Int(page[3]) + 1
            if unsafe Int(page[1]) < slots / 4 * 3 { return }
            let pageDepth = unsafe page[2]
            if slots < Self.lastPageSlots {
                let larger = unsafe Self.newPage(slots: slots * 2, depth: pageDepth, reclaimer)
                unsafe Self.copySlots(of: page, chosen: { _ in true }, to: larger)
                unsafe point(hash, pageDepth: Int(pageDepth), to: larger)
            } else {
                unsafe split(page, depth: pageDepth, hash: hash)
            }
            unsafe reclaimer.discard(page)
        }
    }

    private static func copySlots(of page: Words, chosen: (UInt64) -> Bool, to target: Words) {
        for slot in 0...(unsafe Int(page[3])) {
            let (hash, address) = unsafe (page[pageHeader + 2 * slot], page[pageHeader + 2 * slot + 1])
            if address != 0, chosen(hash) { unsafe fill(target, hash: hash, address: address) }
        }
    }

    private mutating func split(_ page: Words, depth pageDepth: UInt64, hash: UInt64) {
        if Int(pageDepth) == depth { doubleDirectory() }
        let bit: UInt64 = 1 << (63 - pageDepth)
        for half in [hash | bit, hash & ~bit] {
            let new = unsafe Self.newPage(slots: Self.lastPageSlots, depth: pageDepth + 1, reclaimer)
            unsafe Self.copySlots(of: page, chosen: { $0 & bit == half & bit }, to: new)
            unsafe point(half, pageDepth: Int(pageDepth) + 1, to: new)
        }
    }

    private mutating func doubleDirectory() {
        let old = unsafe directory
        let count = 1 << depth
        unsafe directory = reclaimer.allocate(Self.directoryHeader + 2 * count)
        unsafe directory[1] = old[1] + 1
        for number in 0..<count {
            unsafe directory[Self.directoryHeader + 2 * number] = old[Self.directoryHeader + number]
            unsafe directory[Self.directoryHeader + 2 * number + 1] = old[Self.directoryHeader + number]
        }
        unsafe reclaimer.discard(old)
    }

    /// Visits each bucket of an index or a snapshot of one.
    static func forEach(directory: Words, depth: Int, _ body: (Words) -> Void) {
        var number = 0
        while number < 1 << depth {
            let page = unsafe block(directory[directoryHeader + number])!
            for slot in 0...(unsafe Int(page[3])) {
                if let bucket = unsafe block(page[pageHeader + 2 * slot + 1]) { unsafe body(bucket) }
            }
            // A page of lesser depth stands in several neighbouring places.
            number += 1 << (depth - (unsafe Int(page[2])))
        }
    }

    /// Takes the whole index and its buckets out of use.
    func discardAll() {
        unsafe Self.forEach(directory: directory, depth: depth) { unsafe reclaimer.discard($0) }
        var number = 0
        while number < 1 << depth {
            let page = unsafe Self.block(directory[Self.directoryHeader + number])!
            number += 1 << (depth - (unsafe Int(page[2])))
            unsafe reclaimer.discard(page)
        }
        unsafe reclaimer.discard(directory)
    }
}
