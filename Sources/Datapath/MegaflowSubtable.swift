// Hot path: finding a megaflow under one mask.
import Packet

/// The megaflows of one mask.
struct MegaflowSubtable: ~Copyable {
    let mask: FlowMask
    /// See ``signature(_:)``.
    let signature: UInt64
    let key: KeyMask
    /// Packets that found their megaflow here since the last ranking.
    var hits: UInt64 = 0

    private var arena: MegaflowArena
    private var index = MegaflowIndex()

    // Slow path: part of a translation.
    init(mask: FlowMask) {
        self.mask = mask
        signature = Self.signature(mask)
        key = KeyMask(mask)
        arena = MegaflowArena(wordCount: key.count)
    }

    var count: Int { index.count }

    /// A number that tells most masks apart, to compare first.
    // Slow path: part of a translation.
    static func signature(_ mask: FlowMask) -> UInt64 {
        let words = mask.words.span
        var result: UInt64 = 0
        for word in 0..<FlowKey.packetWordCount {
            result = (result ^ words[word]) &* 0x9e37_79b9_7f4a_7c15
            result ^= result >> 29
        }
        return result
    }

    /// The megaflow that a packet belongs to.
    @inline(__always) @_noLocks
    func find(_ packetKey: UnsafePointer<FlowKey>, _ hash: KeyHash) -> MegaflowPointer? {
        find(packetKey, hash: key.hash(packetKey, hash, width: key.count))
    }

    /// - Parameter hash: of the words of the packet's key that count.
    @inline(__always) @_noLocks
    func find(_ packetKey: UnsafePointer<FlowKey>, hash: UInt64) -> MegaflowPointer? {
        index.find(packetKey, key, hash: hash)
    }

    /// Keeps a megaflow under these compact words.
    // Slow path: part of a translation.
    mutating func insert(
        _ words: UnsafePointer<UInt64>, _ megaflow: Megaflow, _ record: MegaflowRecord
    ) -> MegaflowPointer {
        let place = arena.allocate()
        place.initialize(to: megaflow)
        place.record.initialize(to: record)
        place.words.update(from: words, count: key.count)
        index.insert(place)
        return place
    }

    /// Takes a megaflow out; its memory may be used again for another of this subtable.
    // Slow path: part of a translation.
    mutating func remove(_ megaflow: MegaflowPointer) {
        index.remove(megaflow)
        megaflow.pointee.stamp = 0
        arena.free(megaflow)
    }
}
