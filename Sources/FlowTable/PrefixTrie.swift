/// The set of prefixes of one field that the flows of a table match on: a binary trie with its one-way paths
/// compressed, so with at most two nodes a prefix.
///
/// It tells which prefix lengths could match a packet at all, and how many of the packet's bits that takes to know.
/// Node: epoch, value (at the top of the word), length with bit 8 set if the prefix is in the set, two children.
@safe
struct PrefixTrie {
    private struct Prefix: Hashable {
        let value: UInt64
        let length: UInt8
    }

    private static let nodeWords = 5
    private static var present: UInt64 {
        @inline(__always) @_noLocks get { 0x100 }
    }

    /// The address of the topmost node; 0: the set is empty.
    private(set) var root: UInt64 = 0
    private var uses: [Prefix: Int] = [:]
    private let reclaimer: Reclaimer

    init(reclaimer: Reclaimer) { self.reclaimer = reclaimer }

    /// Adds one use of a prefix. `value` has zeroes after the prefix.
    mutating func add(_ value: UInt64, length: Int) {
        let prefix = Prefix(value: value, length: UInt8(length))
        uses[prefix, default: 0] += 1
        if uses[prefix] == 1 { root = insert(prefix, at: root) }
    }

    /// Takes one use away, and the prefix with the last.
    mutating func remove(_ value: UInt64, length: Int) {
        let prefix = Prefix(value: value, length: UInt8(length))
        guard let count = uses[prefix] else { preconditionFailure("the prefix is in use") }
        if count > 1 {
            uses[prefix] = count - 1
        } else {
            uses[prefix] = nil
            root = delete(prefix, at: root)
        }
    }

    /// What a lookup finds: the set of lengths of prefixes that match (``PrefixField/lengthBit(_:)``), and the number
    /// of leading bits that decided it. Whoever agrees in those bits has the same set.
    struct Result: BitwiseCopyable {
        var lengths: UInt64 = 0
        var decidingBits = 0
    }

    /// Looks up a value at the top of a word.
    @inline(__always) @_noLocks
    static func find(_ key: UInt64, root: UInt64) -> Result {
        var result = Result()
        var address = root
        // Safe: the addresses in a trie are those of its own nodes, alive as long as it or its snapshot is.
        while let node = unsafe BucketIndex.block(address) {
            let flags = unsafe node[2]
            let length = Int(truncatingIfNeeded: flags & 0xff)
            let common = unsafe (key ^ node[1]).leadingZeroBitCount
            if common < length {
                result.decidingBits = common &+ 1
                return result
            }
            if flags & present != 0 { result.lengths |= PrefixField.lengthBit(length) }
            if unsafe node[3] | node[4] == 0 {
                result.decidingBits = length
                return result
            }
            result.decidingBits = length &+ 1
            let bit = Int(truncatingIfNeeded: (key &<< UInt64(truncatingIfNeeded: length)) >> 63)
            unsafe address = node[3 &+ bit]
        }
        return result
    }

    private func newNode(_ value: UInt64, length: Int, flag: UInt64) -> Words {
        let node = unsafe reclaimer.allocate(Self.nodeWords)
        unsafe node[1] = value
        unsafe node[2] = UInt64(length) | flag
        return unsafe node
    }

    private static func bit(_ value: UInt64, at position: Int) -> Int { Int((value << UInt64(position)) >> 63) }

    private func insert(_ prefix: Prefix, at address: UInt64) -> UInt64 {
        let length = Int(prefix.length)
        // Safe: a node is five words, and children are nodes or 0.
        guard let node = unsafe BucketIndex.block(address) else {
            return unsafe UInt64(UInt(bitPattern: newNode(prefix.value, length: length, flag: Self.present)))
        }
        let nodeLength = unsafe Int(node[2] & 0xff)
        let common = unsafe min((prefix.value ^ node[1]).leadingZeroBitCount, length, nodeLength)
        if common == nodeLength {
            let own = unsafe reclaimer.writable(node, wordCount: Self.nodeWords)
            if length == nodeLength {
                unsafe own[2] |= Self.present
            } else {
                let bit = Self.bit(prefix.value, at: nodeLength)
                unsafe own[3 + bit] = insert(prefix, at: own[3 + bit])
            }
            return UInt64(UInt(bitPattern: own))
        }
        let top = common == 0 ? 0 : prefix.value & UInt64.max << UInt64(64 - common)
        let fork = unsafe newNode(top, length: common, flag: common == length ? Self.present : 0)
        unsafe fork[3 + Self.bit(node[1], at: common)] = address
        if common < length {
            let leaf = unsafe newNode(prefix.value, length: length, flag: Self.present)
            unsafe fork[3 + Self.bit(prefix.value, at: common)] = UInt64(UInt(bitPattern: leaf))
        }
        return UInt64(UInt(bitPattern: fork))
    }

    private func delete(_ prefix: Prefix, at address: UInt64) -> UInt64 {
        // Safe: as in `insert`.
        guard let node = unsafe BucketIndex.block(address) else { preconditionFailure("the prefix is in the trie") }
        let nodeLength = unsafe Int(node[2] & 0xff)
        let own = unsafe reclaimer.writable(node, wordCount: Self.nodeWords)
        if nodeLength == Int(prefix.length) {
            unsafe own[2] &= ~Self.present
        } else {
            let bit = Self.bit(prefix.value, at: nodeLength)
            unsafe own[3 + bit] = delete(prefix, at: own[3 + bit])
        }
        let (left, right, flags) = unsafe (own[3], own[4], own[2])
        if flags & Self.present != 0 || (left != 0 && right != 0) { return UInt64(UInt(bitPattern: own)) }
        unsafe reclaimer.discard(own)
        return left | right
    }

    /// Takes the whole trie out of use.
    func discardAll() { discard(root) }

    private func discard(_ address: UInt64) {
        // Safe: each node is visited once, its children before it.
        guard let node = unsafe BucketIndex.block(address) else { return }
        unsafe discard(node[3])
        unsafe discard(node[4])
        unsafe reclaimer.discard(node)
    }
}
