import TestSupport
import Testing

@testable import Datapath

extension KeyHash {
    /// The hash of a key's words, as ``KeyMask`` makes it.
    func callAsFunction(_ words: [UInt64], count: Int) -> UInt64 {
        var result: UInt64 = 0
        for index in stride(from: 0, to: count, by: 2) {
            result ^=
                index + 1 < count ? pair(words[index], words[index + 1], at: index) : single(words[index], at: index)
        }
        return result
    }
}

/// The hash of cache keys.
struct KeyHashTests {
    /// Every word and every bit of it counts, and so do a word's place and the number of words.
    @Test func everyBitCounts() {
        let hash = KeyHash()
        defer { hash.free() }
        var seen: Set<UInt64> = []
        for count in 1...18 {
            var key = [UInt64](repeating: 0, count: count)
            for word in 0..<count {
                for bit in 0..<64 as Range<UInt64> {
                    key[word] = 1 << bit
                    #expect(seen.insert(hash(key, count: count)).inserted, "word \(word) of \(count), bit \(bit)")
                    key[word] = 0
                }
            }
        }
    }

    /// Low bits, which index the tables, spread well even if keys differ in few high bits.
    ///
    /// A multiplication spreads a row of numbers badly under one secret in ten, which nobody outside knows; so what is
    /// asked is that most secrets do well, of some that are always the same, lest chance decide.
    @Test(arguments: [0, 16, 48] as [UInt64]) func spreads(shift: UInt64) {
        var random = SeededGenerator(seed: 1 + shift)
        var places: [Int] = []
        for _ in 0..<32 {
            let hash = KeyHash(from: &random)
            defer { hash.free() }
            var lower = Set<UInt64>(), upper = Set<UInt64>()
            for number in 0..<4096 as Range<UInt64> {
                let value = hash([number << shift, 5, 9] as [UInt64], count: 3)
                lower.insert(value & 0xffff)
                upper.insert(value >> 32 & 0xffff)
            }
            places.append(min(lower.count, upper.count))
        }
        #expect(places.sorted()[8] > 3800, "\(places)")
    }
}
