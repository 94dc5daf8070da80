import Packet

extension FlowTextActionParser {
    /// `set_field:VALUE[/MASK]->FIELD`
    mutating func setField(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        let (value, target) = try arrow(item, "VALUE->FIELD")
        switch FlowTextNames.match.find(reader.bytes, target) {
        case .vlanIdentifier:
            // dl_vlan adds a tag where there is none, as mod_vlan_vid does.
            let number = try reader.number(value, maximum: 0xfff, for: "dl_vlan")
            if let tags = protocols?.vlanTags { protocols?.vlanTags = max(tags, 1) }
            return .modVLANVID(UInt16(number))
        case .typeOfService:
            let codepoint = try reader.typeOfService(value)
            return try setField(.ipDSCP, MaskedValue(codepoint, Field[.ipDSCP].allOnes), at: target)
        default:
            let slice = try reader.fieldSlice(target, in: protocols)
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
        let present = UInt128(KeyLayout.vlanPresent)
        if id == .vlanTCI && value.mask & present != 0, let tags = protocols?.vlanTags {
            protocols?.vlanTags = value.value & present != 0 ? max(tags, 1) : max(tags - 1, 0)
        }
        return .setField(id, value: value.value, mask: value.mask)
    }

    /// `load:VALUE->FIELD[FIRST..LAST]`
    mutating func load(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        let (value, target) = try arrow(item, "VALUE->FIELD[FIRST..LAST]")
        var slice = try reader.fieldSlice(target, in: protocols)
        if slice.bitCount > 64 {
            throw reader.error(at: target.lowerBound, "load sets 64 bits at most: use set_field, or two loads")
        }
        let maximum: UInt128 = (1 << UInt128(slice.bitCount)) - 1
        let number = try reader.number(value, maximum: maximum, for: reader.text(target))
        try requireWritable(slice.field, at: target)
        // The 16-bit port number that Open vSwitch's in_port holds stands for the whole field.
        if slice.field == .inPort && reader.namesNoBits(target) { slice = FieldSlice(.inPort) }
        return .load(value: UInt64(truncatingIfNeeded: number), to: slice)
    }

    /// `move:SOURCE[FIRST..LAST]->DESTINATION[FIRST..LAST]`
    mutating func move(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        let (sourceRange, target) = try arrow(item, "SOURCE->DESTINATION")
        let source = try reader.fieldSlice(sourceRange, in: protocols)
        let destination = try reader.fieldSlice(target, in: protocols)
        if source.bitCount != destination.bitCount {
            throw reader.error(
                at: target.lowerBound,
                "move needs equal widths: \(reader.text(sourceRange)) has \(source.bitCount) bits, "
                    + "\(reader.text(target)) has \(destination.bitCount)")
        }
        try requirePrerequisite(of: source.field, at: sourceRange)
        try requireWritable(destination.field, at: target)
        return .move(from: source, to: destination)
    }

    private func arrow(
        _ item: FlowTextItem, _ form: String
    ) throws(FlowTextError) -> (value: Range<Int>, target: Range<Int>) {
        try requireValue(item, form)
        guard let cut = reader.cutAtArrow(item.value), !cut.value.isEmpty, !cut.target.isEmpty else {
            let name = reader.text(item.key)
            throw reader.error(at: item.value.lowerBound, "write \(name):\(form)")
        }
        return cut
    }

    /// Whether a field may be written here: nothing may change what the packet is, or a field that it lacks.
    private func requireWritable(_ id: FieldID, at place: Range<Int>) throws(FlowTextError) {
        if !Field[id].isWritable {
            throw reader.error(at: place.lowerBound, "\(Field[id].name) is read-only")
        }
        if id == .vlanVID, let protocols, protocols.vlanTags == 0 { throw needsTag(place) }
        try requirePrerequisite(of: id, at: place)
    }

    func requirePrerequisite(of id: FieldID, at place: Range<Int>) throws(FlowTextError) {
        guard let protocols else { return }
        let prerequisite = Field[id].prerequisite
        if protocols.satisfy(prerequisite) { return }
        if prerequisite == .vlan { throw needsTag(place) }
        throw reader.missingPrerequisite(prerequisite, at: place, protocols)
    }

    private func needsTag(_ place: Range<Int>) -> FlowTextError {
        reader.error(
            at: place.lowerBound,
            "\(reader.text(place)) needs a VLAN tag: match on one (dl_vlan=VID), or add one first (push_vlan:0x8100)")
    }
}
