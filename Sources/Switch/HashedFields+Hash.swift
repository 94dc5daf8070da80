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

    /// The identifiers of both VLAN tags.
    mutating func vlans() -> (outer: UInt64, inner: UInt64) {
        let identifier: UInt64 = 0x0fff
        bits.words[KeyLayout.ethernetDestination] |= identifier
        bits.words[KeyLayout.ethernetSource] |= identifier
        return (key.words[KeyLayout.ethernetDestination] & identifier, key.words[KeyLayout.ethernetSource] & identifier)
    }
}

/// What Open vSwitch hashes for each set of fields, in the order and the padding in which it does (flow_hash_fields in
/// its lib/flow.c): the result decides where packets go, so that it is part of what the actions mean.
extension HashedFields {
    /// A hash over what the packet has of the fields.
    func hash(of packet: inout KeyReading, basis: UInt16) -> UInt32 {
        let seed = UInt32(basis)
        switch self {
        case .ethernetSource: return ByteHash.jenkins(packet.value(.ethSrc).bytes(6), basis: seed)
        case .networkSource: return Self.hash(ofAddress: (.ipv4Src, .ipv6Src), &packet, seed)
        case .networkDestination: return Self.hash(ofAddress: (.ipv4Dst, .ipv6Dst), &packet, seed)
        case .symmetricNetwork:
            let type = packet.value(.ethType).bytes(2)
            return ByteHash.jenkins(Self.padded(Self.addresses(&packet) ?? [], to: 16) + type + [0, 0], basis: seed)
        case .symmetricTransport: return Self.symmetricTransport(&packet, seed)
        case .symmetricNetworkAndTransport:
            return Self.networkAndTransport(&packet, seed, [IPProtocol.tcp, IPProtocol.sctp])
        case .symmetricNetworkAndTransportWithUDP:
            return Self.networkAndTransport(&packet, seed, [IPProtocol.tcp, IPProtocol.sctp, IPProtocol.udp])
        }
    }

    /// What has no address hashes to the basis.
    private static func hash(
        ofAddress fields: (FieldID, FieldID), _ packet: inout KeyReading, _ seed: UInt32
    ) -> UInt32 {
        switch UInt16(packet.value(.ethType)) {
        case EtherType.ipv4: ByteHash.jenkins(packet.value(fields.0).bytes(4), basis: seed)
        case EtherType.ipv6: ByteHash.jenkins(packet.value(fields.1).bytes(16), basis: seed)
        default: seed
        }
    }

    private static func symmetricTransport(_ packet: inout KeyReading, _ seed: UInt32) -> UInt32 {
        let addresses = addresses(&packet)
        var (proto, ports): (UInt8, [UInt8]) = (0, [0, 0])
        if addresses != nil {
            proto = UInt8(packet.value(.ipProto))
            if proto == IPProtocol.tcp || proto == IPProtocol.sctp { ports = self.ports(&packet) }
        }
        let type = packet.value(.ethType).bytes(2)
        let bytes = padded(addresses ?? [], to: 16) + type + vlans(&packet) + ports + stations(&packet) + [proto]
        return ByteHash.jenkins(padded(bytes, to: 32), basis: seed)
    }

    /// Fragments count without ports, and what is not IP by its Ethernet header.
    private static func networkAndTransport(
        _ packet: inout KeyReading, _ seed: UInt32, _ withPorts: [UInt8]
    ) -> UInt32 {
        guard let addresses = addresses(&packet) else {
            let type = packet.value(.ethType).bytes(2)
            let bytes = type + vlans(&packet) + stations(&packet)
            return ByteHash.murmur(bytes, seed: seed, end: seed)
        }
        let proto = UInt8(packet.value(.ipProto))
        var bytes = addresses + padded([proto], to: 4)
        if withPorts.contains(proto), packet.value(.ipFrag) == 0 { bytes += ports(&packet) }
        return ByteHash.murmur(bytes, seed: seed, end: seed)
    }

    // MARK: Pairs, the same for both directions

    /// `nil`: it is not IP.
    private static func addresses(_ packet: inout KeyReading) -> [UInt8]? {
        switch UInt16(packet.value(.ethType)) {
        case EtherType.ipv4: (packet.value(.ipv4Src) ^ packet.value(.ipv4Dst)).bytes(4)
        case EtherType.ipv6: (packet.value(.ipv6Src) ^ packet.value(.ipv6Dst)).bytes(16)
        default: nil
        }
    }

    /// Of TCP, and in the same place of UDP and SCTP.
    private static func ports(_ packet: inout KeyReading) -> [UInt8] {
        (packet.value(.tcpSrc) ^ packet.value(.tcpDst)).bytes(2)
    }

    private static func stations(_ packet: inout KeyReading) -> [UInt8] {
        (packet.value(.ethSrc) ^ packet.value(.ethDst)).bytes(6)
    }

    private static func vlans(_ packet: inout KeyReading) -> [UInt8] {
        let (outer, inner) = packet.vlans()
        return UInt128(outer ^ inner).bytes(2)
    }

    private static func padded(_ bytes: [UInt8], to count: Int) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: count - bytes.count)
    }
}

extension UInt128 {
    /// The low bytes, the highest of them first, as packets have them.
    fileprivate func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: self >> UInt128(8 * (count - 1 - $0))) }
    }
}
