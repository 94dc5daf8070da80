import Packet

/// The keyed hash of everything here.
///
/// Whoever sends packets or installs flows chooses the keys, so the hash must not be predictable, nor linear as a CRC
/// is (with a linear hash, keys that collide under one seed collide under all). Each word goes through a full 64×64
/// multiplication whose halves are folded together.
struct KeyHash: Sendable, BitwiseCopyable {
    let seed: UInt64
    let multiplier: UInt64

    init(seed: UInt64) {
        // SplitMix64 spreads a seed with few bits set.
        func spread(_ value: UInt64) -> UInt64 {
            var mixed = value
            mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
            return mixed ^ mixed >> 31
        }
        self.seed = spread(seed &+ 0x9e37_79b9_7f4a_7c15)
        multiplier = spread(seed &+ 0x3c6e_f372_fe94_f82a) | 1
    }

    @inline(__always) @_noLocks
    func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
        let product = (state ^ word).multipliedFullWidth(by: multiplier)
        return product.high ^ product.low
    }

    /// The hash of the words of `key` named by `words` (bit by bit), after `state`.
    func hash(_ key: FlowKey, words: UInt32, after state: UInt64) -> UInt64 {
        let key = key.words.span
        var result = state
        var rest = words
        while rest != 0 {
            result = mix(result, key[rest.trailingZeroBitCount])
            rest &= rest - 1
        }
        return result
    }
}

extension FlowKey {
    /// Which words are not zero, bit by bit.
    var wordSet: UInt32 {
        let own = words.span
        var set: UInt32 = 0
        for word in 0..<FlowKey.wordCount { set |= (own[word] == 0 ? 0 : 1) &<< UInt32(truncatingIfNeeded: word) }
        return set
    }
}
