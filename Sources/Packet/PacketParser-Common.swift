// Safe throughout: a header's bytes are loaded only after `PacketBytes.has` said that all of them are there, and words
// of a key by the places that KeyLayout names.

extension PacketParser {
    /// Parses a packet if it is what most are: IPv4 without tags, options or fragments, its transport header whole.
    ///
    /// Writes only words 0…4 and 17, which is all that most tables look at; they and the layout become what
    /// ``parse(_:count:packetLength:port:into:)`` makes of the packet.
    ///
    /// - Parameters: As for ``parse(_:count:packetLength:port:into:)``.
    /// - Returns: Whether the packet is of that kind. If not, what was written has no meaning.
    @_noLocks
    public static func parseCommon(
        _ bytes: UnsafeRawPointer, count: Int, packetLength: Int, port: UInt32,
        into key: UnsafeMutablePointer<FlowKey>, layout: UnsafeMutablePointer<PacketLayout>
    ) -> Bool {
        // Safe: as in `parse`.
        let words = unsafe UnsafeMutableRawPointer(key).assumingMemoryBound(to: UInt64.self)
        let packet = unsafe PacketBytes(bytes, count: count)
        let offset = EthernetHeader.length
        guard packet.has(IPv4Header.minimumLength, at: offset) else { return false }
        let source = unsafe packet.uint64(at: EthernetHeader.source)
        let first = unsafe packet.uint64(at: offset &+ IPv4Header.versionAndLength)
        // EtherType, header length and fragment in one comparison.
        let difference = ((source ^ UInt64(EtherType.ipv4)) & 0xffff) | ((first >> 56 & 0xf) ^ 5) | (first & 0x3fff)
        let totalLength = Int(truncatingIfNeeded: first >> 32 & 0xffff)
        guard difference == 0, isPadding(packetLength &- offset &- totalLength) else { return false }

        let second = unsafe packet.uint64(at: offset &+ IPv4Header.timeToLive)
        let `protocol` = second >> 48 & 0xff
        let transport = Transport(
            packet, offset &+ IPv4Header.minimumLength, length: totalLength &- IPv4Header.minimumLength,
            UInt8(truncatingIfNeeded: `protocol`), icmp: IPProtocol.icmpv4)
        if transport.protocol == 0 { return false }
        let inPort = UInt64(port) << 32
        unsafe words[KeyLayout.portAndTypes] = inPort | UInt64(EtherType.ipv4) << 16 | `protocol` << 8
        unsafe words[KeyLayout.ethernetDestination] = packet.uint64(at: EthernetHeader.destination) & ~0xffff
        unsafe words[KeyLayout.ethernetSource] = source & ~0xffff
        unsafe words[KeyLayout.ipv4Addresses] = packet.uint64(at: offset &+ IPv4Header.source)
        unsafe words[KeyLayout.transport] = transport.fields | first >> 40 & 0xff00 | second >> 56
        unsafe words[KeyLayout.physicalPort] = inPort

        var found = PacketLayout()
        found.etherTypeOffset = UInt16(EthernetHeader.etherType)
        found.network = .ipv4
        found.networkOffset = UInt16(offset)
        found.networkLength = UInt32(truncatingIfNeeded: totalLength)
        found.transportOffset = transport.offset
        found.transportProtocol = transport.protocol
        unsafe layout.pointee = found
        return true
    }
}
