import Packet

/// Gathers a match from its items. Their order does not matter: prerequisites are looked at when all are read.
struct FlowTextMatchParser {
    private let reader: FlowTextReader
    private var match = Match()
    /// The fields given so far, each with the place of its name.
    private var given: [(field: FieldID, place: Range<Int>, isSlice: Bool, isWildcard: Bool)] = []
    /// The items whose field depends on the rest of the match.
    private var postponed: [(alternative: FlowTextAlternative, item: FlowTextItem)] = []

    init(_ reader: FlowTextReader) { self.reader = reader }

    /// Takes an item that belongs to a match; returns the keyword of one that belongs to the flow around it.
    mutating func take(_ item: FlowTextItem) throws(FlowTextError) -> FlowTextKeyword? {
        let keyword = FlowTextNames.match.find(reader.bytes, item.key)
        switch keyword {
        case .field(let id): try set(id, item)
        case .alternative(let alternative): postponed.append((alternative, item))
        case .typeOfService: try setTypeOfService(item)
        case .vlanIdentifier: try setVLANIdentifier(item)
        case .shorthand(let shorthand): try set(shorthand, item)
        case .property, .statistic, .deletionFilter, .actions: return keyword
        case nil:
            if reader.firstIndex(of: Ascii.openBracket, in: item.key) == nil { throw reader.unknownField(item.key) }
            try setSlice(item)
        }
        return nil
    }

    /// `FIELD[FIRST..LAST]=NUMBER`, or `FIELD[]=VALUE`.
    private mutating func setSlice(_ item: FlowTextItem) throws(FlowTextError) {
        try requireValue(item)
        let slice = try reader.fieldSlice(item.key)
        let field = Field[slice.field]
        if slice.isWholeField || reader.namesNoBits(item.key) {
            let isNumber = field.format != .port && reader.looksLikeNumber(item.value)
            let value =
                isNumber ? try reader.maskedNumber(field, item.value) : try reader.fieldValue(field, item.value)
            try add(field, value, item, isSlice: false)
            return
        }
        if field.masks == .exactOnly {
            throw reader.error(
                at: item.key.lowerBound, "\(field.name) can't be masked: match on the whole field, or leave it out")
        }
        let bits: UInt128 = (1 << UInt128(slice.bitCount)) - 1
        let value = try reader.number(item.value, maximum: bits, for: reader.text(item.key))
        let shift = UInt128(slice.firstBit)
        try add(field, MaskedValue(value << shift, bits << shift), item, isSlice: true)
    }

    /// The match, once its prerequisites are found to be met.
    mutating func finish() throws(FlowTextError) -> Match {
        // The protocol first: it decides what the ports are.
        try resolve { $0 == .ipProtocol }
        try resolve { $0 != .ipProtocol }
        let protocols = MatchedProtocols(match)
        for entry in given where !entry.isWildcard {
            let prerequisite = Field[entry.field].prerequisite
            if !protocols.satisfy(prerequisite) {
                throw reader.missingPrerequisite(prerequisite, at: entry.place, protocols)
            }
        }
        return match
    }

    private mutating func resolve(_ isMeant: (FlowTextAlternative) -> Bool) throws(FlowTextError) {
        guard postponed.contains(where: { isMeant($0.alternative) }) else { return }
        let protocols = MatchedProtocols(match)
        for (alternative, item) in postponed where isMeant(alternative) {
            if let field = alternative.field(in: protocols) {
                try set(field, item)
                continue
            }
            try requireValue(item)
            if !reader.matches(item.value, "*") {
                throw reader.missingAlternative(alternative, at: item.key, protocols)
            }
        }
    }

    private mutating func set(_ id: FieldID, _ item: FlowTextItem) throws(FlowTextError) {
        try requireValue(item)
        let field = Field[id]
        let value = try reader.fieldValue(field, item.value)
        if id == .vlanVID { try checkPresence(value, item) }
        try add(field, value, item, isSlice: false)
    }

    /// A VLAN identifier without the bit that says there is a tag matches no packet; its writer meant another thing.
    private func checkPresence(_ value: MaskedValue, _ item: FlowTextItem) throws(FlowTextError) {
        let present = UInt128(KeyLayout.vlanPresent)
        if value.mask & present != 0 && value.value & present == 0 && value.value != 0 {
            throw reader.error(
                at: item.value.lowerBound,
                "vlan_vid must have bit 12 (tag present) set to match a tag: write dl_vlan=\(value.value) "
                    + "or vlan_vid=\(Field.hexadecimal(value.value | present))")
        }
    }

    private mutating func setTypeOfService(_ item: FlowTextItem) throws(FlowTextError) {
        try requireValue(item)
        if reader.matches(item.value, "*") { return try set(.ipDSCP, item) }
        let field = Field[.ipDSCP]
        try add(field, MaskedValue(try reader.typeOfService(item.value), field.allOnes), item, isSlice: false)
    }

    private mutating func setVLANIdentifier(_ item: FlowTextItem) throws(FlowTextError) {
        try requireValue(item)
        let field = Field[.vlanVID]
        if reader.matches(item.value, "*") { return try set(.vlanVID, item) }
        if let slash = reader.firstIndex(of: Ascii.slash, in: item.value) {
            throw reader.error(at: slash + 1, "dl_vlan can't be masked: use vlan_vid or vlan_tci")
        }
        let number = try reader.number(item.value, as: UInt16.self, for: "dl_vlan")
        if number > 0xfff && number != 0xffff {
            throw reader.error(
                at: item.value.lowerBound,
                "\(number) is too large for dl_vlan: 4095 at most, or 0xffff for packets without a tag")
        }
        let value = number == 0xffff ? 0 : UInt128(number) | UInt128(KeyLayout.vlanPresent)
        try add(field, MaskedValue(value, field.allOnes), item, isSlice: false)
    }

    private mutating func set(_ shorthand: FlowTextShorthand, _ item: FlowTextItem) throws(FlowTextError) {
        if let delimiter = item.delimiter {
            let mark = String(UnicodeScalar(delimiter))
            throw reader.error(at: item.key.upperBound, "\(shorthand.name) takes no value: leave out “\(mark)…”")
        }
        if let etherType = shorthand.etherType { try merge(Field[.ethType], exactly: UInt128(etherType), item) }
        if let ipProtocol = shorthand.ipProtocol { try merge(Field[.ipProto], exactly: UInt128(ipProtocol), item) }
    }

    private func requireValue(_ item: FlowTextItem) throws(FlowTextError) {
        if item.delimiter == nil || item.value.isEmpty {
            let name = reader.text(item.key)
            throw reader.error(at: item.key.upperBound, "\(name) needs a value: write \(name)=… without spaces")
        }
        if item.delimiter == Ascii.open {
            let name = reader.text(item.key)
            throw reader.error(at: item.key.upperBound, "write \(name)=VALUE, without parentheses")
        }
    }

    private mutating func add(
        _ field: Field, _ value: MaskedValue, _ item: FlowTextItem, isSlice: Bool
    ) throws(FlowTextError) {
        let earlier = given.first { $0.field == field.id }
        if let earlier, !(isSlice && earlier.isSlice) {
            throw reader.error(at: item.key.lowerBound, "\(field.name) stands here a second time")
        }
        try merge(field, value, item)
        // A field of the tag implies the tag, as in Open vSwitch.
        if field.prerequisite == .vlan && value.mask != 0 {
            let present = UInt128(KeyLayout.vlanPresent)
            try merge(Field[.vlanTCI], MaskedValue(present, present), item)
        }
        if earlier == nil { given.append((field.id, item.key, isSlice, value.mask == 0)) }
    }

    private mutating func merge(_ field: Field, exactly value: UInt128, _ item: FlowTextItem) throws(FlowTextError) {
        try merge(field, MaskedValue(value, field.allOnes), item)
    }

    /// Adds bits to the match. Bits that stand there already must agree.
    private mutating func merge(_ field: Field, _ value: MaskedValue, _ item: FlowTextItem) throws(FlowTextError) {
        let common = match.mask[field] & value.mask
        if common != 0 && (match.key[field] ^ value.value) & common != 0 {
            let earlier = field.text(match.key[field], mask: match.mask[field])
            throw reader.error(
                at: item.key.lowerBound,
                "\(reader.text(item.key)) contradicts an earlier item, which says \(field.name)=\(earlier)")
        }
        match.set(field.id, value.value, mask: value.mask)
    }
}

extension FlowTextReader {
    /// `nw_tos`'s value as one of ip_dscp.
    func typeOfService(_ range: Range<Int>) throws(FlowTextError) -> UInt128 {
        let byte = try number(range, maximum: 0xff, for: "nw_tos")
        if byte & 3 != 0 {
            throw error(
                at: range.lowerBound,
                "nw_tos is a byte whose two low bits are zero: write \(byte & 0xfc), and nw_ecn=\(byte & 3) for those")
        }
        return byte >> 2
    }

    func looksLikeNumber(_ range: Range<Int>) -> Bool {
        for index in range where !Ascii.isDigit(bytes[index]) && bytes[index] != Ascii.slash {
            return index == range.lowerBound + 1 && bytes[index] | 0x20 == 0x78
        }
        return true
    }

    func missingPrerequisite(
        _ prerequisite: Field.Prerequisite, at place: Range<Int>, _ protocols: MatchedProtocols
    ) -> FlowTextError {
        if protocols.isLaterFragment && [.tcp, .udp, .sctp].contains(prerequisite) {
            return error(at: place.lowerBound, "later fragments have no \(text(place)): leave out ip_frag=later")
        }
        return error(
            at: place.lowerBound, "\(text(place)) needs \(prerequisite.flowText) in the match: add it before actions=")
    }

    func missingAlternative(
        _ alternative: FlowTextAlternative, at place: Range<Int>, _ protocols: MatchedProtocols
    ) -> FlowTextError {
        if protocols.isLaterFragment {
            return error(at: place.lowerBound, "later fragments have no \(text(place)): leave out ip_frag=later")
        }
        let choices = alternative.fields.map { Field[$0].prerequisite.flowText }.joined(separator: ", ")
        return error(
            at: place.lowerBound, "\(text(place)) needs one of \(choices) in the match: add it before actions=")
    }
}
