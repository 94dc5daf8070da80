// Hot path: hashing of cache keys.

/// A keyed hash of up to 32 words, each pair multiplied and folded.
///
/// The words come from packets, so whoever sends them could aim at one slot if the function were known. CRC won't do:
/// its collisions are the same for every seed. Here each word is first mixed with a secret of its own.
struct KeyHash {
    private let secrets: UnsafeMutablePointer<UInt64>

    /// Secrets from the system's random numbers.
    // Slow path: made once.
    init() {
        var random = SystemRandomNumberGenerator()
        self.init(from: &random)
    }

    // Slow path: made once.
    init(from random: inout some RandomNumberGenerator) {
        secrets = .allocate(capacity: 34)
        for index in 0..<34 { (secrets + index).initialize(to: .random(in: 1 ... .max, using: &random)) }
    }

    // Slow path: at the end.
    func free() { secrets.deallocate() }

    /// 128-bit product of two words, folded to 64 bits.
    @inline(__always) @_noLocks
    static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// What two neighbouring words of a key contribute to its hash.
    @inline(__always) @_noLocks
    func pair(_ first: UInt64, _ second: UInt64, at index: Int) -> UInt64 {
        KeyHash.fold(first ^ secrets[index], second ^ secrets[index &+ 1])
    }

    /// What the last word of a key contributes when it has no neighbour.
    @inline(__always) @_noLocks
    func single(_ word: UInt64, at index: Int) -> UInt64 { KeyHash.fold(word ^ secrets[index], secrets[33]) }

    /// The hash of one word.
    @inline(__always) @_noLocks
    func callAsFunction(_ word: UInt64) -> UInt64 { single(word, at: 0) }
}
