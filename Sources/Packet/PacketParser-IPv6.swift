// Safe throughout: a header's bytes are loaded only after `PacketBytes.has` said that all of them are there, and words
// of a key by the places that KeyLayout names.

extension PacketParser {
    /// Parses IPv6, its extension headers and what it carries into words 0…13.
    @unsafe @_noLocks @inline(__always)
    static func parseIPv6(
        _ packet: PacketBytes, _ packetLength: Int, _ ethernet: EthernetParser, _ words: UnsafeMutablePointer<UInt64>
    ) -> PacketLayout {
        var layout = PacketLayout(ethernet)
        unsafe store(ethernet, words)
        let offset = ethernet.payload
        // Extension headers could lead further than a layout's offsets reach.
        let packet = packet.addressable
        guard packet.has(IPv6Header.length, at: offset) else { return layout }
        // Safe: the header's 40 bytes are there; `words` is a whole key.
        let first = unsafe packet.uint64(at: offset &+ IPv6Header.versionAndFlow)
        let networkLength = Int(truncatingIfNeeded: first >> 16 & 0xffff) &+ IPv6Header.length
        // A jumbogram (RFC 2675) states the length 0: all that follows its header is taken for padding.
        guard isPadding(packetLength &- offset &- networkLength) else { return layout }
        unsafe words[KeyLayout.ipv6Source] = packet.uint64(at: offset &+ IPv6Header.source)
        unsafe words[KeyLayout.ipv6Source + 1] = packet.uint64(at: offset &+ IPv6Header.source &+ 8)
        unsafe words[KeyLayout.ipv6Destination] = packet.uint64(at: offset &+ IPv6Header.destination)
        unsafe words[KeyLayout.ipv6Destination + 1] = packet.uint64(at: offset &+ IPv6Header.destination &+ 8)
        let end = offset &+ networkLength
        var walk = ExtensionHeaderWalk(
            nextHeader: UInt8(truncatingIfNeeded: first >> 8), offset: offset &+ IPv6Header.length)
        if walk.isNeeded {
            walk = walk.finished(packet, end: end)
            // Without the end of the chain the transport isn't known; then the addresses can be matched, but nothing
            // can be changed, for checksums could not follow.
            guard walk.isWhole else { return layout }
        }
        layout.network = .ipv6
        layout.networkOffset = UInt16(truncatingIfNeeded: offset)
        layout.networkLength = UInt32(truncatingIfNeeded: networkLength)
        unsafe words[KeyLayout.portAndTypes] |= UInt64(walk.nextHeader) << 8 | walk.fragment
        unsafe words[KeyLayout.ipv6Label] = (first >> 32 & 0xf_ffff) << 32 | UInt64(walk.seen) << 16
        var transport = Transport()
        if walk.fragment & KeyLayout.fragmentLater == 0 {
            transport = Transport(
                packet, walk.offset, length: end &- walk.offset, walk.nextHeader, icmp: IPProtocol.icmpv6)
            if transport.protocol == IPProtocol.icmpv6 {
                unsafe parseNeighbourMessage(packet, walk.offset, end: end, words)
            }
        }
        unsafe words[KeyLayout.transport] = transport.fields | (first >> 52 & 0xff) << 8 | first & 0xff
        layout.transportOffset = transport.offset
        layout.transportProtocol = transport.protocol
        return layout
    }
}
