extension PacketParser {
    /// Parses IPv4 and what it carries into words 3 and 4.
    /// - Returns: ip_proto and ip_frag in their places in word 0; zero if the header is not sound.
    @unsafe @_noLocks @inline(__always)
    static func parseIPv4(
        _ packet: PacketBytes, _ offset: Int, _ packetLength: Int, _ words: UnsafeMutablePointer<UInt64>,
        _ layout: inout PacketLayout
    ) -> UInt64 {
        guard packet.has(IPv4Header.minimumLength, at: offset) else { return 0 }
        // Safe: the header's first 20 bytes are there; `words` is a whole key.
        let first = unsafe packet.uint64(at: offset &+ IPv4Header.versionAndLength)
        let second = unsafe packet.uint64(at: offset &+ IPv4Header.timeToLive)
        let addresses = unsafe packet.uint64(at: offset &+ IPv4Header.source)
        let headerLength = Int(truncatingIfNeeded: first >> 54 & 0x3c)
        let totalLength = Int(truncatingIfNeeded: first >> 32 & 0xffff)
        let padding = packetLength &- offset &- totalLength
        guard headerLength >= IPv4Header.minimumLength, headerLength <= totalLength, isPadding(padding) else {
            return 0
        }
        unsafe words[KeyLayout.ipv4Addresses] = addresses
        layout.network = .ipv4
        layout.networkOffset = UInt16(truncatingIfNeeded: offset)
        layout.networkLength = UInt32(truncatingIfNeeded: totalLength)

        let `protocol` = UInt8(truncatingIfNeeded: second >> 48)
        let common = first >> 40 & 0xff00 | second >> 56
        var fragment: UInt64 = 0
        if first & IPv4Fragment.offsetOrMore != 0 {
            fragment = KeyLayout.fragmentAny
            if first & IPv4Fragment.offset != 0 { fragment |= KeyLayout.fragmentLater }
        }
        var ports: UInt64 = 0
        if fragment & KeyLayout.fragmentLater == 0 {
            ports = parseTransport(
                packet, offset &+ headerLength, end: offset &+ totalLength, `protocol`, icmp: IPProtocol.icmpv4, &layout)
        }
        unsafe words[KeyLayout.transport] = ports | common
        return UInt64(`protocol`) << 8 | fragment
    }

    /// Whether what an IP packet leaves of its frame can be padding. Open vSwitch takes no more than 65,535 bytes for
    /// that; a negative number is a packet that claims more than there is.
    @_noLocks @inline(__always)
    static func isPadding(_ length: Int) -> Bool { UInt(bitPattern: length) <= UInt(UInt16.max) }

    private enum IPv4Fragment {
        static var offset: UInt64 { @_noLocks get { 0x1fff } }
        static var offsetOrMore: UInt64 { @_noLocks get { 0x3fff } }
    }
}
