import Packet

/// Which bits the flows of all tables match on.
struct MaskUse {
    /// The union of all masks.
    private(set) var union = FlowMask()
    /// How many flows have each mask.
    private var masks: [Mask: Int] = [:]
    /// The mask counted last; its count here is the one that holds.
    private var recent: (mask: FlowMask, count: Int) = (FlowMask(), 0)
    /// How many of these masks have each bit.
    private var bits = [Int](repeating: 0, count: FlowKey.wordCount * 64)

    /// A mask that hashes only the words that count, for most are zero.
    private struct Mask: Hashable {
        let bits: FlowMask

        func hash(into hasher: inout Hasher) {
            let bits = bits.words.span
            var folded: UInt64 = 0
            for word in 0..<FlowKey.wordCount where bits[word] != 0 {
                folded = (folded ^ bits[word] ^ UInt64(word)) &* 0x9e37_79b9_7f4a_7c15
                folded ^= folded >> 29
            }
            hasher.combine(folded)
        }
    }

    mutating func add(_ mask: FlowMask) { count(mask, step: 1) }

    mutating func remove(_ mask: FlowMask) { count(mask, step: -1) }

    private mutating func count(_ mask: FlowMask, step: Int) {
        // Flows with the same mask mostly come one after another.
        if mask == recent.mask, recent.count + step > 0, recent.count > 0 {
            recent.count += step
            return
        }
        masks[Mask(bits: recent.mask)] = recent.count > 0 ? recent.count : nil
        recent = (mask, masks[Mask(bits: mask), default: 0] + step)
        if recent.count == 0 || recent.count == step { countBits(of: mask, step: step) }
    }

    private mutating func countBits(of mask: FlowMask, step: Int) {
        let mask = mask.words.span
        for word in 0..<FlowKey.wordCount {
            var rest = mask[word]
            while rest != 0 {
                let bit = rest.trailingZeroBitCount
                rest &= rest - 1
                bits[word * 64 + bit] += step
                if bits[word * 64 + bit] > 0 {
                    union[word] |= 1 << UInt64(bit)
                } else {
                    union[word] &= ~(1 << UInt64(bit))
                }
            }
        }
    }
}
