// Safe throughout: offsets stay within the lengths that blocks are allocated with, and a block lives as long as any
// snapshot that refers to it (Reclaimer).

/// The set of prefixes of one field that the flows of a table match on: a trie that goes four bits a node and skips the
/// bits that all below have in common.
///
/// It tells which prefix lengths could match a packet at all, and how many of the packet's bits that takes to know.
/// Node: epoch; the bits up to here (at the top of the word); their number, a multiple of four, with the prefixes that
/// end here or up to three bits on (bits 8…22) and the next four bits that lead on (bits 32…47); a child for each.
@safe
struct PrefixTrie {
    private struct Prefix {
        let value: UInt64
        let length: UInt8

        /// The depth of the node that the prefix is kept in.
        var depth: Int { Int(length) & ~3 }

        /// Its bit among the prefixes of that node.
        var endBit: UInt64 {
            let rest = Int(length) & 3
            return 0x100
                << (UInt64(1 << rest - 1) + (rest == 0 ? 0 : PrefixTrie.nibble(value, at: depth) >> UInt64(4 - rest)))
        }
    }

    private static var header: Int {
        @inline(__always) @_noLocks get { 3 }
    }

    /// The address of the topmost node; 0: the set is empty.
    private(set) var root: UInt64 = 0
    private var uses = PrefixUses()
    private let reclaimer: Reclaimer

    init(reclaimer: Reclaimer) { self.reclaimer = reclaimer }

    /// Adds one use of a prefix. `value` has zeroes after the prefix.
    mutating func add(_ value: UInt64, length: Int) {
        let prefix = Prefix(value: value, length: UInt8(length))
        let isNew = uses.add(value, length: length)
        if isNew { root = insert(prefix, at: root) }
    }

    /// Takes one use away, and the prefix with the last.
    mutating func remove(_ value: UInt64, length: Int) {
        let prefix = Prefix(value: value, length: UInt8(length))
        if uses.remove(value, length: length) { root = delete(prefix, at: root) }
    }

    /// Prefixes in the set.
    var count: Int { uses.used }

    /// Adds and takes away uses, and builds the trie anew from all prefixes then in use. Each node is made once, while
    /// ``add(_:length:)`` makes a node again for each child that it gains; so many changes of a small set cost less.
    mutating func change(_ changes: [PrefixChanges.Change]) {
        for change in changes {
            let length = Int(change.length)
            _ = change.isRemoval ? uses.remove(change.value, length: length) : uses.add(change.value, length: length)
        }
        discardAll()
        var prefixes: [Prefix] = []
        prefixes.reserveCapacity(uses.used)
        uses.forEach { prefixes.append(Prefix(value: $0, length: $1)) }
        prefixes.sort { $0.value != $1.value ? $0.value < $1.value : $0.length < $1.length }
        root = build(prefixes, prefixes.indices)
    }

    /// The node above some of the prefixes, which are in the order of values, of equal ones the shortest first; so no
    /// other is shorter than what all have in common, unless the first is.
    private func build(_ prefixes: [Prefix], _ range: Range<Int>) -> UInt64 {
        guard let first = range.first, let last = range.last else { return 0 }
        let common = (prefixes[first].value ^ prefixes[last].value).leadingZeroBitCount
        let depth = min(prefixes[first].depth, common & ~3)
        var shape: UInt64 = 0
        var children: [UInt64] = []
        var index = first
        while index <= last {
            let prefix = prefixes[index]
            if prefix.depth == depth {
                shape |= prefix.endBit
                index += 1
                continue
            }
            let next = Self.nibble(prefix.value, at: depth)
            var end = index + 1
            while end <= last, Self.nibble(prefixes[end].value, at: depth) == next { end += 1 }
            shape |= 1 << (32 + next)
            children.append(build(prefixes, index..<end))
            index = end
        }
        let address = newNode(prefixes[first].value, depth: depth, shape: shape)
        // Safe: the node has a word for each child after its header.
        let places = unsafe BucketIndex.block(address)! + Self.header
        for (number, child) in children.enumerated() { unsafe places[number] = child }
        return address
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
            let shape = unsafe node[2]
            let depth = Int(truncatingIfNeeded: shape & 0xff)
            let common = unsafe (key ^ node[1]).leadingZeroBitCount
            if common < depth {
                result.decidingBits = common &+ 1
                return result
            }
            let next = nibble(key, at: depth)
            let ends = shape >> 8 & 0x7fff
            if ends != 0 {
                for more in 0..<4 where ends & endMask(next, shared: more, length: more) != 0 {
                    result.lengths |= PrefixField.lengthBit(depth &+ more)
                }
            }
            guard shape >> 32 & (1 &<< next) != 0 else {
                result.decidingBits = depth &+ decidingBits(next, ends: ends, children: shape >> 32)
                return result
            }
            result.decidingBits = depth &+ 4
            unsafe address = node[header &+ childNumber(next, shape)]
        }
        return result
    }

    /// The four bits after the first `depth`.
    @inline(__always) @_noLocks
    private static func nibble(_ value: UInt64, at depth: Int) -> UInt64 {
        depth >= 64 ? 0 : (value &<< UInt64(truncatingIfNeeded: depth)) >> 60
    }

    /// Which child of a node the next four bits lead to.
    @inline(__always) @_noLocks
    private static func childNumber(_ nibble: UInt64, _ shape: UInt64) -> Int {
        (shape >> 32 & ((1 &<< nibble) &- 1)).nonzeroBitCount
    }

    /// The ends of a node that are `length` bits on and share the first `shared` bits with `nibble`.
    @inline(__always) @_noLocks
    private static func endMask(_ nibble: UInt64, shared: Int, length: Int) -> UInt64 {
        let (shared, length) = (UInt64(truncatingIfNeeded: shared), UInt64(truncatingIfNeeded: length))
        let spread = length &- shared
        let first = (1 &<< length) &- 1 &+ (nibble &>> (4 &- shared)) &<< spread
        return ((1 &<< (1 &<< spread)) &- 1) &<< first
    }

    /// How many of the next four bits it takes to see that nothing longer in a node agrees with them.
    @inline(__always) @_noLocks
    private static func decidingBits(_ nibble: UInt64, ends: UInt64, children: UInt64) -> Int {
        for bits in 0..<4 {
            let place = UInt64(truncatingIfNeeded: 4 &- bits)
            let range = ((1 &<< (1 &<< place)) &- 1) &<< ((nibble &>> place) &<< place)
            var others = children & 0xffff & range
            var length = bits &+ 1
            while length < 4 {
                others |= ends & endMask(nibble, shared: bits, length: length)
                length &+= 1
            }
            if others == 0 { return bits }
        }
        return 4
    }

    private static func childCount(_ shape: UInt64) -> Int { (shape >> 32).nonzeroBitCount }

    private func newNode(_ value: UInt64, depth: Int, shape: UInt64) -> UInt64 {
        // Safe: here and below, a node has a word for each child after its header.
        let node = unsafe reclaimer.allocate(Self.header + Self.childCount(shape))
        unsafe node[1] = depth == 0 ? 0 : value & UInt64.max << UInt64(64 - depth)
        unsafe node[2] = UInt64(depth) | shape
        return UInt64(UInt(bitPattern: node))
    }

    private func writable(_ node: Words) -> Words {
        unsafe reclaimer.writable(node, wordCount: Self.header + Self.childCount(node[2]))
    }

    /// The node with a child more, or one less where `child` is 0.
    private func replaceChild(_ nibble: UInt64, of node: Words, with child: UInt64) -> UInt64 {
        let shape = unsafe node[2]
        let (number, bit) = (Self.childNumber(nibble, shape), UInt64(1) << (32 + nibble))
        let has = shape & bit != 0
        if has, child != 0 {
            let own = unsafe writable(node)
            unsafe own[Self.header + number] = child
            return UInt64(UInt(bitPattern: own))
        }
        let address = unsafe newNode(node[1], depth: Int(shape & 0xff), shape: (shape & ~0xff) ^ bit)
        let new = unsafe BucketIndex.block(address)! + Self.header
        let old = unsafe node + Self.header
        unsafe new.update(from: old, count: number)
        let rest = Self.childCount(shape) - number
        if has {
            unsafe (new + number).update(from: old + number + 1, count: rest - 1)
        } else {
            unsafe new[number] = child
            unsafe (new + number + 1).update(from: old + number, count: rest)
        }
        unsafe reclaimer.discard(node, wordCount: Self.header + Self.childCount(shape))
        return address
    }

    private func insert(_ prefix: Prefix, at address: UInt64) -> UInt64 {
        guard let node = unsafe BucketIndex.block(address) else {
            return newNode(prefix.value, depth: prefix.depth, shape: prefix.endBit)
        }
        let depth = unsafe Int(node[2] & 0xff)
        let common = unsafe min((prefix.value ^ node[1]).leadingZeroBitCount, prefix.depth, depth)
        if common == depth {
            if prefix.depth == depth {
                let own = unsafe writable(node)
                unsafe own[2] |= prefix.endBit
                return UInt64(UInt(bitPattern: own))
            }
            let next = Self.nibble(prefix.value, at: depth)
            let has = unsafe node[2] >> (32 + next) & 1 != 0
            let child = has ? unsafe node[Self.header + Self.childNumber(next, node[2])] : 0
            return unsafe replaceChild(next, of: node, with: insert(prefix, at: child))
        }
        let fork = common & ~3
        let old = unsafe Self.nibble(node[1], at: fork)
        let new = newNode(prefix.value, depth: fork, shape: 1 << (32 + old))
        unsafe BucketIndex.block(new)![Self.header] = address
        return insert(prefix, at: new)
    }

    private func delete(_ prefix: Prefix, at address: UInt64) -> UInt64 {
        guard let node = unsafe BucketIndex.block(address) else { preconditionFailure("the prefix is in the trie") }
        let depth = unsafe Int(node[2] & 0xff)
        let result: UInt64
        if prefix.depth == depth {
            let own = unsafe writable(node)
            unsafe own[2] &= ~prefix.endBit
            result = UInt64(UInt(bitPattern: own))
        } else {
            let next = Self.nibble(prefix.value, at: depth)
            let child = unsafe node[Self.header + Self.childNumber(next, node[2])]
            unsafe result = replaceChild(next, of: node, with: delete(prefix, at: child))
        }
        let own = unsafe BucketIndex.block(result)!
        let shape = unsafe own[2]
        // A node without prefixes must tell two ways apart.
        if shape >> 8 & 0x7fff != 0 || Self.childCount(shape) > 1 { return result }
        let only = Self.childCount(shape) == 0 ? 0 : unsafe own[Self.header]
        unsafe reclaimer.discard(own, wordCount: Self.header + Self.childCount(shape))
        return only
    }

    /// Takes the whole trie out of use.
    func discardAll() { discard(root) }

    private func discard(_ address: UInt64) {
        // Safe: each node is visited once, its children before it.
        guard let node = unsafe BucketIndex.block(address) else { return }
        for child in 0..<(unsafe Self.childCount(node[2])) { unsafe discard(node[Self.header + child]) }
        unsafe reclaimer.discard(node)
    }
}
