import Packet

/// Which bits the flows of all tables match on.
struct MaskUse {
    /// The union of all masks.
    private(set) var union = FlowMask()
    /// How many flows have each mask.
    private var masks: [Mask: Int] = [:]
    /// How many of these masks have each bit.
    private var bits = [Int](repeating: 0, count: FlowKey.wordCount * 64)

    /// A mask that hashes only the words that count, for most are zero.
    private struct Mask: Hashable {
        let bits: FlowMask

        func hash(into hasher: inout Hasher) {
            var rest = bits.wordSet
            hasher.combine(rest)
            while rest != 0 {
                hasher.combine(bits[rest.trailingZeroBitCount])
                rest &= rest - 1
            }
        }
    }

    mutating func add(_ mask: FlowMask) {
        let key = Mask(bits: mask)
        let count = masks[key, default: 0] + 1
        masks[key] = count
        if count == 1 { countBits(of: mask, step: 1) }
    }

    mutating func remove(_ mask: FlowMask) {
        let key = Mask(bits: mask)
        let count = masks[key, default: 0] - 1
        masks[key] = count == 0 ? nil : count
        if count == 0 { countBits(of: mask, step: -1) }
    }

    private mutating func countBits(of mask: FlowMask, step: Int) {
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
