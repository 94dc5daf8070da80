// Hot path: finding a megaflow under one mask.
import Packet

/// The megaflows of one mask: an open-addressing index of 32-bit tags and arena positions.
struct MegaflowSubtable: ~Copyable {
    let mask: FlowMask
    /// See ``signature(_:)``.
    let signature: UInt64
    let key: KeyMask
    private(set) var count = 0
    /// Packets that found their megaflow here since the last ranking.
    var hits: UInt64 = 0

    /// Bytes of one megaflow with its key.
    private let stride: Int
    private static let chunkMegaflows = 1024
    private var chunks: [UnsafeMutableRawPointer] = []
    private var used = 0
    private var free: [MegaflowPointer] = []

    /// Power of two; a zero pointer is an empty slot.
    private var index: UnsafeMutablePointer<MegaflowPointer?>
    private var indexMask: Int

    // Slow path: part of a translation.
    init(mask: FlowMask) {
        self.mask = mask
        signature = Self.signature(mask)
        key = KeyMask(mask)
        stride = MemoryLayout<Megaflow>.stride + key.count * 8
        indexMask = 63
        index = .allocate(capacity: 64)
        index.initialize(repeating: nil, count: 64)
    }

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

    // Slow path: when flows have changed.
    deinit {
        index.deallocate()
        for chunk in chunks { chunk.deallocate() }
    }

    /// The megaflow with these compact words.
    @inline(__always) @_noLocks
    func find(_ words: UnsafePointer<UInt64>, hash: UInt64) -> MegaflowPointer? {
        var position = Int(truncatingIfNeeded: hash) & indexMask
        while let candidate = index[position] {
            if candidate.pointee.hash == hash, equal(candidate.words, words) { return candidate }
            position = (position &+ 1) & indexMask
        }
        return nil
    }

    @inline(__always) @_noLocks
    private func equal(_ left: UnsafePointer<UInt64>, _ right: UnsafePointer<UInt64>) -> Bool {
        var difference: UInt64 = 0
        var word = 0
        while word < key.count {
            difference |= left[word] ^ right[word]
            word &+= 1
        }
        return difference == 0
    }

    /// Room for a further megaflow, its key filled in and indexed; the caller initialises the rest at once.
    // Slow path: part of a translation.
    mutating func insert(_ words: UnsafePointer<UInt64>, _ megaflow: Megaflow) -> MegaflowPointer {
        let place = free.popLast() ?? nextInArena()
        place.initialize(to: megaflow)
        place.words.update(from: words, count: key.count)
        count += 1
        if count * 2 > indexMask { grow() }
        enter(place)
        return place
    }

    /// Takes a megaflow out; its memory may be used again for another of this subtable.
    // Slow path: part of a translation.
    mutating func remove(_ megaflow: MegaflowPointer) {
        var position = Int(truncatingIfNeeded: megaflow.pointee.hash) & indexMask
        while index[position] != megaflow { position = (position + 1) & indexMask }
        // Close the gap, so that no search ends early: move back what a probe from its home would miss.
        var next = (position + 1) & indexMask
        while let candidate = index[next] {
            let home = Int(truncatingIfNeeded: candidate.pointee.hash) & indexMask
            if (next - home) & indexMask >= (next - position) & indexMask {
                index[position] = candidate
                position = next
            }
            next = (next + 1) & indexMask
        }
        index[position] = nil
        megaflow.pointee.stamp = 0
        count -= 1
        free.append(megaflow)
    }

    // Slow path: part of a translation.
    private mutating func nextInArena() -> MegaflowPointer {
        if used == chunks.count * Self.chunkMegaflows {
            chunks.append(.allocate(byteCount: Self.chunkMegaflows * stride, alignment: 64))
        }
        let place = chunks[used / Self.chunkMegaflows] + used % Self.chunkMegaflows * stride
        used += 1
        return place.bindMemory(to: Megaflow.self, capacity: 1)
    }

    // Slow path: part of a translation.
    private func enter(_ megaflow: MegaflowPointer) {
        var position = Int(truncatingIfNeeded: megaflow.pointee.hash) & indexMask
        while index[position] != nil { position = (position + 1) & indexMask }
        index[position] = megaflow
    }

    // Slow path: part of a translation.
    private mutating func grow() {
        let old = index
        let oldCount = indexMask + 1
        indexMask = oldCount * 2 - 1
        index = .allocate(capacity: oldCount * 2)
        index.initialize(repeating: nil, count: oldCount * 2)
        for position in 0..<oldCount { if let megaflow = old[position] { enter(megaflow) } }
        old.deallocate()
    }
}
