// Hot path: the first cache that a packet meets.
import DPDK

/// Remembers which megaflow the keys seen last belong to.
///
/// The key is cut down to the bits that any installed flow can examine (``KeyMask``), so that packets which no flow
/// could tell apart share an entry. An entry is the megaflow's address and a tag, some bits of the key's hash: whether
/// the megaflow is the packet's own, the megaflow itself tells, in the line that is touched anyhow. So eight entries,
/// all that a key can be in, are one cache line, and a million flows take 16 MB.
///
/// The cache must be emptied before the memory of megaflows is given back.
struct ExactMatchCache: ~Copyable {
    /// Eight addresses of 48 bits, then eight tags of sixteen.
    private typealias Line = UnsafeMutableRawPointer

    private let pages: Pages
    private let lineMask: UInt64
    /// Entries overwritten since the table was made or emptied; many of them mean that it is too small.
    private var displacements = 0

    private static var entriesInLine: Int { @_noLocks get { 8 } }
    private static var lineBytes: Int { @_noLocks get { 64 } }
    private static var tagOffset: Int { @_noLocks get { 48 } }

    /// - Parameter slots: entries; a power of two, at least eight.
    init?(slots: Int, socket: Int?) {
        let lines = slots / Self.entriesInLine
        guard let pages = Pages(byteCount: lines * Self.lineBytes, socket: socket) else { return nil }
        self.pages = pages
        lineMask = UInt64(lines - 1)
    }

    deinit { pages.free() }

    var slotCount: Int { Int(lineMask + 1) * Self.entriesInLine }

    /// Asks for the line of a key, some packets before it is needed.
    @inline(__always) @_noLocks
    func prefetch(_ hash: UInt64) { evs_prefetch(line(hash)) }

    /// The megaflow that is remembered of a key with that hash. It may be another key's, and it may be gone; but its
    /// memory is a megaflow's.
    @inline(__always) @_noLocks
    func recall(hash: UInt64) -> MegaflowPointer? {
        let line = line(hash)
        guard let place = place(of: tag(hash), in: line) else { return nil }
        // Safe: the eighth address ends where the tags begin, so what is read beyond an address is of the line; in a
        // place with a tag stands what `insert` put there, and user space has addresses of 47 bits.
        let address = line.loadUnaligned(fromByteOffset: place &* 6, as: UInt64.self) & 0xffff_ffff_ffff
        return MegaflowPointer(bitPattern: UInt(truncatingIfNeeded: address)).unsafelyUnwrapped
    }

    /// Remembers a key's megaflow, in an unused place if there is one.
    @inline(__always) @_noLocks
    mutating func insert(hash: UInt64, megaflow: MegaflowPointer) {
        let line = line(hash)
        // What the key left behind of a megaflow that is gone must go, as it would be found instead.
        var place = place(of: tag(hash), in: line) ?? place(of: 0, in: line)
        if place == nil {
            displacements &+= 1
            // Bits of the hash that index no line, so that no place always loses.
            place = Int(truncatingIfNeeded: hash >> 40 & 7)
        }
        let chosen = place.unsafelyUnwrapped
        let address = UInt64(truncatingIfNeeded: UInt(bitPattern: megaflow))
        // Safe: as in `recall`.
        (line + chosen &* 6).storeBytes(of: UInt32(truncatingIfNeeded: address), as: UInt32.self)
        (line + (chosen &* 6 &+ 4)).storeBytes(of: UInt16(truncatingIfNeeded: address >> 32), as: UInt16.self)
        (line + (ExactMatchCache.tagOffset &+ chosen &* 2)).storeBytes(
            of: UInt16(truncatingIfNeeded: tag(hash)), as: UInt16.self)
    }

    /// Whether so many keys lost their place that a larger table would hold more.
    var isCrowded: Bool {
        @inline(__always) @_noLocks get { displacements > Int(truncatingIfNeeded: lineMask) &* 2 }
    }

    /// Forgets how many were lost, as after a change that makes many be looked up again.
    mutating func restartCounting() { displacements = 0 }

    /// Safe: the number is masked to the table's size.
    @inline(__always) @_noLocks
    private func line(_ hash: UInt64) -> Line {
        pages.base + Int(truncatingIfNeeded: hash & lineMask) &* ExactMatchCache.lineBytes
    }

    /// Not 0, which is an unused place's.
    @inline(__always) @_noLocks
    private func tag(_ hash: UInt64) -> UInt64 { hash >> 48 | 1 }

    /// The first place of a line with a tag.
    ///
    /// All eight are compared at once: a zero among the four numbers of a word is the lowest one whose highest bit the
    /// subtraction of one brings forth. Where in the line it stands no branch depends on, as none could foresee it.
    @inline(__always) @_noLocks
    private func place(of tag: UInt64, in line: Line) -> Int? {
        let ones: UInt64 = 0x0001_0001_0001_0001
        let wanted = tag &* ones
        let first = line.load(fromByteOffset: ExactMatchCache.tagOffset, as: UInt64.self) ^ wanted
        let second = line.load(fromByteOffset: ExactMatchCache.tagOffset &+ 8, as: UInt64.self) ^ wanted
        let highest = ones &<< 15
        let equal = ((first &- ones) & ~first & highest) >> 15 | ((second &- ones) & ~second & highest) >> 14
        if equal == 0 { return nil }
        let bit = equal.trailingZeroBitCount
        return bit >> 4 &+ (bit & 1) &* 4
    }
}
