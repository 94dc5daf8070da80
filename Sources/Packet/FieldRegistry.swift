/// The table of all fields. One line a field.
///
/// Sources: OpenFlow 1.3.5 §7.2.3.7 (widths, masks, prerequisites), ovs-fields(7) (names and the extensions).
enum FieldRegistry {
    /// By raw value of ``FieldID``.
    static let fields = rows.map(\.field)
    /// By raw value of ``FieldID``.
    static let names = rows.map(\.names)

    private static let rows: [Row] = {
        let sorted = (pipeline + registers + layer2 + layer3 + layer4).sorted { $0.field.id.rawValue < $1.field.id.rawValue }
        precondition(sorted.map(\.field.id) == FieldID.allCases, "each field has one row in the registry")
        return sorted
    }()

    private struct Row {
        let field: Field
        let names: FieldNames

        init(
            _ id: FieldID, _ name: String, _ aliases: [String], _ extensibleNames: [String], width: Int, at word: Int,
            shift: Int = 0, _ format: Field.Format, masks: Field.Masks = .arbitrary,
            needs prerequisite: Field.Prerequisite = .none, writable: Bool = true
        ) {
            field = Field(
                id: id, width: width, word: word, shift: shift, masks: masks, prerequisite: prerequisite,
                format: format, isWritable: writable)
            names = FieldNames(name: name, aliases: aliases, extensibleNames: extensibleNames)
        }
    }

    private typealias Layout = KeyLayout

    private static let pipeline: [Row] = [
        Row(.conjID, "conj_id", [], ["NXM_NX_CONJ_ID"], width: 32, at: Layout.actionSetOutput, .decimal, masks: .exactOnly, writable: false),
        Row(.inPort, "in_port", ["in_port_oxm"], ["NXM_OF_IN_PORT", "OXM_OF_IN_PORT"], width: 32, at: Layout.portAndTypes, shift: 32, .port, masks: .exactOnly),
        Row(.inPhyPort, "in_phy_port", [], ["OXM_OF_IN_PHY_PORT"], width: 32, at: Layout.physicalPort, shift: 32, .port, masks: .exactOnly, writable: false),
        Row(.metadata, "metadata", [], ["OXM_OF_METADATA"], width: 64, at: Layout.metadata, .hexadecimal),
        Row(.tunnelID, "tun_id", ["tunnel_id"], ["NXM_NX_TUN_ID", "OXM_OF_TUNNEL_ID"], width: 64, at: Layout.tunnelID, .hexadecimal),
        Row(.actsetOutput, "actset_output", [], ["ONFOXM_ET_ACTSET_OUTPUT"], width: 32, at: Layout.actionSetOutput, shift: 32, .port, masks: .exactOnly, writable: false),
    ]

    private static let registers: [Row] =
        (0..<16).map { index in
            Row(
                FieldID(rawValue: FieldID.reg0.rawValue + UInt8(index))!, "reg\(index)", [], ["NXM_NX_REG\(index)"], width: 32,
                at: Layout.registers + index / 2, shift: index % 2 == 0 ? 32 : 0, .hexadecimal)
        }
        + (0..<8).map { index in
            Row(
                FieldID(rawValue: FieldID.xreg0.rawValue + UInt8(index))!, "xreg\(index)", [], ["OXM_OF_PKT_REG\(index)"], width: 64,
                at: Layout.registers + index, .hexadecimal)
        }
        + (0..<4).map { index in
            Row(
                FieldID(rawValue: FieldID.xxreg0.rawValue + UInt8(index))!, "xxreg\(index)", [], ["NXM_NX_XXREG\(index)"], width: 128,
                at: Layout.registers + 2 * index + 1, .hexadecimal)
        }

    private static let layer2: [Row] = [
        Row(.ethDst, "eth_dst", ["dl_dst"], ["NXM_OF_ETH_DST", "OXM_OF_ETH_DST"], width: 48, at: Layout.ethernetDestination, shift: 16, .ethernet),
        Row(.ethSrc, "eth_src", ["dl_src"], ["NXM_OF_ETH_SRC", "OXM_OF_ETH_SRC"], width: 48, at: Layout.ethernetSource, shift: 16, .ethernet),
        Row(.ethType, "eth_type", ["dl_type"], ["NXM_OF_ETH_TYPE", "OXM_OF_ETH_TYPE"], width: 16, at: Layout.portAndTypes, shift: 16, .hexadecimal, masks: .exactOnly),
        Row(.vlanTCI, "vlan_tci", [], ["NXM_OF_VLAN_TCI"], width: 16, at: Layout.ethernetDestination, .hexadecimal),
        Row(.vlanVID, "vlan_vid", [], ["OXM_OF_VLAN_VID"], width: 13, at: Layout.ethernetDestination, .hexadecimal),
        Row(.vlanPCP, "vlan_pcp", ["dl_vlan_pcp"], ["OXM_OF_VLAN_PCP"], width: 3, at: Layout.ethernetDestination, shift: 13, .decimal, masks: .exactOnly, needs: .vlan),
        Row(.pbbISID, "pbb_isid", [], ["OXM_OF_PBB_ISID"], width: 24, at: Layout.mplsThirdAndPBB, .hexadecimal, needs: .pbb),
        Row(.pbbUCA, "pbb_uca", [], ["OXM_OF_PBB_UCA"], width: 1, at: Layout.mplsThirdAndPBB, shift: 24, .decimal, masks: .exactOnly, needs: .pbb),
        Row(.mplsLabel, "mpls_label", [], ["OXM_OF_MPLS_LABEL"], width: 20, at: Layout.mpls, shift: 44, .decimal, masks: .exactOnly, needs: .mpls),
        Row(.mplsTC, "mpls_tc", [], ["OXM_OF_MPLS_TC"], width: 3, at: Layout.mpls, shift: 41, .decimal, masks: .exactOnly, needs: .mpls),
        Row(.mplsBOS, "mpls_bos", [], ["OXM_OF_MPLS_BOS"], width: 1, at: Layout.mpls, shift: 40, .decimal, masks: .exactOnly, needs: .mpls),
        Row(.mplsTTL, "mpls_ttl", [], ["NXM_NX_MPLS_TTL"], width: 8, at: Layout.mpls, shift: 32, .decimal, masks: .exactOnly, needs: .mpls),
        Row(.arpOp, "arp_op", [], ["NXM_OF_ARP_OP", "OXM_OF_ARP_OP"], width: 16, at: Layout.transport, shift: 48, .decimal, masks: .exactOnly, needs: .arp),
        Row(.arpSPA, "arp_spa", [], ["NXM_OF_ARP_SPA", "OXM_OF_ARP_SPA"], width: 32, at: Layout.ipv4Addresses, shift: 32, .ipv4, needs: .arp),
        Row(.arpTPA, "arp_tpa", [], ["NXM_OF_ARP_TPA", "OXM_OF_ARP_TPA"], width: 32, at: Layout.ipv4Addresses, .ipv4, needs: .arp),
        Row(.arpSHA, "arp_sha", [], ["NXM_NX_ARP_SHA", "OXM_OF_ARP_SHA"], width: 48, at: Layout.sourceHardware, shift: 16, .ethernet, needs: .arp),
        Row(.arpTHA, "arp_tha", [], ["NXM_NX_ARP_THA", "OXM_OF_ARP_THA"], width: 48, at: Layout.targetHardware, shift: 16, .ethernet, needs: .arp),
    ]

    private static let layer3: [Row] = [
        Row(.ipDSCP, "ip_dscp", [], ["OXM_OF_IP_DSCP"], width: 6, at: Layout.transport, shift: 10, .decimal, masks: .exactOnly, needs: .ip),
        Row(.ipECN, "ip_ecn", ["nw_ecn"], ["NXM_NX_IP_ECN", "OXM_OF_IP_ECN"], width: 2, at: Layout.transport, shift: 8, .decimal, masks: .exactOnly, needs: .ip),
        Row(.ipProto, "nw_proto", ["ip_proto"], ["NXM_OF_IP_PROTO", "OXM_OF_IP_PROTO"], width: 8, at: Layout.portAndTypes, shift: 8, .decimal, masks: .exactOnly, needs: .ip),
        Row(.ipTTL, "nw_ttl", [], ["NXM_NX_IP_TTL"], width: 8, at: Layout.transport, .decimal, masks: .exactOnly, needs: .ip),
        Row(.ipFrag, "ip_frag", ["nw_frag"], ["NXM_NX_IP_FRAG"], width: 2, at: Layout.portAndTypes, .fragment, needs: .ip, writable: false),
        Row(.ipv4Src, "nw_src", ["ip_src", "ipv4_src"], ["NXM_OF_IP_SRC", "OXM_OF_IPV4_SRC"], width: 32, at: Layout.ipv4Addresses, shift: 32, .ipv4, needs: .ipv4),
        Row(.ipv4Dst, "nw_dst", ["ip_dst", "ipv4_dst"], ["NXM_OF_IP_DST", "OXM_OF_IPV4_DST"], width: 32, at: Layout.ipv4Addresses, .ipv4, needs: .ipv4),
        Row(.ipv6Src, "ipv6_src", [], ["NXM_NX_IPV6_SRC", "OXM_OF_IPV6_SRC"], width: 128, at: Layout.ipv6Source + 1, .ipv6, needs: .ipv6),
        Row(.ipv6Dst, "ipv6_dst", [], ["NXM_NX_IPV6_DST", "OXM_OF_IPV6_DST"], width: 128, at: Layout.ipv6Destination + 1, .ipv6, needs: .ipv6),
        Row(.ipv6Label, "ipv6_label", ["ipv6_flabel"], ["NXM_NX_IPV6_LABEL", "OXM_OF_IPV6_FLABEL"], width: 20, at: Layout.ipv6Label, shift: 32, .hexadecimal, needs: .ipv6),
        Row(.ipv6ExtHdr, "ipv6_exthdr", [], ["OXM_OF_IPV6_EXTHDR"], width: 9, at: Layout.ipv6Label, shift: 16, .hexadecimal, needs: .ipv6, writable: false),
    ]

    private static let layer4: [Row] = [
        Row(.tcpSrc, "tcp_src", [], ["NXM_OF_TCP_SRC", "OXM_OF_TCP_SRC"], width: 16, at: Layout.transport, shift: 48, .decimal, needs: .tcp),
        Row(.tcpDst, "tcp_dst", [], ["NXM_OF_TCP_DST", "OXM_OF_TCP_DST"], width: 16, at: Layout.transport, shift: 32, .decimal, needs: .tcp),
        Row(.tcpFlags, "tcp_flags", [], ["NXM_NX_TCP_FLAGS", "ONFOXM_ET_TCP_FLAGS"], width: 12, at: Layout.transport, shift: 16, .tcpFlags, needs: .tcp, writable: false),
        Row(.udpSrc, "udp_src", [], ["NXM_OF_UDP_SRC", "OXM_OF_UDP_SRC"], width: 16, at: Layout.transport, shift: 48, .decimal, needs: .udp),
        Row(.udpDst, "udp_dst", [], ["NXM_OF_UDP_DST", "OXM_OF_UDP_DST"], width: 16, at: Layout.transport, shift: 32, .decimal, needs: .udp),
        Row(.sctpSrc, "sctp_src", [], ["OXM_OF_SCTP_SRC"], width: 16, at: Layout.transport, shift: 48, .decimal, needs: .sctp),
        Row(.sctpDst, "sctp_dst", [], ["OXM_OF_SCTP_DST"], width: 16, at: Layout.transport, shift: 32, .decimal, needs: .sctp),
        Row(.icmpType, "icmp_type", ["icmpv4_type"], ["NXM_OF_ICMP_TYPE", "OXM_OF_ICMPV4_TYPE"], width: 8, at: Layout.transport, shift: 48, .decimal, masks: .exactOnly, needs: .icmpv4),
        Row(.icmpCode, "icmp_code", ["icmpv4_code"], ["NXM_OF_ICMP_CODE", "OXM_OF_ICMPV4_CODE"], width: 8, at: Layout.transport, shift: 32, .decimal, masks: .exactOnly, needs: .icmpv4),
        Row(.icmpv6Type, "icmpv6_type", [], ["NXM_NX_ICMPV6_TYPE", "OXM_OF_ICMPV6_TYPE"], width: 8, at: Layout.transport, shift: 48, .decimal, masks: .exactOnly, needs: .icmpv6),
        Row(.icmpv6Code, "icmpv6_code", [], ["NXM_NX_ICMPV6_CODE", "OXM_OF_ICMPV6_CODE"], width: 8, at: Layout.transport, shift: 32, .decimal, masks: .exactOnly, needs: .icmpv6),
        Row(.ndTarget, "nd_target", ["ipv6_nd_target"], ["NXM_NX_ND_TARGET", "OXM_OF_IPV6_ND_TARGET"], width: 128, at: Layout.neighbourTarget + 1, .ipv6, needs: .neighbour),
        Row(.ndSLL, "nd_sll", ["ipv6_nd_sll"], ["NXM_NX_ND_SLL", "OXM_OF_IPV6_ND_SLL"], width: 48, at: Layout.sourceHardware, shift: 16, .ethernet, needs: .neighbourSolicitation),
        Row(.ndTLL, "nd_tll", ["ipv6_nd_tll"], ["NXM_NX_ND_TLL", "OXM_OF_IPV6_ND_TLL"], width: 48, at: Layout.targetHardware, shift: 16, .ethernet, needs: .neighbourAdvertisement),
    ]
}
