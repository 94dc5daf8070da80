// Hot path: the first cache that a packet meets.
import DPDK

/// Remembers, for the keys seen last, which megaflow they belong to.
///
/// The key is cut down to the bits that any installed flow can examine (``KeyMask``), so that packets which no flow
/// could tell apart share an entry. Each key has two places; an entry is whole in one or two cache lines:
/// megaflow pointer, stamp, then the compact words. An entry counts only while the megaflow still carries its stamp.
struct ExactMatchCache: ~Copyable {
    /// Words of the key kept in an entry.
    private(set) var wordCount: Int
    private var pages: Pages
    private var stride: Int
    private var slotMask: UInt64
    /// Live entries overwritten since the table was made or emptied; many of them mean that it is too small.
    private var displacements = 0
    private let socket: Int?

    private static var headerBytes: Int { @_noLocks get { 16 } }

    init?(slots: Int, wordCount: Int, socket: Int?) {
        self.wordCount = wordCount
        self.socket = socket
        stride = ExactMatchCache.stride(wordCount)
        guard let pages = Pages(byteCount: slots * stride, socket: socket) else { return nil }
        self.pages = pages
        slotMask = UInt64(slots - 1)
    }

    deinit { pages.free() }

    private static func stride(_ wordCount: Int) -> Int { (headerBytes + wordCount * 8 + 63) & ~63 }

    var slotCount: Int { Int(slotMask) + 1 }
    var byteCount: Int { pages.byteCount }

    /// Asks for the line of the first place of a key, some packets before it is needed.
    @inline(__always) @_noLocks
    func prefetch(_ hash: UInt64) { evs_prefetch(place(hash & slotMask)) }

    /// What an entry remembers of a key: a megaflow, and the stamp that it had. The key is that megaflow's only if it
    /// still has the stamp (``MegaflowMemory/isLive``). To look costs another cache line, so it is left to the caller.
    ///
    /// - Parameters:
    ///   - oldestStamp: megaflows installed before are gone, and their memory with them.
    ///   - width: ``wordCount``, as a constant where it is known.
    @inline(__always) @_noLocks
    func recall(
        _ words: UnsafePointer<UInt64>, hash: UInt64, oldestStamp: UInt64, width: Int
    ) -> MegaflowMemory? {
        if let found = match(place(hash & slotMask), words, oldestStamp, width) { return found }
        return match(place((hash >> 32) & slotMask), words, oldestStamp, width)
    }

    /// The megaflow that an entry remembers of a key, if it is still there, whatever stamp it has got since; for
    /// megaflows whose decision has been found to hold still. The entry then remembers the new stamp.
    ///
    /// - Parameter oldestMemoryStamp: megaflows installed before are gone, and their memory with them.
    @inline(never) @_noLocks
    func recallRenewed(
        _ words: UnsafePointer<UInt64>, hash: UInt64, oldestMemoryStamp: UInt64
    ) -> MegaflowEntry? {
        for slot in 0..<2 as Range<UInt64> {
            let entry = place((hash >> (slot &* 32)) & slotMask)
            guard let memory = match(entry, words, oldestMemoryStamp, wordCount), memory.isThere else { continue }
            return MegaflowEntry(megaflow: memory.megaflow, entry: entry)
        }
        return nil
    }

    /// Remembers a key, in an unused place if it has one.
    @inline(__always) @_noLocks
    mutating func insert(
        _ words: UnsafePointer<UInt64>, hash: UInt64, megaflow: MegaflowPointer, oldestStamp: UInt64
    ) {
        let first = place(hash & slotMask)
        let second = place((hash >> 32) & slotMask)
        let firstIsFree = first.load(fromByteOffset: 8, as: UInt64.self) < oldestStamp
        let secondIsFree = second.load(fromByteOffset: 8, as: UInt64.self) < oldestStamp
        // What the key left behind of a megaflow that was evicted must go, as it would be found instead. When both
        // are taken, a bit of the hash that indexes neither decides, so that neither always loses.
        let takesFirst = firstIsFree || match(first, words, oldestStamp, wordCount) != nil
        let takesSecond = secondIsFree || match(second, words, oldestStamp, wordCount) != nil
        let entry = takesFirst ? first : takesSecond ? second : hash >> 63 == 0 ? first : second
        entry.storeBytes(of: megaflow, as: MegaflowPointer.self)
        entry.storeBytes(of: megaflow.pointee.stamp, toByteOffset: 8, as: UInt64.self)
        evs_copy(entry + ExactMatchCache.headerBytes, words, wordCount &* 8)
        if !takesFirst, !takesSecond { displacements &+= 1 }
    }

    /// Whether so many keys lost their place that a larger table would hold more.
    var isCrowded: Bool {
        @inline(__always) @_noLocks get { displacements > Int(truncatingIfNeeded: slotMask) / 4 }
    }

    /// Forgets how many were lost, as after all entries have become void.
    mutating func restartCounting() { displacements = 0 }

    /// Safe: `slot` is masked to the table's size.
    @inline(__always) @_noLocks
    private func place(_ slot: UInt64) -> UnsafeMutableRawPointer {
        pages.base + Int(truncatingIfNeeded: slot) &* stride
    }

    @inline(__always) @_noLocks
    private func match(
        _ entry: UnsafeMutableRawPointer, _ words: UnsafePointer<UInt64>, _ oldestStamp: UInt64, _ width: Int
    ) -> MegaflowMemory? {
        let stamp = entry.load(fromByteOffset: 8, as: UInt64.self)
        if stamp < oldestStamp { return nil }
        let stored = (entry + ExactMatchCache.headerBytes).assumingMemoryBound(to: UInt64.self)
        var difference: UInt64 = 0
        var word = 0
        while word < width {
            difference |= stored[word] ^ words[word]
            word &+= 1
        }
        if difference != 0 { return nil }
        return MegaflowMemory(megaflow: entry.load(as: MegaflowPointer.self), stamp: stamp)
    }
}

/// A megaflow as an exact-match entry remembers it.
struct MegaflowMemory {
    let megaflow: MegaflowPointer
    let stamp: UInt64

    @inline(__always) @_noLocks
    init(megaflow: MegaflowPointer, stamp: UInt64) {
        self.megaflow = megaflow
        self.stamp = stamp
    }

    /// Whether the megaflow is still the one that was remembered, though its stamp may be another. Safe: as below.
    var isThere: Bool {
        @inline(__always) @_noLocks get { stamp <= megaflow.pointee.stamp && megaflow.record.pointee.firstStamp <= stamp }
    }

    /// Whether it is still the megaflow that was remembered. Safe: a stamp that is not older than the oldest means that
    /// the memory is still there.
    var isLive: Bool {
        @inline(__always) @_noLocks get { megaflow.pointee.stamp == stamp }
    }
}

/// A megaflow, and the exact-match entry that remembers it.
struct MegaflowEntry {
    let megaflow: MegaflowPointer
    private let entry: UnsafeMutableRawPointer

    @inline(__always) @_noLocks
    init(megaflow: MegaflowPointer, entry: UnsafeMutableRawPointer) {
        self.megaflow = megaflow
        self.entry = entry
    }

    /// Makes the entry remember the stamp that the megaflow has now. Safe: the entry was found just now.
    @inline(__always) @_noLocks
    func renew() { entry.storeBytes(of: megaflow.pointee.stamp, toByteOffset: 8, as: UInt64.self) }
}
