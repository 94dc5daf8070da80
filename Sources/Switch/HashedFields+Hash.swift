import OpenFlow
import Packet

/// A packet's key, and which bits of it were looked at.
struct KeyReading {
    let key: FlowKey
    private(set) var bits = FlowMask()

    init(_ key: FlowKey) { self.key = key }

    mutating func value(_ field: FieldID) -> UInt128 {
        bits[field] |= Field[field].allOnes
        return key[field]
    }

    /// Of a field of 64 bits at most.
    mutating func short(_ field: FieldID) -> UInt64 { UInt64(truncatingIfNeeded: value(field)) }

    // MARK: Pairs in one, the same for both directions

    /// The identifiers of both VLAN tags.
    mutating func vlans() -> UInt64 {
        let identifier: UInt64 = 0x0fff
        bits.words[KeyLayout.ethernetDestination] |= identifier
        bits.words[KeyLayout.ethernetSource] |= identifier
        return (key.words[KeyLayout.ethernetDestination] ^ key.words[KeyLayout.ethernetSource]) & identifier
    }

    /// Of TCP, and in the same place of UDP and SCTP.
    mutating func ports() -> UInt64 { short(.tcpSrc) ^ short(.tcpDst) }

    mutating func stations() -> UInt64 { short(.ethSrc) ^ short(.ethDst) }
}

/// What Open vSwitch hashes for each set of fields, in the order and the padding in which it does (flow_hash_fields in
/// its lib/flow.c): the result decides where packets go, so that it is part of what the actions mean.
extension HashedFields {
    /// A hash over what the packet has of the fields.
    func hash(of packet: inout KeyReading, basis: UInt16) -> UInt32 {
        let seed = UInt32(basis)
        switch self {
        case .ethernetSource:
            var bytes = HashedBytes()
            bytes.append(packet.short(.ethSrc), count: 6)
            return ByteHash.jenkins(bytes, basis: seed)
        case .networkSource: return Self.hash(ofAddress: .ipv4Src, .ipv6Src, &packet, seed)
        case .networkDestination: return Self.hash(ofAddress: .ipv4Dst, .ipv6Dst, &packet, seed)
        case .symmetricNetwork:
            var bytes = HashedBytes()
            bytes.appendAddresses(&packet)
            bytes.pad(to: 16)
            bytes.append(packet.short(.ethType), count: 2)
            bytes.pad(to: 20)
            return ByteHash.jenkins(bytes, basis: seed)
        case .symmetricTransport: return Self.symmetricTransport(&packet, seed)
        case .symmetricNetworkAndTransport: return Self.networkAndTransport(&packet, seed, withUDP: false)
        case .symmetricNetworkAndTransportWithUDP: return Self.networkAndTransport(&packet, seed, withUDP: true)
        }
    }

    /// What has no address hashes to the basis.
    private static func hash(
        ofAddress short: FieldID, _ long: FieldID, _ packet: inout KeyReading, _ seed: UInt32
    ) -> UInt32 {
        var bytes = HashedBytes()
        switch UInt16(packet.short(.ethType)) {
        case EtherType.ipv4: bytes.append(packet.short(short), count: 4)
        case EtherType.ipv6: bytes.append(packet.value(long))
        default: return seed
        }
        return ByteHash.jenkins(bytes, basis: seed)
    }

    private static func symmetricTransport(_ packet: inout KeyReading, _ seed: UInt32) -> UInt32 {
        var bytes = HashedBytes()
        var (proto, ports): (UInt8, UInt64) = (0, 0)
        if bytes.appendAddresses(&packet) {
            proto = UInt8(packet.short(.ipProto))
            if proto == IPProtocol.tcp || proto == IPProtocol.sctp { ports = packet.ports() }
        }
        bytes.pad(to: 16)
        bytes.append(packet.short(.ethType), count: 2)
        bytes.append(packet.vlans(), count: 2)
        bytes.append(ports, count: 2)
        bytes.append(packet.stations(), count: 6)
        bytes.append(UInt64(proto), count: 1)
        bytes.pad(to: 32)
        return ByteHash.jenkins(bytes, basis: seed)
    }

    /// Fragments count without ports, and what is not IP by its Ethernet header.
    private static func networkAndTransport(
        _ packet: inout KeyReading, _ seed: UInt32, withUDP: Bool
    ) -> UInt32 {
        var bytes = HashedBytes()
        if bytes.appendAddresses(&packet) {
            let proto = UInt8(packet.short(.ipProto))
            bytes.append(UInt64(proto), count: 1)
            bytes.pad(to: bytes.count + 3)
            let hasPorts = proto == IPProtocol.tcp || proto == IPProtocol.sctp || withUDP && proto == IPProtocol.udp
            if hasPorts, packet.short(.ipFrag) == 0 { bytes.append(packet.ports(), count: 2) }
        } else {
            bytes.append(packet.short(.ethType), count: 2)
            bytes.append(packet.vlans(), count: 2)
            bytes.append(packet.stations(), count: 6)
        }
        return ByteHash.murmur(bytes, seed: seed, end: seed)
    }
}

extension HashedBytes {
    /// Both addresses in one, the same for both directions; whether the packet is IP.
    @discardableResult
    fileprivate mutating func appendAddresses(_ packet: inout KeyReading) -> Bool {
        switch UInt16(packet.short(.ethType)) {
        case EtherType.ipv4: append(packet.short(.ipv4Src) ^ packet.short(.ipv4Dst), count: 4)
        case EtherType.ipv6: append(packet.value(.ipv6Src) ^ packet.value(.ipv6Dst))
        default: return false
        }
        return true
    }
}
