import Packet

extension InstructionSet: CustomStringConvertible {
    /// As flow text has it, without `actions=`; `drop` if there is nothing to do.
    public var description: String {
        var parts = meter.map { ["meter:\($0)"] } ?? []
        parts += apply.map(\.description)
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
