/// The table of all fields. One line a field.
///
/// Sources: OpenFlow 1.3.5 §7.2.3.7 (widths, masks, prerequisites), ovs-fields(7) (names and the extensions).
enum FieldRegistry {
    /// By raw value of ``FieldID``.
    static let fields: [Field] = {
        let sorted = (pipeline + registers + layer2 + layer3 + layer4).sorted { $0.id.rawValue < $1.id.rawValue }
        precondition(sorted.map(\.id) == FieldID.allCases, "each field has one row in the registry")
        return sorted
    }()

    private typealias Layout = KeyLayout

    private static let pipeline: [Field] = [
        Field(.conjID, "conj_id", [], ["NXM_NX_CONJ_ID"], width: 32, at: Layout.actionSetOutput, .decimal, masks: .exactOnly, writable: false),
        Field(.inPort, "in_port", ["in_port_oxm"], ["NXM_OF_IN_PORT", "OXM_OF_IN_PORT"], width: 32, at: Layout.portAndTypes, shift: 32, .port, masks: .exactOnly),
        Field(.inPhyPort, "in_phy_port", [], ["OXM_OF_IN_PHY_PORT"], width: 32, at: Layout.physicalPort, shift: 32, .port, masks: .exactOnly, writable: false),
        Field(.metadata, "metadata", [], ["OXM_OF_METADATA"], width: 64, at: Layout.metadata, .hexadecimal),
        Field(.tunnelID, "tun_id", ["tunnel_id"], ["NXM_NX_TUN_ID", "OXM_OF_TUNNEL_ID"], width: 64, at: Layout.tunnelID, .hexadecimal),
        Field(.actsetOutput, "actset_output", [], ["ONFOXM_ET_ACTSET_OUTPUT"], width: 32, at: Layout.actionSetOutput, shift: 32, .port, masks: .exactOnly, writable: false),
    ]

    private static let registers: [Field] =
        (0..<16).map { index in
            Field(
                FieldID(rawValue: FieldID.reg0.rawValue + UInt8(index))!, "reg\(index)", [], ["NXM_NX_REG\(index)"], width: 32,
                at: Layout.registers + index / 2, shift: index % 2 == 0 ? 32 : 0, .hexadecimal)
        }
        + (0..<8).map { index in
            Field(
                FieldID(rawValue: FieldID.xreg0.rawValue + UInt8(index))!, "xreg\(index)", [], ["OXM_OF_PKT_REG\(index)"], width: 64,
                at: Layout.registers + index, .hexadecimal)
        }
        + (0..<4).map { index in
            Field(
                FieldID(rawValue: FieldID.xxreg0.rawValue + UInt8(index))!, "xxreg\(index)", [], ["NXM_NX_XXREG\(index)"], width: 128,
                at: Layout.registers + 2 * index + 1, .hexadecimal)
        }

    private static let layer2: [Field] = [
        Field(.ethDst, "eth_dst", ["dl_dst"], ["NXM_OF_ETH_DST", "OXM_OF_ETH_DST"], width: 48, at: Layout.ethernetDestination, shift: 16, .ethernet),
        Field(.ethSrc, "eth_src", ["dl_src"], ["NXM_OF_ETH_SRC", "OXM_OF_ETH_SRC"], width: 48, at: Layout.ethernetSource, shift: 16, .ethernet),
        Field(.ethType, "eth_type", ["dl_type"], ["NXM_OF_ETH_TYPE", "OXM_OF_ETH_TYPE"], width: 16, at: Layout.portAndTypes, shift: 16, .hexadecimal, masks: .exactOnly),
        Field(.vlanTCI, "vlan_tci", [], ["NXM_OF_VLAN_TCI"], width: 16, at: Layout.ethernetDestination, .hexadecimal),
        Field(.vlanVID, "vlan_vid", [], ["OXM_OF_VLAN_VID"], width: 13, at: Layout.ethernetDestination, .hexadecimal),
        Field(.vlanPCP, "vlan_pcp", ["dl_vlan_pcp"], ["OXM_OF_VLAN_PCP"], width: 3, at: Layout.ethernetDestination, shift: 13, .decimal, masks: .exactOnly, needs: .vlan),
        Field(.pbbISID, "pbb_isid", [], ["OXM_OF_PBB_ISID"], width: 24, at: Layout.mplsThirdAndPBB, .hexadecimal, needs: .pbb),
        Field(.pbbUCA, "pbb_uca", [], ["OXM_OF_PBB_UCA"], width: 1, at: Layout.mplsThirdAndPBB, shift: 24, .decimal, masks: .exactOnly, needs: .pbb),
        Field(.mplsLabel, "mpls_label", [], ["OXM_OF_MPLS_LABEL"], width: 20, at: Layout.mpls, shift: 44, .decimal, masks: .exactOnly, needs: .mpls),
        Field(.mplsTC, "mpls_tc", [], ["OXM_OF_MPLS_TC"], width: 3, at: Layout.mpls, shift: 41, .decimal, masks: .exactOnly, needs: .mpls),
        Field(.mplsBOS, "mpls_bos", [], ["OXM_OF_MPLS_BOS"], width: 1, at: Layout.mpls, shift: 40, .decimal, masks: .exactOnly, needs: .mpls),
        Field(.mplsTTL, "mpls_ttl", [], ["NXM_NX_MPLS_TTL"], width: 8, at: Layout.mpls, shift: 32, .decimal, masks: .exactOnly, needs: .mpls),
        Field(.arpOp, "arp_op", [], ["NXM_OF_ARP_OP", "OXM_OF_ARP_OP"], width: 16, at: Layout.transport, shift: 48, .decimal, masks: .exactOnly, needs: .arp),
        Field(.arpSPA, "arp_spa", [], ["NXM_OF_ARP_SPA", "OXM_OF_ARP_SPA"], width: 32, at: Layout.ipv4Addresses, shift: 32, .ipv4, needs: .arp),
        Field(.arpTPA, "arp_tpa", [], ["NXM_OF_ARP_TPA", "OXM_OF_ARP_TPA"], width: 32, at: Layout.ipv4Addresses, .ipv4, needs: .arp),
        Field(.arpSHA, "arp_sha", [], ["NXM_NX_ARP_SHA", "OXM_OF_ARP_SHA"], width: 48, at: Layout.sourceHardware, shift: 16, .ethernet, needs: .arp),
        Field(.arpTHA, "arp_tha", [], ["NXM_NX_ARP_THA", "OXM_OF_ARP_THA"], width: 48, at: Layout.targetHardware, shift: 16, .ethernet, needs: .arp),
    ]

    private static let layer3: [Field] = [
        Field(.ipDSCP, "ip_dscp", [], ["OXM_OF_IP_DSCP"], width: 6, at: Layout.transport, shift: 10, .decimal, masks: .exactOnly, needs: .ip),
        Field(.ipECN, "ip_ecn", ["nw_ecn"], ["NXM_NX_IP_ECN", "OXM_OF_IP_ECN"], width: 2, at: Layout.transport, shift: 8, .decimal, masks: .exactOnly, needs: .ip),
        Field(.ipProto, "nw_proto", ["ip_proto"], ["NXM_OF_IP_PROTO", "OXM_OF_IP_PROTO"], width: 8, at: Layout.portAndTypes, shift: 8, .decimal, masks: .exactOnly, needs: .ip),
        Field(.ipTTL, "nw_ttl", [], ["NXM_NX_IP_TTL"], width: 8, at: Layout.transport, .decimal, masks: .exactOnly, needs: .ip),
        Field(.ipFrag, "ip_frag", ["nw_frag"], ["NXM_NX_IP_FRAG"], width: 2, at: Layout.portAndTypes, .fragment, needs: .ip, writable: false),
        Field(.ipv4Src, "nw_src", ["ip_src", "ipv4_src"], ["NXM_OF_IP_SRC", "OXM_OF_IPV4_SRC"], width: 32, at: Layout.ipv4Addresses, shift: 32, .ipv4, needs: .ipv4),
        Field(.ipv4Dst, "nw_dst", ["ip_dst", "ipv4_dst"], ["NXM_OF_IP_DST", "OXM_OF_IPV4_DST"], width: 32, at: Layout.ipv4Addresses, .ipv4, needs: .ipv4),
        Field(.ipv6Src, "ipv6_src", [], ["NXM_NX_IPV6_SRC", "OXM_OF_IPV6_SRC"], width: 128, at: Layout.ipv6Source + 1, .ipv6, needs: .ipv6),
        Field(.ipv6Dst, "ipv6_dst", [], ["NXM_NX_IPV6_DST", "OXM_OF_IPV6_DST"], width: 128, at: Layout.ipv6Destination + 1, .ipv6, needs: .ipv6),
        Field(.ipv6Label, "ipv6_label", ["ipv6_flabel"], ["NXM_NX_IPV6_LABEL", "OXM_OF_IPV6_FLABEL"], width: 20, at: Layout.ipv6Label, shift: 32, .hexadecimal, needs: .ipv6),
        Field(.ipv6ExtHdr, "ipv6_exthdr", [], ["OXM_OF_IPV6_EXTHDR"], width: 9, at: Layout.ipv6Label, shift: 16, .hexadecimal, needs: .ipv6, writable: false),
    ]

    private static let layer4: [Field] = [
        Field(.tcpSrc, "tcp_src", [], ["NXM_OF_TCP_SRC", "OXM_OF_TCP_SRC"], width: 16, at: Layout.transport, shift: 48, .decimal, needs: .tcp),
        Field(.tcpDst, "tcp_dst", [], ["NXM_OF_TCP_DST", "OXM_OF_TCP_DST"], width: 16, at: Layout.transport, shift: 32, .decimal, needs: .tcp),
        Field(.tcpFlags, "tcp_flags", [], ["NXM_NX_TCP_FLAGS", "ONFOXM_ET_TCP_FLAGS"], width: 12, at: Layout.transport, shift: 16, .tcpFlags, needs: .tcp, writable: false),
        Field(.udpSrc, "udp_src", [], ["NXM_OF_UDP_SRC", "OXM_OF_UDP_SRC"], width: 16, at: Layout.transport, shift: 48, .decimal, needs: .udp),
        Field(.udpDst, "udp_dst", [], ["NXM_OF_UDP_DST", "OXM_OF_UDP_DST"], width: 16, at: Layout.transport, shift: 32, .decimal, needs: .udp),
        Field(.sctpSrc, "sctp_src", [], ["OXM_OF_SCTP_SRC"], width: 16, at: Layout.transport, shift: 48, .decimal, needs: .sctp),
        Field(.sctpDst, "sctp_dst", [], ["OXM_OF_SCTP_DST"], width: 16, at: Layout.transport, shift: 32, .decimal, needs: .sctp),
        Field(.icmpType, "icmp_type", ["icmpv4_type"], ["NXM_OF_ICMP_TYPE", "OXM_OF_ICMPV4_TYPE"], width: 8, at: Layout.transport, shift: 48, .decimal, masks: .exactOnly, needs: .icmpv4),
        Field(.icmpCode, "icmp_code", ["icmpv4_code"], ["NXM_OF_ICMP_CODE", "OXM_OF_ICMPV4_CODE"], width: 8, at: Layout.transport, shift: 32, .decimal, masks: .exactOnly, needs: .icmpv4),
        Field(.icmpv6Type, "icmpv6_type", [], ["NXM_NX_ICMPV6_TYPE", "OXM_OF_ICMPV6_TYPE"], width: 8, at: Layout.transport, shift: 48, .decimal, masks: .exactOnly, needs: .icmpv6),
        Field(.icmpv6Code, "icmpv6_code", [], ["NXM_NX_ICMPV6_CODE", "OXM_OF_ICMPV6_CODE"], width: 8, at: Layout.transport, shift: 32, .decimal, masks: .exactOnly, needs: .icmpv6),
        Field(.ndTarget, "nd_target", ["ipv6_nd_target"], ["NXM_NX_ND_TARGET", "OXM_OF_IPV6_ND_TARGET"], width: 128, at: Layout.neighbourTarget + 1, .ipv6, needs: .neighbour),
        Field(.ndSLL, "nd_sll", ["ipv6_nd_sll"], ["NXM_NX_ND_SLL", "OXM_OF_IPV6_ND_SLL"], width: 48, at: Layout.sourceHardware, shift: 16, .ethernet, needs: .neighbourSolicitation),
        Field(.ndTLL, "nd_tll", ["ipv6_nd_tll"], ["NXM_NX_ND_TLL", "OXM_OF_IPV6_ND_TLL"], width: 48, at: Layout.targetHardware, shift: 16, .ethernet, needs: .neighbourAdvertisement),
    ]
}
