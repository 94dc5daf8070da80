import Packet

extension Action {
    /// Output of the whole packet.
    public static func output(_ port: PortNumber) -> Action {
        .output(port, maxLength: port == .controller ? .max : 0)
    }
}

extension FieldSlice: CustomStringConvertible {
    /// `NXM_NX_REG0[16..31]`
    public var description: String {
        // Of in_port's names, the first means 16 bits (see FlowTextReader.fieldSlice).
        let names = Field[field].extensibleNames
        let name = (field == .inPort ? names.last : names.first) ?? Field[field].name
        if isWholeField && field != .vlanVID { return name + "[]" }
        return bitCount == 1 ? "\(name)[\(firstBit)]" : "\(name)[\(firstBit)..\(firstBit + bitCount - 1)]"
    }
}

extension Action: CustomStringConvertible {
    /// As flow text has it (ovs-actions(7)).
    public var description: String {
        switch self {
        case .output(.controller, let maxLength): return "CONTROLLER:\(maxLength)"
        case .output(let port, _): return port > .maximum ? port.description : "output:\(port)"
        case .outputField(let slice): return "output:\(slice)"
        case .resubmit(let port?, nil): return "resubmit:\(port)"
        case .resubmit(let port, let table):
            return "resubmit(\(port.map(\.description) ?? ""),\(table.map { String($0) } ?? ""))"
        case .setField(let id, let value, let mask):
            return "set_field:\(Field[id].text(value, mask: mask))->\(Field[id].name)"
        case .load(let value, let slice): return "load:\(Field.hexadecimal(value))->\(slice)"
        case .move(let source, let destination): return "move:\(source)->\(destination)"
        case .pushVLAN(let etherType): return "push_vlan:\(Field.hexadecimal(etherType))"
        case .popVLAN: return "pop_vlan"
        case .modVLANVID(let identifier): return "mod_vlan_vid:\(identifier)"
        case .modVLANPCP(let priority): return "mod_vlan_pcp:\(priority)"
        case .modField(let id, let value): return Self.modification(id, UInt128(value))
        case .decrementTTL: return "dec_ttl"
        default: return ""
        }
    }

    private static func modification(_ id: FieldID, _ value: UInt128) -> String {
        if id == .ipDSCP { return "mod_nw_tos:\(value << 2)" }
        let keyword = FlowTextActionKeyword.names.first {
            if case .modify(id) = $0.value { true } else { false }
        }
        return "\(keyword?.name ?? "mod_\(Field[id].name)"):\(Field[id].text(value, mask: Field[id].allOnes))"
    }
}

extension InstructionSet: CustomStringConvertible {
    /// As flow text has it, without `actions=`; `drop` if there is nothing to do.
    public var description: String {
        var parts = apply.map(\.description)
        if clearsActionSet { parts.append("clear_actions") }
        if !write.isEmpty { parts.append("write_actions(" + write.map(\.description).joined(separator: ",") + ")") }
        if let metadata {
            parts.append(
                "write_metadata:"
                    + Field[.metadata].text(UInt128(metadata.value), mask: UInt128(metadata.mask)))
        }
        if let gotoTable { parts.append("goto_table:\(gotoTable)") }
        return parts.isEmpty ? "drop" : parts.joined(separator: ",")
    }
}

extension Match: CustomStringConvertible {
    /// As flow text has it: `tcp,in_port=1,tcp_dst=80`; empty if each packet matches.
    ///
    /// Bits of the mask that belong to no field whose prerequisite the match has can't be written, and are left out.
    public var description: String {
        let protocols = MatchedProtocols(self)
        var remaining = mask
        var parts: [String] = []
        let shorthand = FlowTextShorthand.all.first {
            $0.etherType != nil && $0.etherType == protocols.etherType
                && ($0.ipProtocol == nil || $0.ipProtocol == protocols.ipProtocol)
        }
        if let shorthand {
            parts.append(shorthand.name)
            remaining[.ethType] = 0
            if shorthand.ipProtocol != nil { remaining[.ipProto] = 0 }
        }
        for id in FieldID.allCases {
            let field = Field[id]
            let bits = remaining[field]
            guard bits != 0, protocols.satisfy(field.prerequisite) else { continue }
            if field.masks == .exactOnly && bits != field.allOnes { continue }
            if id == .vlanTCI {
                parts += tag(bits, key[field])
            } else {
                parts.append("\(field.name)=\(field.text(key[field] & bits, mask: bits))")
            }
            remaining[field] = 0
        }
        return parts.joined(separator: ",")
    }

    /// The VLAN tag's parts by their own names where that says it all, else the bits of the TCI.
    private func tag(_ bits: UInt128, _ value: UInt128) -> [String] {
        let present = UInt128(KeyLayout.vlanPresent)
        let (identifier, priority) = (bits & 0xfff, bits & 0xe000)
        let isWhole = (identifier == 0 || identifier == 0xfff) && (priority == 0 || priority == 0xe000)
        guard bits & value & present != 0, isWhole, bits != present else {
            return ["vlan_tci=" + Field[.vlanTCI].text(value, mask: bits)]
        }
        return (identifier != 0 ? ["dl_vlan=\(value & 0xfff)"] : [])
            + (priority != 0 ? ["vlan_pcp=\(value >> 13)"] : [])
    }
}

extension Flow: CustomStringConvertible {
    /// As `ovs-ofctl dump-flows` has it: `table=1, priority=100,ip,nw_src=10.0.0.0/8 actions=output:2`.
    public var description: String {
        var parts: [String] = []
        func add(_ property: FlowTextProperty, _ value: String) { parts.append("\(property.name)=\(value)") }
        if cookie != 0 { add(.cookie, Field.hexadecimal(cookie)) }
        if table != 0 { add(.table, "\(table)") }
        if idleTimeoutSeconds != 0 { add(.idleTimeout, "\(idleTimeoutSeconds)") }
        if hardTimeoutSeconds != 0 { add(.hardTimeout, "\(hardTimeoutSeconds)") }
        for property in FlowTextProperty.allCases {
            if let flag = property.flag, flags.contains(flag) { parts.append(property.name) }
        }
        if importance != 0 { add(.importance, "\(importance)") }
        var matching = priority == Flow.defaultPriority ? [] : ["\(FlowTextProperty.priority.name)=\(priority)"]
        let match = match.description
        if !match.isEmpty { matching.append(match) }
        if !matching.isEmpty { parts.append(matching.joined(separator: ",")) }
        let head = parts.joined(separator: ", ")
        return (head.isEmpty ? "" : head + " ") + "actions=\(instructions)"
    }
}
