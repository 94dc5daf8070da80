import Packet

/// A packet that is taken apart and edited in the plainest way: bit by bit, checksums computed anew from all bytes.
///
/// For packets whose headers are whole and honest; how damaged ones are read is the parser's own tests' business.
public struct PlainPacket: Hashable, Sendable {
    public var bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public enum Network { case none, ipv4, ipv6, arp }

    // MARK: Where things are

    public var hasEthernet: Bool { bytes.count >= 14 }

    /// Tags that follow each other behind the addresses.
    public var tagCount: Int {
        var count = 0
        while [0x8100, 0x88a8].contains(number(12 + 4 * count, 2)), bytes.count >= 18 + 4 * count { count += 1 }
        return count
    }

    public var etherTypeOffset: Int { 12 + 4 * tagCount }
    public var etherType: UInt64 { hasEthernet ? number(etherTypeOffset, 2) : 0 }
    public var networkOffset: Int { etherTypeOffset + 2 }

    public var network: Network {
        switch etherType {
        case 0x0800: .ipv4
        case 0x86dd: .ipv6
        case 0x0806: .arp
        default: .none
        }
    }

    /// The offset behind the IP packet; what follows is padding.
    public var networkEnd: Int {
        switch network {
        case .ipv4: networkOffset + Int(number(networkOffset + 2, 2))
        case .ipv6: networkOffset + 40 + Int(number(networkOffset + 4, 2))
        case .none, .arp: bytes.count
        }
    }

    /// Whether an IP packet is a fragment, and not the first.
    public var isLaterFragment: Bool { network == .ipv4 && number(networkOffset + 6, 2) & 0x1fff != 0 }
    public var isFragment: Bool { network == .ipv4 && number(networkOffset + 6, 2) & 0x3fff != 0 }

    /// The transport's protocol and the offset of its header, behind hop-by-hop and destination options.
    public var transport: (protocol: UInt8, offset: Int) {
        if network == .ipv4 { return (bytes[networkOffset + 9], networkOffset + Int(bytes[networkOffset] & 15) * 4) }
        guard network == .ipv6 else { return (0, bytes.count) }
        var next = bytes[networkOffset + 6]
        var offset = networkOffset + 40
        while next == 0 || next == 60 {
            next = bytes[offset]
            offset += (Int(bytes[offset + 1]) + 1) * 8
        }
        return (next, offset)
    }

    private var neighbourType: UInt8? {
        guard network == .ipv6, transport.protocol == 58, [135, 136].contains(bytes[transport.offset]) else {
            return nil
        }
        return bytes[transport.offset]
    }

    /// The first bit and the width of a field, if the packet has it.
    public func place(of field: FieldID) -> (bit: Int, width: Int)? {
        if !hasEthernet { return nil }
        let header = networkOffset
        switch field {
        case .ethDst: return (0, 48)
        case .ethSrc: return (48, 48)
        case .ethType: return (etherTypeOffset * 8, 16)
        case .ipDSCP, .ipECN, .ipTTL, .ipProto, .ipv4Src, .ipv4Dst, .ipv6Src, .ipv6Dst, .ipv6Label:
            return network == .ipv4 ? placeInIPv4(field, header) : network == .ipv6 ? placeInIPv6(field, header) : nil
        case .arpOp, .arpSHA, .arpSPA, .arpTHA, .arpTPA: return network == .arp ? placeInARP(field, header) : nil
        default: return isLaterFragment ? nil : placeInTransport(field)
        }
    }

    private func placeInIPv4(_ field: FieldID, _ header: Int) -> (bit: Int, width: Int)? {
        switch field {
        case .ipDSCP: ((header + 1) * 8, 6)
        case .ipECN: ((header + 1) * 8 + 6, 2)
        case .ipTTL: ((header + 8) * 8, 8)
        case .ipProto: ((header + 9) * 8, 8)
        case .ipv4Src: ((header + 12) * 8, 32)
        case .ipv4Dst: ((header + 16) * 8, 32)
        default: nil
        }
    }

    private func placeInIPv6(_ field: FieldID, _ header: Int) -> (bit: Int, width: Int)? {
        switch field {
        case .ipDSCP: (header * 8 + 4, 6)
        case .ipECN: (header * 8 + 10, 2)
        case .ipv6Label: (header * 8 + 12, 20)
        case .ipTTL: ((header + 7) * 8, 8)
        case .ipv6Src: ((header + 8) * 8, 128)
        case .ipv6Dst: ((header + 24) * 8, 128)
        default: nil
        }
    }

    private func placeInARP(_ field: FieldID, _ header: Int) -> (bit: Int, width: Int)? {
        switch field {
        case .arpOp: ((header + 6) * 8, 16)
        case .arpSHA: ((header + 8) * 8, 48)
        case .arpSPA: ((header + 14) * 8, 32)
        case .arpTHA: ((header + 18) * 8, 48)
        case .arpTPA: ((header + 24) * 8, 32)
        default: nil
        }
    }

    private func placeInTransport(_ field: FieldID) -> (bit: Int, width: Int)? {
        let (number, header) = transport
        switch (field, number, network) {
        case (.tcpSrc, 6, _), (.udpSrc, 17, _), (.sctpSrc, 132, _): return (header * 8, 16)
        case (.tcpDst, 6, _), (.udpDst, 17, _), (.sctpDst, 132, _): return ((header + 2) * 8, 16)
        case (.tcpFlags, 6, _): return ((header + 12) * 8 + 4, 12)
        case (.icmpType, 1, .ipv4), (.icmpv6Type, 58, .ipv6): return (header * 8, 8)
        case (.icmpCode, 1, .ipv4), (.icmpv6Code, 58, .ipv6): return ((header + 1) * 8, 8)
        case (.ndTarget, 58, .ipv6): return neighbourType == nil ? nil : ((header + 8) * 8, 128)
        case (.ndSLL, 58, .ipv6): return neighbourType == 135 ? option(1, header) : nil
        case (.ndTLL, 58, .ipv6): return neighbourType == 136 ? option(2, header) : nil
        default: return nil
        }
    }

    /// The address in the first neighbour discovery option of a type.
    private func option(_ type: UInt8, _ header: Int) -> (bit: Int, width: Int)? {
        var offset = header + 24
        while offset + 8 <= networkEnd, bytes[offset + 1] > 0 {
            if bytes[offset] == type { return ((offset + 2) * 8, 48) }
            offset += Int(bytes[offset + 1]) * 8
        }
        return nil
    }

    // MARK: Reading and writing

    /// The number in some bytes, in network byte order.
    public func number(_ offset: Int, _ count: Int) -> UInt64 {
        offset + count <= bytes.count ? bytes[offset..<offset + count].reduce(0) { $0 << 8 | UInt64($1) } : 0
    }

    /// A field's value, if the packet has it.
    public subscript(field: FieldID) -> UInt128? {
        guard let (bit, width) = place(of: field) else { return nil }
        // All bytes that it touches, then cut at both ends.
        let last = (bit + width - 1) / 8
        let whole = bytes[bit / 8...last].reduce(0 as UInt128) { $0 << 8 | UInt128($1) }
        let cut = whole >> UInt128(last * 8 + 7 - (bit + width - 1))
        return width == 128 ? cut : cut & (1 << UInt128(width) - 1)
    }

    /// Sets bits of a field, if the packet has it; leaves checksums as they are.
    public mutating func set(_ field: FieldID, _ value: UInt128, mask: UInt128 = .max) {
        guard let (bit, width) = place(of: field) else { return }
        for index in 0..<width where mask >> UInt128(width - 1 - index) & 1 == 1 {
            let place = UInt8(1) << UInt8(7 - (bit + index) % 8)
            let isSet = value >> UInt128(width - 1 - index) & 1 == 1
            bytes[(bit + index) / 8] = isSet ? bytes[(bit + index) / 8] | place : bytes[(bit + index) / 8] & ~place
        }
    }

    public mutating func put(_ number: UInt64, _ offset: Int, _ count: Int) {
        for index in 0..<count {
            bytes[offset + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * (count - 1 - index)))
        }
    }

    public mutating func pushTag(type: UInt16, control: UInt16) {
        bytes.insert(
            contentsOf: [UInt8(type >> 8), UInt8(type & 255), UInt8(control >> 8), UInt8(control & 255)], at: 12)
    }

    public mutating func popTag() { bytes.removeSubrange(12..<16) }
}
