import Packet

/// The words for ip_frag (ovs-fields(7)), with the bits they stand for.
enum FlowTextFragment {
    private static let any = UInt128(KeyLayout.fragmentAny)
    private static let later = UInt128(KeyLayout.fragmentLater)

    static let words: [(name: String, value: UInt128, mask: UInt128)] = [
        ("no", 0, any | later), ("first", any, any | later), ("later", any | later, any | later),
        ("yes", any, any), ("not_later", 0, later),
    ]

    static func text(_ value: UInt128, mask: UInt128) -> String {
        words.first { $0.value == value && $0.mask == mask }?.name
            ?? "\(Field.hexadecimal(value))/\(Field.hexadecimal(mask))"
    }
}

/// The names of the TCP flags, from the lowest bit up (RFC 9293 §3.1, RFC 3540; the three reserved bits by number).
enum FlowTextTCPFlags {
    static let names = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns", "[200]", "[400]", "[800]"]

    static func text(_ value: UInt128, mask: UInt128, allOnes: UInt128) -> String {
        if mask == allOnes {
            let set = names.indices.filter { value >> UInt128($0) & 1 != 0 }
            return set.isEmpty ? "0" : set.map { names[$0] }.joined(separator: "|")
        }
        return names.indices.filter { mask >> UInt128($0) & 1 != 0 }
            .map { (value >> UInt128($0) & 1 != 0 ? "+" : "-") + names[$0] }.joined()
    }
}

extension FlowTextReader {
    /// `no`, `yes`, `first`, `later`, `not_later`, or bits as a number with a mask.
    func fragment(_ field: Field, _ range: Range<Int>) throws(FlowTextError) -> MaskedValue {
        for word in FlowTextFragment.words where matches(range, word.name) {
            return MaskedValue(word.value, word.mask)
        }
        guard Ascii.isDigit(bytes[range.lowerBound]), firstIndex(of: Ascii.slash, in: range) != nil else {
            throw error(
                at: range.lowerBound,
                "“\(text(range))” is no kind of fragment: write no, yes, first, later or not_later")
        }
        return try maskedNumber(field, range)
    }

    /// `syn|ack`, `+syn-ack`, a number, or a number with a mask.
    func tcpFlags(_ field: Field, _ range: Range<Int>) throws(FlowTextError) -> MaskedValue {
        let first = bytes[range.lowerBound]
        if first == Ascii.plus || first == Ascii.minus { return try signedFlags(range) }
        if firstIndex(of: Ascii.slash, in: range) != nil { return try maskedNumber(field, range) }
        var value: UInt128 = 0
        var start = range.lowerBound
        while start < range.upperBound {
            let end = firstIndex(of: Ascii.bar, in: start..<range.upperBound) ?? range.upperBound
            let word = start..<end
            if !word.isEmpty && Ascii.isDigit(bytes[start]) {
                value |= try number(word, maximum: field.allOnes, for: field.name)
            } else {
                value |= 1 << UInt128(try flagBit(word))
            }
            start = end + 1
        }
        return MaskedValue(value, field.allOnes)
    }

    private func signedFlags(_ range: Range<Int>) throws(FlowTextError) -> MaskedValue {
        var (value, mask): (UInt128, UInt128) = (0, 0)
        var start = range.lowerBound
        while start < range.upperBound {
            var end = start + 1
            while end < range.upperBound && bytes[end] != Ascii.plus && bytes[end] != Ascii.minus { end += 1 }
            let bit: UInt128 = 1 << UInt128(try flagBit(start + 1..<end))
            if mask & bit != 0 { throw error(at: start, "\(text(start + 1..<end)) stands here a second time") }
            mask |= bit
            if bytes[start] == Ascii.plus { value |= bit }
            start = end
        }
        return MaskedValue(value, mask)
    }

    private func flagBit(_ word: Range<Int>) throws(FlowTextError) -> Int {
        if let bit = FlowTextTCPFlags.names.firstIndex(where: { matches(word, $0) }) { return bit }
        throw error(
            at: word.lowerBound,
            "“\(text(word))” is no TCP flag: there are \(FlowTextTCPFlags.names.joined(separator: ", "))")
    }
}
