import Packet

/// Where fields lie in a key, in the form that lookups need: plain data, made once from the field registry.
struct KeyPlan: BitwiseCopyable, Sendable {
    /// By word, the highest bit of each field, of overlapping ones the widest.
    private var tops: InlineArray<32, UInt64>

    init() {
        tops = InlineArray(repeating: 1 << 63)
        var taken = FlowMask()
        for field in FieldID.allCases.map({ Field[$0] }).sorted(by: { $0.width > $1.width }) {
            var bits = FlowMask()
            bits[field] = field.allOnes
            guard (bits & taken).isZero else { continue }
            taken = taken | bits
            guard field.width < 64 else { continue }
            tops[field.word] |= 1 << UInt64(field.shift + field.width - 1)
            if field.shift > 0 { tops[field.word] |= 1 << UInt64(field.shift - 1) }
        }
    }

    /// The bits of the field that a bit of a word is in.
    @inline(__always) @_noLocks
    func field(around bit: Int, word: Int) -> UInt64 {
        let below = UInt64(truncatingIfNeeded: 1) &<< UInt64(truncatingIfNeeded: bit)
        let top = (tops[word] & ~(below &- 1)).trailingZeroBitCount
        let next = tops[word] & (below &- 1)
        let upTo = UInt64.max &>> UInt64(truncatingIfNeeded: 63 &- top)
        return next == 0 ? upTo : upTo & ~(UInt64.max &>> UInt64(truncatingIfNeeded: next.leadingZeroBitCount))
    }
}
