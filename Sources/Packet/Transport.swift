// Safe throughout: a header's bytes are loaded only after `PacketBytes.has` said that all of them are there, and words
// of a key by the places that KeyLayout names.

/// The transport header of an IP packet, in the shape of the key's word ``KeyLayout/transport``.
struct Transport {
    /// Ports, or type and code, and TCP flags; zero if there is no whole header of a known protocol.
    private(set) var fields: UInt64 = 0
    /// Where the header lies.
    private(set) var offset = PacketLayout.absent
    /// The protocol, if its header is there.
    private(set) var `protocol`: UInt8 = 0

    @_noLocks @inline(__always)
    init() {}

    /// Parses the header at `offset`.
    ///
    /// - Parameters:
    ///   - length: Bytes from there to the end of the IP packet.
    ///   - icmp: The protocol whose type and code count: ICMP within IPv4, ICMPv6 within IPv6.
    @_noLocks @inline(__always)
    init(_ packet: PacketBytes, _ offset: Int, length: Int, _ `protocol`: UInt8, icmp: UInt8) {
        // Safe, all loads: each header is checked to be whole before it is read.
        switch `protocol` {
        case IPProtocol.tcp:
            guard length >= TCPHeader.minimumLength, packet.has(TCPHeader.minimumLength, at: offset) else { return }
            let lengthAndFlags = unsafe packet.uint16(at: offset &+ TCPHeader.lengthAndFlags)
            let headerLength = Int(lengthAndFlags >> 12) &* 4
            guard headerLength >= TCPHeader.minimumLength, headerLength <= length else { return }
            fields = unsafe UInt64(packet.uint32(at: offset &+ TCPHeader.source)) << 32
            fields |= UInt64(lengthAndFlags & 0xfff) << 16
        case IPProtocol.udp:
            guard length >= UDPHeader.length, packet.has(UDPHeader.length, at: offset) else { return }
            fields = unsafe UInt64(packet.uint32(at: offset &+ UDPHeader.source)) << 32
        case icmp:
            guard length >= ICMPHeader.length, packet.has(ICMPHeader.length, at: offset) else { return }
            let typeAndCode = unsafe UInt64(packet.uint16(at: offset &+ ICMPHeader.type))
            fields = (typeAndCode >> 8) << 48 | (typeAndCode & 0xff) << 32
        case IPProtocol.sctp:
            guard length >= SCTPHeader.length, packet.has(SCTPHeader.length, at: offset) else { return }
            fields = unsafe UInt64(packet.uint32(at: offset &+ SCTPHeader.source)) << 32
        default:
            return
        }
        self.offset = UInt16(truncatingIfNeeded: offset)
        self.protocol = `protocol`
    }
}
