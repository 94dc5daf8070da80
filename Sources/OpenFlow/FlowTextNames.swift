import Packet

/// What a name before the actions stands for.
enum FlowTextKeyword: Sendable {
    case field(FieldID)
    case alternative(FlowTextAlternative)
    /// `nw_tos`: the six bits of ip_dscp as they stand in the byte, so times four.
    case typeOfService
    /// `dl_vlan`: the VLAN identifier of a tag, or 0xffff for no tag.
    case vlanIdentifier
    case shorthand(FlowTextShorthand)
    case property(FlowTextProperty)
    /// What `dump-flows` tells beside the flow.
    case statistic
    case deletionFilter(FlowTextDeletionFilter)
    case actions
}

/// A name that stands for whichever of several fields the packet can have.
enum FlowTextAlternative: Sendable, CaseIterable {
    case ipProtocol, networkSource, networkDestination, transportSource, transportDestination, icmpType, icmpCode

    var name: String {
        switch self {
        case .ipProtocol: "nw_proto"
        case .networkSource: "nw_src"
        case .networkDestination: "nw_dst"
        case .transportSource: "tp_src"
        case .transportDestination: "tp_dst"
        case .icmpType: "icmp_type"
        case .icmpCode: "icmp_code"
        }
    }

    var fields: [FieldID] {
        switch self {
        case .ipProtocol: [.ipProto, .arpOp]
        case .networkSource: [.ipv4Src, .arpSPA]
        case .networkDestination: [.ipv4Dst, .arpTPA]
        case .transportSource: [.tcpSrc, .udpSrc, .sctpSrc, .icmpType, .icmpv6Type]
        case .transportDestination: [.tcpDst, .udpDst, .sctpDst, .icmpCode, .icmpv6Code]
        case .icmpType: [.icmpType, .icmpv6Type]
        case .icmpCode: [.icmpCode, .icmpv6Code]
        }
    }

    /// The field that is meant, if one of them can be had.
    func field(in protocols: MatchedProtocols) -> FieldID? {
        fields.first { protocols.satisfy(Field[$0].prerequisite) }
    }
}

/// A word that stands for an EtherType and, with some, an IP protocol (ovs-fields(7), "Shorthand").
struct FlowTextShorthand: Sendable {
    let name: String
    let etherType: UInt16?
    let ipProtocol: UInt8?

    private init(_ name: String, _ etherType: UInt16?, _ ipProtocol: UInt8? = nil) {
        self.name = name
        self.etherType = etherType
        self.ipProtocol = ipProtocol
    }

    /// Of several with the same meaning the first is printed.
    static let all = [
        FlowTextShorthand("icmp", EtherType.ipv4, IPProtocol.icmp),
        FlowTextShorthand("tcp", EtherType.ipv4, IPProtocol.tcp),
        FlowTextShorthand("udp", EtherType.ipv4, IPProtocol.udp),
        FlowTextShorthand("sctp", EtherType.ipv4, IPProtocol.sctp),
        FlowTextShorthand("icmp6", EtherType.ipv6, IPProtocol.icmpv6),
        FlowTextShorthand("tcp6", EtherType.ipv6, IPProtocol.tcp),
        FlowTextShorthand("udp6", EtherType.ipv6, IPProtocol.udp),
        FlowTextShorthand("sctp6", EtherType.ipv6, IPProtocol.sctp),
        FlowTextShorthand("ip", EtherType.ipv4), FlowTextShorthand("ip4", EtherType.ipv4),
        FlowTextShorthand("ipv4", EtherType.ipv4),
        FlowTextShorthand("ipv6", EtherType.ipv6), FlowTextShorthand("ip6", EtherType.ipv6),
        FlowTextShorthand("arp", EtherType.arp), FlowTextShorthand("rarp", EtherType.rarp),
        FlowTextShorthand("mpls", EtherType.mpls), FlowTextShorthand("mplsm", EtherType.mplsMulticast),
        FlowTextShorthand("eth", nil),
    ]
}

/// What a flow has beside its match and its instructions.
enum FlowTextProperty: Int, Sendable, CaseIterable {
    case table, priority, cookie, idleTimeout, hardTimeout, importance
    case sendFlowRemoved, checkOverlap, resetCounts, noPacketCounts, noByteCounts

    var name: String {
        switch self {
        case .table: "table"
        case .priority: "priority"
        case .cookie: "cookie"
        case .idleTimeout: "idle_timeout"
        case .hardTimeout: "hard_timeout"
        case .importance: "importance"
        case .sendFlowRemoved: "send_flow_rem"
        case .checkOverlap: "check_overlap"
        case .resetCounts: "reset_counts"
        case .noPacketCounts: "no_packet_counts"
        case .noByteCounts: "no_byte_counts"
        }
    }

    /// The flag, for the properties that have no value.
    var flag: Flow.Flags? {
        switch self {
        case .sendFlowRemoved: .sendFlowRemoved
        case .checkOverlap: .checkOverlap
        case .resetCounts: .resetCounts
        case .noPacketCounts: .noPacketCounts
        case .noByteCounts: .noByteCounts
        default: nil
        }
    }
}

/// `out_port`, `out_group`: they choose flows to delete.
enum FlowTextDeletionFilter: String, Sendable, CaseIterable {
    case port = "out_port"
    case group = "out_group"
}

/// All names that flow text knows.
enum FlowTextNames {
    /// The names before the actions. Those with a meaning of their own come before the registry's.
    static let match: FlowTextNameTable<FlowTextKeyword> = {
        typealias Pair = (name: String, value: FlowTextKeyword)
        var pairs: [Pair] = FlowTextAlternative.allCases.map { ($0.name, .alternative($0)) }
        pairs += [("nw_tos", .typeOfService), ("NXM_OF_IP_TOS", .typeOfService), ("dl_vlan", .vlanIdentifier)]
        pairs += FlowTextShorthand.all.map { ($0.name, .shorthand($0)) }
        pairs += FlowTextProperty.allCases.map { ($0.name, .property($0)) }
        pairs += ["duration", "n_packets", "n_bytes", "idle_age", "hard_age"].map { ($0, .statistic) }
        pairs += FlowTextDeletionFilter.allCases.map { ($0.rawValue, .deletionFilter($0)) }
        pairs += [("actions", .actions), ("action", .actions)]
        for field in FieldID.allCases.map({ Field[$0] }) {
            pairs += ([field.name] + field.aliases + field.extensibleNames).map { ($0, .field(field.id)) }
        }
        return FlowTextNameTable(pairs)
    }()

    static let actions = FlowTextNameTable(FlowTextActionKeyword.names, ignoringCase: true)

    static let reservedPorts = FlowTextNameTable(
        PortNumber.reservedNames.map { ($0.name, $0.port) } + [("NONE", .any)], ignoringCase: true)
}

extension FlowTextReader {
    /// The error for a name that is not known before the actions.
    func unknownField(_ key: Range<Int>) -> FlowTextError {
        let word = text(key)
        if FlowTextNames.actions.find(bytes, key) != nil {
            return error(at: key.lowerBound, "\(word) is an action: it belongs behind actions=")
        }
        let hint = FlowTextNames.match.nearest(to: word).map { "; did you mean \($0)?" } ?? ""
        return error(at: key.lowerBound, "there is no field “\(word)”\(hint)")
    }

    /// The error for a name that is not known among the actions.
    func unknownAction(_ key: Range<Int>) -> FlowTextError {
        let word = text(key)
        if FlowTextNames.match.find(bytes, key) != nil {
            return error(
                at: key.lowerBound,
                "\(word) is no action: match on it before actions=, or write set_field:VALUE->\(word)")
        }
        let hint = FlowTextNames.actions.nearest(to: word).map { "; did you mean \($0)?" } ?? ""
        return error(at: key.lowerBound, "there is no action “\(word)”\(hint)")
    }
}
