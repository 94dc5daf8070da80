import Packet

extension FlowTextActionParser {
    /// `set_field:VALUE[/MASK]->FIELD`
    mutating func setField(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        let (value, target) = try arrow(item, "VALUE->FIELD")
        switch FlowTextNames.match.find(reader.bytes, target) {
        case .vlanIdentifier:
            // dl_vlan adds a tag where there is none, as mod_vlan_vid does.
            return try taken(
                .modVLANVID(UInt16(reader.number(value, maximum: 0xfff, for: "dl_vlan"))), at: target)
        case .typeOfService:
            let codepoint = try reader.typeOfService(value)
            return try setField(.ipDSCP, MaskedValue(codepoint, Field[.ipDSCP].allOnes), at: target)
        default:
            let slice = try reader.fieldSlice(target, in: check?.protocols)
            guard reader.namesNoBits(target) else {
                throw reader.error(at: target.lowerBound, "set_field sets whole fields: use VALUE/MASK, or load")
            }
            let field = Field[slice.field]
            let masked = try reader.fieldValue(field, value)
            if masked.mask == 0 {
                throw reader.error(at: value.lowerBound, "this mask sets no bit of \(field.name): leave the action out")
            }
            let present = UInt128(KeyLayout.vlanPresent)
            if slice.field == .vlanVID && masked.value & present == 0 {
                throw reader.error(
                    at: value.lowerBound,
                    "vlan_vid must have bit 12 (tag present) set: add 0x1000 to the value, and to a mask")
            }
            return try setField(slice.field, masked, at: target)
        }
    }

    /// The action, if the field may be set here.
    mutating func setField(
        _ id: FieldID, _ value: MaskedValue, at place: Range<Int>
    ) throws(FlowTextError) -> Action {
        try requireWritable(id, at: place)
        return try taken(.setField(id, value: value.value, mask: value.mask), at: place)
    }

    /// `load:VALUE->FIELD[FIRST..LAST]`
    mutating func load(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        let (value, target) = try arrow(item, "VALUE->FIELD[FIRST..LAST]")
        var slice = try reader.fieldSlice(target, in: check?.protocols)
        if slice.bitCount > 64 {
            throw reader.error(at: target.lowerBound, "load sets 64 bits at most: use set_field, or two loads")
        }
        let maximum: UInt128 = (1 << UInt128(slice.bitCount)) - 1
        let number = try reader.number(value, maximum: maximum, for: reader.text(target))
        try requireWritable(slice.field, at: target)
        // The 16-bit port number that Open vSwitch's in_port holds stands for the whole field.
        if slice.field == .inPort && reader.namesNoBits(target) { slice = FieldSlice(.inPort) }
        return try taken(.load(value: UInt64(truncatingIfNeeded: number), to: slice), at: target)
    }

    /// `move:SOURCE[FIRST..LAST]->DESTINATION[FIRST..LAST]`
    mutating func move(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        let (sourceRange, target) = try arrow(item, "SOURCE->DESTINATION")
        let source = try reader.fieldSlice(sourceRange, in: check?.protocols)
        let destination = try reader.fieldSlice(target, in: check?.protocols)
        if source.bitCount != destination.bitCount {
            throw reader.error(
                at: target.lowerBound,
                "move needs equal widths: \(reader.text(sourceRange)) has \(source.bitCount) bits, "
                    + "\(reader.text(target)) has \(destination.bitCount)")
        }
        // Of the source first, so that the error stands at its name.
        _ = try taken(.outputField(source), at: sourceRange)
        try requireWritable(destination.field, at: target)
        return try taken(.move(from: source, to: destination), at: target)
    }

    func arrow(
        _ item: FlowTextItem, _ form: String
    ) throws(FlowTextError) -> (value: Range<Int>, target: Range<Int>) {
        try requireValue(item, form)
        guard let cut = reader.cutAtArrow(item.value), !cut.value.isEmpty, !cut.target.isEmpty else {
            let name = reader.text(item.key)
            throw reader.error(at: item.value.lowerBound, "write \(name):\(form)")
        }
        return cut
    }

    /// Whether actions may change a field at all.
    func requireWritable(_ id: FieldID, at place: Range<Int>) throws(FlowTextError) {
        if !Field[id].isWritable {
            throw reader.error(at: place.lowerBound, "\(Field[id].name) is read-only")
        }
    }

    /// An action that suits what the packet is known to be; from here on the packet is what the action makes of it.
    mutating func taken(_ action: Action, at place: Range<Int>) throws(FlowTextError) -> Action {
        guard let protocols = check?.protocols else { return action }
        do {
            try check?.take(action)
            return action
        } catch {
            throw inconsistency(error, at: place, protocols)
        }
    }

    private func inconsistency(
        _ reason: ActionCheck.Reason, at place: Range<Int>, _ protocols: MatchedProtocols
    ) -> FlowTextError {
        switch reason {
        case .missingPrerequisite(let id):
            reader.missingPrerequisite(Field[id].prerequisite, at: place, protocols)
        case .tooManyVLANTags: reader.error(at: place.lowerBound, "\(reason)")
        case .missingVLANTag:
            reader.error(
                at: place.lowerBound,
                "\(reader.text(place)) needs a VLAN tag: match on one (dl_vlan=VID), or add one first "
                    + "(push_vlan:0x8100)")
        default: reader.error(at: place.lowerBound, "\(reader.text(place)): \(reason)")
        }
    }
}
