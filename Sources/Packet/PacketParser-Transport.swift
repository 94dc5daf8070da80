extension PacketParser {
    /// Parses a transport header in one IP packet, which ends at `end`.
    ///
    /// - Parameter icmp: The protocol whose type and code count: ICMP within IPv4, ICMPv6 within IPv6.
    /// - Returns: Ports (or type and code) and TCP flags in their places in word 4; zero if the header is not whole.
    @_noLocks @inline(__always)
    static func parseTransport(
        _ packet: PacketBytes, _ offset: Int, end: Int, _ `protocol`: UInt8, icmp: UInt8, _ layout: inout PacketLayout
    ) -> UInt64 {
        // What may be read and belongs to the IP packet.
        let available = min(packet.count, end) &- offset
        var fields: UInt64 = 0
        if `protocol` == IPProtocol.tcp {
            guard available >= TCPHeader.minimumLength else { return 0 }
            // Safe: the header's first 20 bytes are there.
            let lengthAndFlags = unsafe packet.uint16(at: offset &+ TCPHeader.lengthAndFlags)
            let headerLength = Int(lengthAndFlags >> 12) &* 4
            guard headerLength >= TCPHeader.minimumLength, headerLength <= end &- offset else { return 0 }
            fields = unsafe UInt64(packet.uint32(at: offset &+ TCPHeader.source)) << 32
            fields |= UInt64(lengthAndFlags & 0xfff) << 16
        } else if `protocol` == IPProtocol.udp {
            guard available >= UDPHeader.length else { return 0 }
            // Safe: the header's eight bytes are there.
            fields = unsafe UInt64(packet.uint32(at: offset &+ UDPHeader.source)) << 32
        } else if `protocol` == icmp {
            guard available >= ICMPHeader.length else { return 0 }
            // Safe: the header's eight bytes are there.
            let typeAndCode = unsafe UInt64(packet.uint16(at: offset &+ ICMPHeader.type))
            fields = (typeAndCode >> 8) << 48 | (typeAndCode & 0xff) << 32
        } else if `protocol` == IPProtocol.sctp {
            guard available >= SCTPHeader.length else { return 0 }
            // Safe: the header's twelve bytes are there.
            fields = unsafe UInt64(packet.uint32(at: offset &+ SCTPHeader.source)) << 32
        } else {
            return 0
        }
        layout.transportOffset = UInt16(truncatingIfNeeded: offset)
        layout.transportProtocol = `protocol`
        return fields
    }
}
