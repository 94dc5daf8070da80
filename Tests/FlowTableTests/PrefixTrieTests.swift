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

    /// A trie that is built at once finds what one finds that grew, and goes on as that does.
    @Test(arguments: [45, 46, 47] as [UInt64])
    func isBuiltAtOnce(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let reclaimer = Reclaimer()
        var (grown, built) = (PrefixTrie(reclaimer: reclaimer), PrefixTrie(reclaimer: reclaimer))
        var uses: [PrefixChanges.Change] = []
        for round in 0..<Effort.full(60, 20) {
            var changes: [PrefixChanges.Change] = []
            for _ in 0..<random.below(40) {
                if uses.isEmpty || random.chance(60) {
                    let length = random.pick([1, 3, 4, 6, 8, 11, 16, 24, 31, 32, 61, 64])
                    let value = random.next() & random.next() & (0xf0ff << 48 | 0xff) & Self.top(length)
                    uses.append(.init(value: value, length: UInt8(length), isRemoval: false))
                    changes.append(uses[uses.count - 1])
                } else {
                    let gone = uses.remove(at: random.below(uses.count))
                    changes.append(.init(value: gone.value, length: gone.length, isRemoval: true))
                }
            }
            built.change(changes)
            for change in changes {
                let length = Int(change.length)
                if change.isRemoval {
                    grown.remove(change.value, length: length)
                } else {
                    grown.add(change.value, length: length)
                }
            }
            reclaimer.seal().removeOwner()
            for _ in 0..<50 {
                let isNear = random.chance(50) && !uses.isEmpty
                let key = isNear ? random.pick(uses).value ^ random.next() >> 40 : random.next()
                let (left, right) = (PrefixTrie.find(key, root: grown.root), PrefixTrie.find(key, root: built.root))
                #expect(left.lengths == right.lengths, "seed \(seed), round \(round)")
                #expect(left.decidingBits == right.decidingBits, "seed \(seed), round \(round)")
            }
        }
        for prefix in uses { built.remove(prefix.value, length: Int(prefix.length)) }
        #expect(built.root == 0)
    }

    private static func lengths(_ key: UInt64, _ list: [(value: UInt64, length: Int)]) -> UInt64 {
        list.filter { (key ^ $0.value) & top($0.length) == 0 }.reduce(0) { $0 | PrefixField.lengthBit($1.length) }
    }
}
