import Packet

extension FlowTextActionParser {
    /// One action.
    mutating func action(
        _ keyword: FlowTextActionKeyword?, _ item: FlowTextItem, _ level: Level
    ) throws(FlowTextError) -> Action {
        switch keyword {
        case .output: return try output(item, level)
        case .controller: return try controller(item)
        case .port(let port):
            try refuseValue(item)
            return try output(to: port, at: item.key)
        case .resubmit: return try resubmit(item)
        case .pushVLAN: return try pushVLAN(item)
        case .popVLAN:
            try refuseValue(item)
            if let tags = protocols?.vlanTags, tags > 0 { protocols?.vlanTags = tags - 1 }
            return .popVLAN
        case .modVLANVID:
            return try modVLANVID(number(item, "VID", maximum: 0xfff))
        case .modVLANPCP:
            let priority = UInt8(try number(item, "PCP", maximum: 7))
            markTagged()
            return .modVLANPCP(priority)
        case .setVLANVID:
            let value = try number(item, "VID", maximum: 0xfff) | UInt128(KeyLayout.vlanPresent)
            return try setField(.vlanVID, MaskedValue(value, Field[.vlanVID].allOnes), at: item.key)
        case .setVLANPCP:
            let value = try number(item, "PCP", maximum: 7)
            return try setField(.vlanPCP, MaskedValue(value, Field[.vlanPCP].allOnes), at: item.key)
        case .setWhole(let id): return try setField(id, unmasked(id, item), at: item.key)
        case .modify(let id): return .modField(id, UInt32(truncatingIfNeeded: try unmasked(id, item).value))
        case .modifyTypeOfService:
            try requireValue(item, "TOS")
            return .modField(.ipDSCP, UInt32(try reader.typeOfService(item.value)))
        case .decrementTTL:
            if item.delimiter != nil && !item.value.isEmpty {
                throw reader.error(at: item.value.lowerBound, "dec_ttl with controllers is not supported yet")
            }
            return .decrementTTL
        case .setField: return try setField(item)
        case .load: return try load(item)
        case .move: return try move(item)
        case .unsupported:
            throw reader.error(at: item.key.lowerBound, "\(reader.text(item.key)) is not supported yet")
        case .drop, .applyActions, .clearActions, .writeActions, .writeMetadata, .gotoTable, nil:
            return try barePort(item)
        }
    }

    /// A port's number or name, alone: `actions=2`.
    private func barePort(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        let isNumber = Ascii.isDigit(reader.bytes[item.key.lowerBound])
        let isQuoted = reader.bytes[item.key.lowerBound] == Ascii.quote
        guard isNumber || isQuoted || reader.portNames[reader.text(item.key)] != nil else {
            throw reader.unknownAction(item.key)
        }
        try refuseValue(item)
        return try output(to: reader.port(item.key, for: "output"), at: item.key)
    }

    private func output(_ item: FlowTextItem, _ level: Level) throws(FlowTextError) -> Action {
        try requireValue(item, "PORT")
        if item.delimiter == Ascii.open { return try truncatedOutput(item) }
        // A port's name first: IN_PORT is also, in small letters, a field's.
        if let port = FlowTextNames.reservedPorts.find(reader.bytes, item.value) {
            return try output(to: port, at: item.value)
        }
        if !Ascii.isDigit(reader.bytes[item.value.lowerBound]), !reader.portNames.isEmpty,
            let number = reader.portNames[reader.text(item.value)]
        {
            return .output(PortNumber(number))
        }
        let bracket = reader.firstIndex(of: Ascii.openBracket, in: item.value)
        let name = item.value.lowerBound..<(bracket ?? item.value.upperBound)
        if case .field = FlowTextNames.match.find(reader.bytes, name) {
            if level == .actionSet {
                throw reader.error(at: item.value.lowerBound, "an action set can't output to the port in a field")
            }
            let slice = try reader.fieldSlice(item.value)
            try requirePrerequisite(of: slice.field, at: item.value)
            return .outputField(slice)
        }
        return try output(to: reader.port(item.value, for: "output"), at: item.value)
    }

    /// `output(port=CONTROLLER,max_len=N)`; to any other port that would cut the packet.
    private func truncatedOutput(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        var port: PortNumber?
        var maxLength: UInt16?
        var position = item.value.lowerBound
        while let part = try reader.nextItem(from: &position, to: item.value.upperBound) {
            if reader.matches(part.key, "port") {
                port = try reader.port(part.value, for: "output")
            } else if reader.matches(part.key, "max_len") {
                maxLength = try reader.number(part.value, as: UInt16.self, for: "max_len")
            } else {
                throw reader.error(at: part.key.lowerBound, "output takes port=PORT and max_len=BYTES")
            }
        }
        guard let port else { throw reader.error(at: item.value.lowerBound, "output needs a port: add port=PORT") }
        guard let maxLength else { return try output(to: port, at: item.value) }
        if port != .controller {
            throw reader.error(at: item.value.lowerBound, "output that cuts packets (max_len) is not supported yet")
        }
        return .output(port, maxLength: maxLength)
    }

    private func output(to port: PortNumber, at place: Range<Int>) throws(FlowTextError) -> Action {
        if port == .any { throw reader.error(at: place.lowerBound, "ANY is no port to output to: did you mean ALL?") }
        return .output(port)
    }

    /// `CONTROLLER`, `CONTROLLER:BYTES` or `controller(max_len=BYTES)`
    private func controller(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        guard item.delimiter != nil, let first = item.value.first else { return .output(.controller) }
        if Ascii.isDigit(reader.bytes[first]) {
            return .output(.controller, maxLength: try reader.number(item.value, as: UInt16.self, for: "CONTROLLER"))
        }
        var maxLength = UInt16.max
        var position = item.value.lowerBound
        while let part = try reader.nextItem(from: &position, to: item.value.upperBound) {
            let isDefault =
                reader.matches(part.key, "reason") && reader.matches(part.value, "action")
                || reader.matches(part.key, "id") && reader.matches(part.value, "0")
            if reader.matches(part.key, "max_len") {
                maxLength = try reader.number(part.value, as: UInt16.self, for: "max_len")
            } else if !isDefault {
                throw reader.error(
                    at: part.key.lowerBound, "controller(\(reader.text(part.key))) is not supported yet; max_len is")
            }
        }
        return .output(.controller, maxLength: maxLength)
    }

    /// `resubmit:PORT`, `resubmit(PORT,TABLE)` or `resubmit(,TABLE)`
    private func resubmit(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        try requireValue(item, "PORT, or resubmit(PORT,TABLE)")
        let comma = reader.firstIndex(of: Ascii.comma, in: item.value) ?? item.value.upperBound
        let portRange = item.value.lowerBound..<comma
        var port: PortNumber?
        if !portRange.isEmpty {
            let named = try reader.port(portRange, for: "resubmit")
            port = named == .inPort ? nil : named
        }
        var table: UInt8?
        if comma + 1 < item.value.upperBound {
            let tableRange = comma + 1..<item.value.upperBound
            if let more = reader.firstIndex(of: Ascii.comma, in: tableRange) {
                throw reader.error(at: more, "resubmit takes a port and a table; more (ct) is not supported yet")
            }
            table = UInt8(
                try reader.number(tableRange, maximum: UInt128(Flow.lastTable), for: "resubmit's table"))
        }
        if port == nil && table == nil {
            throw reader.error(at: item.value.lowerBound, "resubmit needs a port other than IN_PORT, or a table")
        }
        return .resubmit(port: port, table: table)
    }

    private mutating func pushVLAN(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        let type = UInt16(try number(item, "ETHERTYPE", maximum: 0xffff))
        guard type == EtherType.vlan || type == EtherType.serviceVLAN else {
            throw reader.error(at: item.value.lowerBound, "a VLAN tag's EtherType is 0x8100 or 0x88a8")
        }
        if let tags = protocols?.vlanTags {
            if tags >= 2 { throw reader.error(at: item.key.lowerBound, "a packet has two VLAN tags at most") }
            protocols?.vlanTags = tags + 1
        }
        return .pushVLAN(etherType: type)
    }

    private mutating func modVLANVID(_ value: UInt128) throws(FlowTextError) -> Action {
        markTagged()
        return .modVLANVID(UInt16(value))
    }

    private mutating func markTagged() {
        if let tags = protocols?.vlanTags { protocols?.vlanTags = max(tags, 1) }
    }

    private func number(_ item: FlowTextItem, _ form: String, maximum: UInt128) throws(FlowTextError) -> UInt128 {
        try requireValue(item, form)
        return try reader.number(item.value, maximum: maximum, for: reader.text(item.key))
    }

    /// The value of an action that names its field by itself, and takes no mask.
    private func unmasked(_ id: FieldID, _ item: FlowTextItem) throws(FlowTextError) -> MaskedValue {
        try requireValue(item, "VALUE")
        let field = Field[id]
        let value = try reader.fieldValue(field, item.value)
        if value.mask != field.allOnes {
            throw reader.error(
                at: item.value.lowerBound, "\(reader.text(item.key)) takes a whole value, without a mask")
        }
        return value
    }
}
