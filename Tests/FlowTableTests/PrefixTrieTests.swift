import Testing

@testable import FlowTable

/// The trie of prefixes against a plain list of them.
@Suite struct PrefixTrieTests {
    private static func top(_ length: Int) -> UInt64 { length == 0 ? 0 : .max << UInt64(64 - length) }

    @Test(arguments: [41, 42, 43, 44] as [UInt64])
    func tellsLengthsAndDecidingBits(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let reclaimer = Reclaimer()
        var trie = PrefixTrie(reclaimer: reclaimer)
        var list: [(value: UInt64, length: Int)] = []
        func value() -> UInt64 {
            random.next() & random.next() & random.next() & (random.chance(50) ? .max : 0xf0f << 52)
        }
        for step in 0..<Effort.full(3000, 800) {
            if list.isEmpty || random.chance(list.count < 60 ? 70 : 45) {
                let length = random.pick([1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 16, 24, 31, 32, 62, 63, 64])
                let prefix = (value: value() & Self.top(length), length: length)
                list.append(prefix)
                trie.add(prefix.value, length: length)
            } else {
                let gone = list.remove(at: random.below(list.count))
                trie.remove(gone.value, length: gone.length)
            }
            if step % 50 == 49 { reclaimer.seal().removeOwner() }
            for _ in 0..<4 {
                let key = random.chance(50) || list.isEmpty ? value() : random.pick(list).value ^ value() >> 20
                let result = PrefixTrie.find(key, root: trie.root)
                #expect(result.lengths == Self.lengths(key, list), "seed \(seed), step \(step)")
                // As many bits as the longest agreement with a prefix that does not match, and one more; or as the
                // longest match has.
                let expected =
                    list.map { prefix in
                        min((key ^ prefix.value).leadingZeroBitCount + 1, prefix.length)
                    }.max() ?? 0
                #expect(result.decidingBits == expected, "seed \(seed), step \(step)")
            }
        }
        for prefix in list { trie.remove(prefix.value, length: prefix.length) }
        #expect(trie.root == 0)
    }

    private static func lengths(_ key: UInt64, _ list: [(value: UInt64, length: Int)]) -> UInt64 {
        list.filter { (key ^ $0.value) & top($0.length) == 0 }.reduce(0) { $0 | PrefixField.lengthBit($1.length) }
    }
}
