/// Prefixes of one field that have come and gone since its trie was brought up to date.
///
/// Tries serve snapshots alone, so they need not follow each change. Many changes are made in the order of the
/// prefixes: then most nodes on a change's way are those of the way before, and are still in the processor's cache.
struct PrefixChanges {
    struct Change {
        let value: UInt64
        let length: UInt8
        let isRemoval: Bool
    }

    private var changes: [Change] = []
    /// From so many on, order pays.
    private static let many = 64
    private static let keptCapacity = 4096

    /// Notes a prefix; `value` has zeroes after it.
    mutating func note(_ value: UInt64, length: Int, isRemoval: Bool) {
        changes.append(Change(value: value, length: UInt8(length), isRemoval: isRemoval))
    }

    /// Makes the changes.
    ///
    /// - Parameter isLarge: whether the trie may have more nodes than a cache holds.
    mutating func apply(to trie: inout PrefixTrie, isLarge: Bool) {
        if changes.isEmpty { return }
        defer { changes.removeAll(keepingCapacity: changes.count <= Self.keptCapacity) }
        if changes.count >= Self.many, changes.count >= trie.count { return trie.change(changes) }
        if isLarge, changes.count >= Self.many {
            // Of one prefix, what comes before what goes: it is never used less than no time.
            changes.sort {
                if $0.value != $1.value { return $0.value < $1.value }
                return $0.length != $1.length ? $0.length < $1.length : !$0.isRemoval && $1.isRemoval
            }
        }
        for change in changes {
            if change.isRemoval {
                trie.remove(change.value, length: Int(change.length))
            } else {
                trie.add(change.value, length: Int(change.length))
            }
        }
    }
}
