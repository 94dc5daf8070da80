import Packet

/// What a name behind `actions=` stands for (ovs-actions(7)).
enum FlowTextActionKeyword: Sendable {
    case output, controller, drop, resubmit, enqueue, group, setQueue
    /// A reserved port's name, alone: `NORMAL`.
    case port(PortNumber)
    /// An action that takes no value.
    case plain(Action)
    case pushVLAN, modVLANVID, modVLANPCP, pushMPLS, popMPLS, pushPBB
    /// `set_vlan_vid`, `set_vlan_pcp`: change a tag that is there.
    case setVLANVID, setVLANPCP
    /// `mod_dl_src` and its kin: set_field under another name.
    case setWhole(FieldID)
    /// `mod_nw_src` and its kin, which need no prerequisite.
    case modify(FieldID)
    /// `mod_nw_tos`: ip_dscp times four.
    case modifyTypeOfService
    case decrementTTL, setMPLSTTL, setField, load, move, push, pop
    case learn, conjunction, note, finTimeout, multipath, bundle, bundleLoad, clone
    case meter, applyActions, clearActions, writeActions, writeMetadata, gotoTable
    /// Known, but not to be had yet.
    case unsupported

    static let names: [(name: String, value: FlowTextActionKeyword)] = {
        let ports = PortNumber.reservedNames.filter { $0.port != .controller }
        return supported + ports.map { ($0.name, .port($0.port)) } + namesOfUnsupported.map { ($0, .unsupported) }
    }()

    /// Of several names for the same the first is printed.
    static let supported: [(name: String, value: FlowTextActionKeyword)] = [
        ("output", .output), ("output_reg", .output), ("controller", .controller), ("drop", .drop),
        ("resubmit", .resubmit), ("enqueue", .enqueue), ("group", .group), ("set_queue", .setQueue),
        ("pop_queue", .plain(.popQueue)), ("push_vlan", .pushVLAN), ("strip_vlan", .plain(.popVLAN)),
        ("pop_vlan", .plain(.popVLAN)), ("mod_vlan_vid", .modVLANVID), ("mod_vlan_pcp", .modVLANPCP),
        ("set_vlan_vid", .setVLANVID), ("set_vlan_pcp", .setVLANPCP), ("push_mpls", .pushMPLS),
        ("pop_mpls", .popMPLS), ("push_pbb", .pushPBB), ("pop_pbb", .plain(.popPBB)),
        ("mod_dl_src", .setWhole(.ethSrc)), ("mod_dl_dst", .setWhole(.ethDst)),
        ("set_tunnel", .setWhole(.tunnelID)), ("set_tunnel64", .setWhole(.tunnelID)),
        ("set_mpls_label", .setWhole(.mplsLabel)), ("set_mpls_tc", .setWhole(.mplsTC)),
        ("set_mpls_ttl", .setMPLSTTL), ("dec_mpls_ttl", .plain(.decrementMPLSTTL)),
        ("copy_ttl_out", .plain(.copyTTLOut)), ("copy_ttl_in", .plain(.copyTTLIn)),
        ("mod_nw_src", .modify(.ipv4Src)), ("mod_nw_dst", .modify(.ipv4Dst)),
        ("mod_nw_tos", .modifyTypeOfService), ("mod_nw_ecn", .modify(.ipECN)),
        ("mod_nw_ttl", .modify(.ipTTL)), ("set_nw_ttl", .modify(.ipTTL)),
        ("mod_tp_src", .modify(.tcpSrc)), ("mod_tp_dst", .modify(.tcpDst)),
        ("dec_ttl", .decrementTTL), ("set_field", .setField), ("load", .load), ("reg_load", .load),
        ("move", .move), ("push", .push), ("pop", .pop), ("learn", .learn), ("conjunction", .conjunction),
        ("note", .note), ("fin_timeout", .finTimeout), ("exit", .plain(.exit)), ("meter", .meter),
        ("apply_actions", .applyActions), ("clear_actions", .clearActions), ("write_actions", .writeActions),
        ("write_metadata", .writeMetadata), ("goto_table", .gotoTable), ("multipath", .multipath),
        ("bundle", .bundle), ("bundle_load", .bundleLoad), ("clone", .clone),
    ]

    private static let namesOfUnsupported = [
        "encap", "decap", "dec_nsh_ttl", "ct", "ct_clear", "nat",
        "check_pkt_larger", "sample", "delete_field", "output_trunc", "unroll_xlate", "debug_recirc",
        "debug_slow",
    ]
}
