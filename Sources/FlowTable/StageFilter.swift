// Safe throughout: offsets stay within the lengths that blocks are allocated with, and a block lives as long as any
// snapshot that refers to it (Reclaimer).

/// Which hashes of a subtable's first stages exist: a bitmap, one bit a hash, that may say yes wrongly, but never no.
///
/// Removing a flow leaves its bit; the subtable builds the filter anew when that has happened often enough.
/// Block: epoch, bit count less one, then the bits.
@safe
struct StageFilter {
    static var header: Int {
        @inline(__always) @_noLocks get { 2 }
    }
    private static let firstBits = 64
    private static let lastBits = 1 << 16

    private(set) var block: Words
    private(set) var bitsSet = 0
    private let reclaimer: Reclaimer

    init(reclaimer: Reclaimer, expecting count: Int = 0) {
        self.reclaimer = reclaimer
        var bits = Self.firstBits
        while bits < Self.lastBits, bits < count * 8 { bits *= 2 }
        // Safe: here and below, the bit number is masked to the block's length.
        unsafe block = reclaimer.allocate(Self.header + bits / 64)
        unsafe block[1] = UInt64(bits - 1)
    }

    private var bitCount: Int { unsafe Int(block[1]) + 1 }

    /// Whether so many bits are set that a larger filter would tell more.
    var isCrowded: Bool { bitsSet > bitCount / 4 && bitCount < Self.lastBits }

    mutating func insert(_ hash: UInt64) {
        guard unsafe !Self.contains(hash, in: block) else { return }
        unsafe block = reclaimer.writable(block, wordCount: Self.header + bitCount / 64)
        let bit = unsafe hash & block[1]
        unsafe block[Self.header + Int(bit / 64)] |= 1 << (bit % 64)
        bitsSet += 1
    }

    @inline(__always) @_noLocks
    static func contains(_ hash: UInt64, in block: Words) -> Bool {
        let bit = unsafe hash & block[1]
        return unsafe block[header &+ Int(truncatingIfNeeded: bit >> 6)] & (1 &<< (bit & 63)) != 0
    }

    func discardAll() { unsafe reclaimer.discard(block) }
}
