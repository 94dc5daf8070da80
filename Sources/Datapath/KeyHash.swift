// Hot path: hashing of cache keys.

/// A keyed hash of up to 32 words, each pair multiplied and folded.
///
/// The words come from packets, so whoever sends them could aim at one slot if the function were known. CRC won't do:
/// its collisions are the same for every seed. Here each word is first mixed with a secret of its own.
struct KeyHash {
    private let secrets: UnsafeMutablePointer<UInt64>

    /// Secrets from the system's random numbers.
    init() {
        secrets = .allocate(capacity: 34)
        for index in 0..<34 { (secrets + index).initialize(to: .random(in: 1 ... .max)) }
    }

    func free() { secrets.deallocate() }

    /// 128-bit product of two words, folded to 64 bits.
    @inline(__always) @_noLocks
    static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// The hash of `count` words.
    @inline(__always) @_noLocks
    func callAsFunction(_ words: UnsafePointer<UInt64>, count: Int) -> UInt64 {
        var result: UInt64 = 0
        var index = 0
        while index &+ 1 < count {
            result ^= KeyHash.fold(words[index] ^ secrets[index], words[index &+ 1] ^ secrets[index &+ 1])
            index &+= 2
        }
        if index < count { result ^= KeyHash.fold(words[index] ^ secrets[index], secrets[33]) }
        return result
    }

    /// The hash of one word.
    @inline(__always) @_noLocks
    func callAsFunction(_ word: UInt64) -> UInt64 { KeyHash.fold(word ^ secrets[0], secrets[33]) }
}
