// Safe throughout: a header's bytes are loaded only after `PacketBytes.has` said that all of them are there, and words
// of a key by the places that KeyLayout names.

extension PacketParser {
    /// Parses a packet if it is what most are: IPv4 without tags, options or fragments, its transport header whole.
    ///
    /// - Parameter words: Word 17 holds the port, words 3…16 are zero.
    /// - Returns: `nil` for others, of which nothing has been written then.
    @unsafe @_noLocks @inline(__always)
    static func parseCommon(
        _ packet: PacketBytes, _ packetLength: Int, _ words: UnsafeMutablePointer<UInt64>
    ) -> PacketLayout? {
        let offset = EthernetHeader.length
        guard packet.has(IPv4Header.minimumLength, at: offset) else { return nil }
        let source = unsafe packet.uint64(at: EthernetHeader.source)
        let first = unsafe packet.uint64(at: offset &+ IPv4Header.versionAndLength)
        // EtherType, header length and fragment in one comparison.
        let difference = ((source ^ UInt64(EtherType.ipv4)) & 0xffff) | ((first >> 56 & 0xf) ^ 5) | (first & 0x3fff)
        let totalLength = Int(truncatingIfNeeded: first >> 32 & 0xffff)
        guard difference == 0, isPadding(packetLength &- offset &- totalLength) else { return nil }

        let second = unsafe packet.uint64(at: offset &+ IPv4Header.timeToLive)
        let `protocol` = second >> 48 & 0xff
        let transport = Transport(
            packet, offset &+ IPv4Header.minimumLength, length: totalLength &- IPv4Header.minimumLength,
            UInt8(truncatingIfNeeded: `protocol`), icmp: IPProtocol.icmpv4)
        if transport.protocol == 0 { return nil }
        let port = unsafe words[KeyLayout.physicalPort]
        unsafe words[KeyLayout.portAndTypes] = port | UInt64(EtherType.ipv4) << 16 | `protocol` << 8
        unsafe words[KeyLayout.ethernetDestination] = packet.uint64(at: EthernetHeader.destination) & ~0xffff
        unsafe words[KeyLayout.ethernetSource] = source & ~0xffff
        unsafe words[KeyLayout.ipv4Addresses] = packet.uint64(at: offset &+ IPv4Header.source)
        unsafe words[KeyLayout.transport] = transport.fields | first >> 40 & 0xff00 | second >> 56

        var layout = PacketLayout()
        layout.etherTypeOffset = UInt16(EthernetHeader.etherType)
        layout.network = .ipv4
        layout.networkOffset = UInt16(offset)
        layout.networkLength = UInt32(truncatingIfNeeded: totalLength)
        layout.transportOffset = transport.offset
        layout.transportProtocol = transport.protocol
        return layout
    }
}
