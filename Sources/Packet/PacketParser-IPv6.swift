extension PacketParser {
    /// Parses IPv6, its extension headers and what it carries into words 4…13.
    /// - Returns: ip_proto and ip_frag in their places in word 0; zero if the headers are not sound.
    @unsafe @_noLocks @inline(__always)
    static func parseIPv6(
        _ packet: PacketBytes, _ offset: Int, _ packetLength: Int, _ words: UnsafeMutablePointer<UInt64>,
        _ layout: inout PacketLayout
    ) -> UInt64 {
        guard packet.has(IPv6Header.length, at: offset) else { return 0 }
        // Safe: the header's 40 bytes are there; `words` is a whole key.
        let first = unsafe packet.uint64(at: offset &+ IPv6Header.versionAndFlow)
        let payloadLength = Int(truncatingIfNeeded: first >> 16 & 0xffff)
        let networkLength = payloadLength &+ IPv6Header.length
        // A jumbogram (RFC 2675) states the length 0: all that follows its header is taken for padding.
        guard isPadding(packetLength &- offset &- networkLength) else { return 0 }
        unsafe words[KeyLayout.ipv6Source] = packet.uint64(at: offset &+ IPv6Header.source)
        unsafe words[KeyLayout.ipv6Source + 1] = packet.uint64(at: offset &+ IPv6Header.source &+ 8)
        unsafe words[KeyLayout.ipv6Destination] = packet.uint64(at: offset &+ IPv6Header.destination)
        unsafe words[KeyLayout.ipv6Destination + 1] = packet.uint64(at: offset &+ IPv6Header.destination &+ 8)
        layout.network = .ipv6
        layout.networkOffset = UInt16(truncatingIfNeeded: offset)
        layout.networkLength = UInt32(truncatingIfNeeded: networkLength)

        let end = offset &+ networkLength
        var walk = ExtensionHeaderWalk(
            nextHeader: UInt8(truncatingIfNeeded: first >> 8), offset: offset &+ IPv6Header.length)
        if walk.isNeeded {
            // Without the end of the chain the transport isn't known; then only the addresses count.
            guard walk.run(packet, end: end) else { return 0 }
        }
        let label = first >> 32 & 0xf_ffff
        unsafe words[KeyLayout.ipv6Label] = label << 32 | UInt64(walk.seen) << 16
        var ports: UInt64 = 0
        if walk.fragment & KeyLayout.fragmentLater == 0 {
            ports = parseTransport(
                packet, walk.offset, end: end, walk.nextHeader, icmp: IPProtocol.icmpv6, &layout)
            if layout.transportProtocol == IPProtocol.icmpv6 {
                unsafe parseNeighbourMessage(packet, walk.offset, end: end, words)
            }
        }
        let common = first >> 52 & 0xff
        unsafe words[KeyLayout.transport] = ports | common << 8 | first & 0xff
        return UInt64(walk.nextHeader) << 8 | walk.fragment
    }
}
