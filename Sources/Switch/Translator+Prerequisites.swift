import Datapath
import OpenFlow
import Packet

extension Translator {
    /// Whether the packet has a field (OpenFlow 1.3.5 §7.2.3.6); what follows depends on it.
    mutating func meetsPrerequisite(_ field: Field) -> Bool {
        switch field.prerequisite {
        case .none: true
        case .vlan: hasTag()
        case .mpls: isType(EtherType.mplsUnicast) || isType(EtherType.mplsMulticast)
        case .pbb: isType(EtherType.backboneTag)
        case .ipv4: isType(EtherType.ipv4)
        case .ipv6: isType(EtherType.ipv6)
        case .ip: isIP()
        case .arp: isType(EtherType.arp) || isType(EtherType.rarp)
        case .tcp: isIP() && isTransport(IPProtocol.tcp)
        case .udp: isIP() && isTransport(IPProtocol.udp)
        case .sctp: isIP() && isTransport(IPProtocol.sctp)
        case .icmpv4: isType(EtherType.ipv4) && isTransport(IPProtocol.icmpv4)
        case .icmpv6: isType(EtherType.ipv6) && isTransport(IPProtocol.icmpv6)
        case .neighbour:
            isNeighbour(ICMPv6Type.neighbourSolicitation) || isNeighbour(ICMPv6Type.neighbourAdvertisement)
        case .neighbourSolicitation: isNeighbour(ICMPv6Type.neighbourSolicitation)
        case .neighbourAdvertisement: isNeighbour(ICMPv6Type.neighbourAdvertisement)
        }
    }

    private mutating func isType(_ type: UInt16) -> Bool {
        examine(.ethType)
        return key[.ethType] == UInt128(type)
    }

    mutating func isIP() -> Bool { isType(EtherType.ipv4) || isType(EtherType.ipv6) }

    /// Later fragments have no transport header.
    private mutating func isTransport(_ number: UInt8) -> Bool {
        examine(.ipProto)
        if key[.ipProto] != UInt128(number) { return false }
        examine(.ipFrag, bits: UInt128(KeyLayout.fragmentLater))
        return key[.ipFrag] & UInt128(KeyLayout.fragmentLater) == 0
    }

    private mutating func isNeighbour(_ type: UInt8) -> Bool {
        if !(isType(EtherType.ipv6) && isTransport(IPProtocol.icmpv6)) { return false }
        examine(.icmpv6Type)
        return key[.icmpv6Type] == UInt128(type)
    }
}
