import Packet

extension FlowTextActionParser {
    /// Actions on VLAN tags, and those that add or remove other headers.
    func tag(_ keyword: FlowTextActionKeyword?, _ item: FlowTextItem) throws(FlowTextError) -> Action {
        switch keyword {
        case .pushVLAN:
            let types = [EtherType.vlan, EtherType.serviceVLAN]
            return .pushVLAN(etherType: try etherType(item, of: types, "a VLAN tag's EtherType is 0x8100 or 0x88a8"))
        case .modVLANVID: return .modVLANVID(UInt16(try number(item, "VID", maximum: 0xfff)))
        case .modVLANPCP: return .modVLANPCP(UInt8(try number(item, "PCP", maximum: 7)))
        case .setVLANVID:
            let value = try number(item, "VID", maximum: 0xfff) | UInt128(KeyLayout.vlanPresent)
            return .setField(.vlanVID, value: value, mask: Field[.vlanVID].allOnes)
        case .setVLANPCP:
            return .setField(
                .vlanPCP, value: try number(item, "PCP", maximum: 7), mask: Field[.vlanPCP].allOnes)
        case .pushMPLS:
            let types = [EtherType.mpls, EtherType.mplsMulticast]
            return .pushMPLS(
                etherType: try etherType(item, of: types, "an MPLS packet's EtherType is 0x8847 or 0x8848"))
        case .popMPLS: return .popMPLS(etherType: UInt16(try number(item, "ETHERTYPE", maximum: 0xffff)))
        default:
            return .pushPBB(etherType: try etherType(item, of: [EtherType.pbb], "a PBB tag's EtherType is 0x88e7"))
        }
    }

    private func etherType(
        _ item: FlowTextItem, of types: [UInt16], _ rule: String
    ) throws(FlowTextError) -> UInt16 {
        let type = UInt16(try number(item, "ETHERTYPE", maximum: 0xffff))
        if !types.contains(type) { throw reader.error(at: item.value.lowerBound, rule) }
        return type
    }
}
