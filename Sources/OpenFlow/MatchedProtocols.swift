import Packet

/// What a match tells about the protocols of its packets: enough to decide which other fields they have
/// (OpenFlow 1.3.5 §7.2.3.6). Actions change it (``ActionCheck``).
public struct MatchedProtocols: Sendable {
    public private(set) var etherType: UInt16?
    public private(set) var ipProtocol: UInt8?
    /// Empty also for a code other than zero, which no neighbour discovery message has (RFC 4861 §4).
    private(set) var neighbourMessages: NeighbourMessages = []
    /// Fragments after the first have no transport header.
    public private(set) var isLaterFragment: Bool
    /// VLAN tags that the packet has for certain.
    public var vlanTags: Int

    public init(_ match: Match) { self.init(key: match.key, mask: match.mask) }

    /// For a match that is being gathered. Looks at three words, so that it can be asked again for each field.
    public init(key: borrowing FlowKey, mask: borrowing FlowMask) {
        let (types, typesMask) = (key[KeyLayout.portAndTypes], mask[KeyLayout.portAndTypes])
        etherType = typesMask >> 16 & 0xffff == 0xffff ? UInt16(truncatingIfNeeded: types >> 16) : nil
        ipProtocol = typesMask >> 8 & 0xff == 0xff ? UInt8(truncatingIfNeeded: types >> 8) : nil
        isLaterFragment = types & KeyLayout.fragmentLater != 0
        let transport = key[KeyLayout.transport]
        if mask[KeyLayout.transport] >> 48 & 0xff == 0xff, transport >> 32 & 0xff == 0 {
            neighbourMessages = NeighbourMessages(icmpv6Type: UInt8(truncatingIfNeeded: transport >> 48))
        }
        vlanTags = key[KeyLayout.ethernetDestination] & KeyLayout.vlanPresent != 0 ? 1 : 0
    }

    /// The packet has become one of another EtherType; of what follows that type nothing is known.
    public mutating func become(etherType: UInt16?) {
        self.etherType = etherType
        become(ipProtocol: nil)
        isLaterFragment = false
    }

    mutating func become(ipProtocol: UInt8?) {
        self.ipProtocol = ipProtocol
        neighbourMessages = []
    }

    /// What it was stays possible: the options of a solicitation are there still in what it becomes.
    mutating func become(icmpv6Type: UInt8) {
        neighbourMessages.formUnion(NeighbourMessages(icmpv6Type: icmpv6Type))
    }

    /// Whether packets have the fields that need this.
    public func satisfy(_ prerequisite: Field.Prerequisite) -> Bool {
        switch prerequisite {
        case .none: true
        case .vlan: vlanTags > 0
        case .mpls: etherType == EtherType.mpls || etherType == EtherType.mplsMulticast
        case .pbb: etherType == EtherType.pbb
        case .ipv4: etherType == EtherType.ipv4
        case .ipv6: etherType == EtherType.ipv6
        case .ip: isIP
        case .arp: etherType == EtherType.arp || etherType == EtherType.rarp
        case .tcp: isIP && ipProtocol == IPProtocol.tcp && !isLaterFragment
        case .udp: isIP && ipProtocol == IPProtocol.udp && !isLaterFragment
        case .sctp: isIP && ipProtocol == IPProtocol.sctp && !isLaterFragment
        case .icmpv4: etherType == EtherType.ipv4 && ipProtocol == IPProtocol.icmp
        case .icmpv6: isICMPv6
        case .neighbour: isICMPv6 && !neighbourMessages.isEmpty
        case .neighbourSolicitation: isICMPv6 && neighbourMessages.contains(.solicitation)
        case .neighbourAdvertisement: isICMPv6 && neighbourMessages.contains(.advertisement)
        }
    }

    /// Which message of neighbour discovery a packet may be (RFC 4861 §4.3, §4.4).
    struct NeighbourMessages: OptionSet {
        let rawValue: UInt8
        static let solicitation = NeighbourMessages(rawValue: 1)
        static let advertisement = NeighbourMessages(rawValue: 2)

        init(rawValue: UInt8) { self.rawValue = rawValue }

        init(icmpv6Type: UInt8) {
            switch icmpv6Type {
            case 135: self = .solicitation
            case 136: self = .advertisement
            default: self = []
            }
        }
    }

    private var isIP: Bool { etherType == EtherType.ipv4 || etherType == EtherType.ipv6 }
    private var isICMPv6: Bool { etherType == EtherType.ipv6 && ipProtocol == IPProtocol.icmpv6 }
}

extension Field.Prerequisite {
    /// What to write in a match to have it, in flow text.
    var flowText: String {
        switch self {
        case .none: ""
        case .vlan: "a VLAN tag (dl_vlan=VID, or vlan_tci=0x1000/0x1000 for any)"
        case .mpls: "mpls or mplsm"
        case .pbb: "eth_type=0x88e7"
        case .ipv4: "ip"
        case .ipv6: "ipv6"
        case .ip: "ip or ipv6"
        case .arp: "arp or rarp"
        case .tcp: "tcp or tcp6"
        case .udp: "udp or udp6"
        case .sctp: "sctp or sctp6"
        case .icmpv4: "icmp"
        case .icmpv6: "icmp6"
        case .neighbour: "icmp6 with icmp_type=135 or icmp_type=136"
        case .neighbourSolicitation: "icmp6 with icmp_type=135"
        case .neighbourAdvertisement: "icmp6 with icmp_type=136"
        }
    }
}
