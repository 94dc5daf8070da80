import Packet

/// What a name behind `actions=` stands for (ovs-actions(7)).
enum FlowTextActionKeyword: Sendable {
    case output, controller, drop, resubmit
    /// A reserved port's name, alone: `NORMAL`.
    case port(PortNumber)
    case pushVLAN, popVLAN, modVLANVID, modVLANPCP
    /// `set_vlan_vid`, `set_vlan_pcp`: change a tag that is there.
    case setVLANVID, setVLANPCP
    /// `mod_dl_src` and its kin: set_field under another name.
    case setWhole(FieldID)
    /// `mod_nw_src` and its kin, which need no prerequisite.
    case modify(FieldID)
    /// `mod_nw_tos`: ip_dscp times four.
    case modifyTypeOfService
    case decrementTTL, setField, load, move
    case applyActions, clearActions, writeActions, writeMetadata, gotoTable
    /// Known, but not to be had yet.
    case unsupported

    static let names: [(name: String, value: FlowTextActionKeyword)] = {
        let supported: [(name: String, value: FlowTextActionKeyword)] = [
            ("output", .output), ("output_reg", .output), ("controller", .controller), ("drop", .drop),
            ("resubmit", .resubmit), ("push_vlan", .pushVLAN), ("strip_vlan", .popVLAN), ("pop_vlan", .popVLAN),
            ("mod_vlan_vid", .modVLANVID), ("mod_vlan_pcp", .modVLANPCP),
            ("set_vlan_vid", .setVLANVID), ("set_vlan_pcp", .setVLANPCP),
            ("mod_dl_src", .setWhole(.ethSrc)), ("mod_dl_dst", .setWhole(.ethDst)),
            ("set_tunnel", .setWhole(.tunnelID)), ("set_tunnel64", .setWhole(.tunnelID)),
            ("mod_nw_src", .modify(.ipv4Src)), ("mod_nw_dst", .modify(.ipv4Dst)),
            ("mod_nw_tos", .modifyTypeOfService), ("mod_nw_ecn", .modify(.ipECN)),
            ("mod_nw_ttl", .modify(.ipTTL)), ("set_nw_ttl", .modify(.ipTTL)),
            ("mod_tp_src", .modify(.tcpSrc)), ("mod_tp_dst", .modify(.tcpDst)),
            ("dec_ttl", .decrementTTL), ("set_field", .setField), ("load", .load), ("reg_load", .load),
            ("move", .move), ("apply_actions", .applyActions), ("clear_actions", .clearActions),
            ("write_actions", .writeActions), ("write_metadata", .writeMetadata), ("goto_table", .gotoTable),
        ]
        let ports = PortNumber.reservedNames.filter { $0.port != .controller }
        return supported + ports.map { ($0.name, .port($0.port)) } + namesOfUnsupported.map { ($0, .unsupported) }
    }()

    private static let namesOfUnsupported = [
        "group", "meter", "enqueue", "set_queue", "pop_queue", "bundle", "bundle_load", "multipath",
        "push_mpls", "pop_mpls", "set_mpls_label", "set_mpls_tc", "set_mpls_ttl", "dec_mpls_ttl",
        "push_pbb", "pop_pbb", "encap", "decap", "dec_nsh_ttl", "learn", "conjunction", "ct", "ct_clear", "nat",
        "clone", "check_pkt_larger", "fin_timeout", "push", "pop", "note", "exit", "sample", "delete_field",
        "output_trunc", "unroll_xlate", "debug_recirc", "debug_slow",
    ]
}
