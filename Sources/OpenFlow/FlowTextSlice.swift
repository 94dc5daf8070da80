import Packet

extension FlowTextReader {
    /// `FIELD`, `FIELD[]`, `FIELD[BIT]` or `FIELD[FIRST..LAST]`, by any of the field's names.
    ///
    /// Without bits named, `vlan_vid` stands for its low 12 and `in_port` (but for `OXM_OF_IN_PORT`) for its low 16:
    /// that is their width in Open vSwitch, which flows that move them count on.
    ///
    /// - Parameter protocols: what decides which field a name like `tp_src` means; `nil`: the first it can mean.
    func fieldSlice(
        _ range: Range<Int>, in protocols: MatchedProtocols? = nil
    ) throws(FlowTextError) -> FieldSlice {
        let bracket = firstIndex(of: Ascii.openBracket, in: range)
        let name = range.lowerBound..<(bracket ?? range.upperBound)
        let field = Field[try fieldID(name, in: protocols)]
        let impliedWidth = impliedWidth(of: field, named: name)
        guard let bracket else { return FieldSlice(field.id, firstBit: 0, bitCount: impliedWidth) }
        guard bytes[range.upperBound - 1] == Ascii.closeBracket else {
            throw error(at: bracket, "a bracket is missing: write \(text(name))[], [BIT] or [FIRST..LAST]")
        }
        let inner = bracket + 1..<range.upperBound - 1
        if inner.isEmpty { return FieldSlice(field.id, firstBit: 0, bitCount: impliedWidth) }
        let firstRange = inner.lowerBound..<(firstIndex(of: Ascii.dot, in: inner) ?? inner.upperBound)
        let first = try bit(firstRange, of: field)
        if firstRange.upperBound == inner.upperBound {
            return FieldSlice(field.id, firstBit: first, bitCount: 1)
        }
        let lastStart = firstRange.upperBound + 2
        guard lastStart < inner.upperBound, bytes[lastStart - 1] == Ascii.dot else {
            throw error(at: firstRange.upperBound, "write the bits as [FIRST..LAST]")
        }
        let last = try bit(lastStart..<inner.upperBound, of: field)
        if last < first {
            throw error(at: inner.lowerBound, "the first bit, \(first), stands above the last, \(last): swap them")
        }
        return FieldSlice(field.id, firstBit: first, bitCount: last - first + 1)
    }

    private func impliedWidth(of field: Field, named name: Range<Int>) -> Int {
        switch field.id {
        case .vlanVID: 12
        case .inPort: matches(name, "OXM_OF_IN_PORT") || matches(name, "in_port_oxm") ? field.width : 16
        default: field.width
        }
    }

    /// Whether a slice is written without bits: `FIELD` or `FIELD[]`.
    func namesNoBits(_ range: Range<Int>) -> Bool {
        guard let bracket = firstIndex(of: Ascii.openBracket, in: range) else { return true }
        return bracket + 2 == range.upperBound
    }

    private func bit(_ range: Range<Int>, of field: Field) throws(FlowTextError) -> Int {
        Int(try number(range, maximum: UInt128(field.width - 1), for: "a bit of \(field.name)"))
    }

    /// The field of a name. `protocols`: as for ``fieldSlice(_:in:)``.
    func fieldID(_ name: Range<Int>, in protocols: MatchedProtocols?) throws(FlowTextError) -> FieldID {
        switch FlowTextNames.match.find(bytes, name) {
        case .field(let id): return id
        case .alternative(let alternative):
            guard let protocols else { return alternative.fields[0] }
            if let id = alternative.field(in: protocols) { return id }
            throw missingAlternative(alternative, at: name, protocols)
        case .typeOfService: throw error(at: name.lowerBound, "\(text(name)) has no bits to choose: use ip_dscp")
        case .vlanIdentifier: throw error(at: name.lowerBound, "dl_vlan has no bits to choose: use vlan_tci")
        case .shorthand, .property, .statistic, .deletionFilter, .actions:
            throw error(at: name.lowerBound, "\(text(name)) is not a field")
        case nil: throw unknownField(name)
        }
    }
}
