/// What a lookup needs of a subtable, as it stands in a snapshot.
@safe
struct SubtableHeader: BitwiseCopyable {
    /// No flow here has a higher rank.
    var maximumRank: UInt64
    var partition: Partition
    /// How many words are hashed, and how many a record holds.
    var hashedCount: Int
    var comparedCount: Int
    /// The masks of the hashed words.
    var hashMasks: UnsafePointer<UInt64>
    /// Which words of the key are hashed, and which a record holds.
    var hashedWords: UnsafePointer<UInt8>
    var comparedWords: UnsafePointer<UInt8>
    var directory: Words
    var depth: Int
    /// A filter stands after the first `filterEnds[n]` hashed words; 0: there is none.
    var filterEnds: InlineArray<3, Int>
    var filters: InlineArray<3, UInt64>
    /// By ``PrefixField``: the set of prefix lengths of the flows here.
    var prefixLengths: InlineArray<8, UInt64>

    /// The hash of a packet's hashed bits.
    @inline(__always) @_noLocks
    func hash(_ key: UnsafePointer<UInt64>, _ hasher: KeyHash) -> UInt64 {
        var state = hasher.seed
        for number in 0..<hashedCount {
            // Safe: there are `hashedCount` masks and word numbers, and these are below FlowKey.wordCount.
            state = unsafe hasher.mix(state, key[Int(hashedWords[number])] & hashMasks[number])
        }
        return state
    }
}

/// A table as it stands in a snapshot.
@safe
struct PublishedTable: BitwiseCopyable {
    /// By falling `maximumRank`.
    var subtables: UnsafeMutablePointer<SubtableHeader>
    var subtableCount: Int
    var flowCount: Int
    /// By ``PrefixField``: the root of the trie of all prefixes in the table.
    var tries: InlineArray<8, UInt64>
    /// The flows that are only parts of conjunctive matches.
    var conjunctive: UnsafeMutablePointer<PublishedTable>?
}
