// Hot path: cutting keys down to the bits that matter.
import Packet

/// A mask in the form that is quick to apply: only the words that it touches.
///
/// A ``FlowKey`` cut down by it is a short run of words, which is what the caches hash and compare.
struct KeyMask: ~Copyable {
    /// Words that the mask touches.
    let count: Int
    /// Which they are. Memory of its own, as an array within would be copied to the stack for each packet.
    private let words: UnsafeMutablePointer<Int>
    private let masks: UnsafeMutablePointer<UInt64>

    /// The packet words of a mask; the pipeline's own words are the same for all arriving packets.
    // Slow path: part of a translation.
    init(_ mask: FlowMask) {
        words = .allocate(capacity: FlowKey.packetWordCount)
        masks = .allocate(capacity: FlowKey.packetWordCount)
        let bits = mask.words.span
        var count = 0
        for word in 0..<FlowKey.packetWordCount where bits[word] != 0 {
            (words + count).initialize(to: word)
            (masks + count).initialize(to: bits[word])
            count += 1
        }
        self.count = count
    }

    // Slow path: with its owner.
    deinit {
        words.deallocate()
        masks.deallocate()
    }

    /// The hash of the words of `key` that count, cut down.
    ///
    /// - Parameter width: ``count``, as a constant where it is known.
    @inline(__always) @_noLocks
    func hash(_ key: UnsafePointer<FlowKey>, _ hash: KeyHash, width: Int) -> UInt64 {
        let source = UnsafeRawPointer(key).assumingMemoryBound(to: UInt64.self)
        var result: UInt64 = 0
        var index = 0
        // Safe: count ≤ FlowKey.packetWordCount, and so is each word number.
        while index &+ 1 < width {
            let first = source[words[index]] & masks[index]
            let second = source[words[index &+ 1]] & masks[index &+ 1]
            result ^= hash.pair(first, second, at: index)
            index &+= 2
        }
        if index < width { result ^= hash.single(source[words[index]] & masks[index], at: index) }
        return result
    }

    /// Writes the words of `key` that count, cut down, to `compact`; their hash.
    @inline(__always) @_noLocks
    func extract(
        _ key: UnsafePointer<FlowKey>, into compact: UnsafeMutablePointer<UInt64>, _ hash: KeyHash
    ) -> UInt64 {
        let source = UnsafeRawPointer(key).assumingMemoryBound(to: UInt64.self)
        var index = 0
        // Safe: as above.
        while index < count {
            compact[index] = source[words[index]] & masks[index]
            index &+= 1
        }
        return self.hash(key, hash, width: count)
    }

    /// Whether the words of `key` that count, cut down, are these.
    ///
    /// - Parameter width: what ``count`` often is; as a constant, it spares a loop.
    @inline(__always) @_noLocks
    func matches(_ key: UnsafePointer<FlowKey>, _ compact: UnsafePointer<UInt64>, width: Int) -> Bool {
        count == width ? agree(key, compact, width) : agree(key, compact, count)
    }

    @inline(__always) @_noLocks
    private func agree(_ key: UnsafePointer<FlowKey>, _ compact: UnsafePointer<UInt64>, _ width: Int) -> Bool {
        let source = UnsafeRawPointer(key).assumingMemoryBound(to: UInt64.self)
        var difference: UInt64 = 0
        var index = 0
        // Safe: as above.
        while index < width {
            difference |= source[words[index]] & masks[index] ^ compact[index]
            index &+= 1
        }
        return difference == 0
    }

    /// How much of a packet must be parsed to know the words that count.
    var depth: ParseDepth {
        var depth = ParseDepth.port
        for index in 0..<count {
            let word = Int(words[index])
            let portOnly = word == KeyLayout.physicalPort
                || word == KeyLayout.portAndTypes && masks[index] & 0xffff_ffff == 0
            let ethernet = word <= KeyLayout.ethernetSource
                && (word != KeyLayout.portAndTypes || masks[index] & 0xffff == 0)
            if !portOnly { depth = max(depth, ethernet ? .ethernet : .full) }
        }
        return depth
    }
}

/// How far into a packet the caches look.
enum ParseDepth: UInt8, Comparable {
    /// Not at all: the port by which it came is enough.
    case port
    /// Ethernet addresses, type and VLAN tags.
    case ethernet
    /// Every header.
    case full

    static func < (left: ParseDepth, right: ParseDepth) -> Bool { left.rawValue < right.rawValue }

    var isPort: Bool {
        @inline(__always) @_noLocks get { if case .port = self { true } else { false } }
    }

    var isFull: Bool {
        @inline(__always) @_noLocks get { if case .full = self { true } else { false } }
    }
}
