// Safe throughout: a header's bytes are loaded only after `PacketBytes.has` said that all of them are there, and words
// of a key by the places that KeyLayout names.

extension PacketParser {
    /// Parses IPv4 and what it carries into words 0…4.
    @unsafe @_noLocks @inline(__always)
    static func parseIPv4(
        _ packet: PacketBytes, _ packetLength: Int, _ ethernet: EthernetParser, _ words: UnsafeMutablePointer<UInt64>
    ) -> PacketLayout {
        var layout = PacketLayout(ethernet)
        let offset = ethernet.payload
        guard packet.has(IPv4Header.minimumLength, at: offset) else {
            unsafe store(ethernet, words)
            return layout
        }
        // Safe: the header's first 20 bytes are there; `words` is a whole key.
        let first = unsafe packet.uint64(at: offset &+ IPv4Header.versionAndLength)
        let headerLength = Int(truncatingIfNeeded: first >> 54 & 0x3c)
        let totalLength = Int(truncatingIfNeeded: first >> 32 & 0xffff)
        let payloadLength = totalLength &- headerLength
        let padding = packetLength &- offset &- totalLength
        guard headerLength >= IPv4Header.minimumLength, payloadLength >= 0, isPadding(padding) else {
            unsafe store(ethernet, words)
            return layout
        }
        let second = unsafe packet.uint64(at: offset &+ IPv4Header.timeToLive)
        unsafe words[KeyLayout.ipv4Addresses] = packet.uint64(at: offset &+ IPv4Header.source)
        let `protocol` = UInt8(truncatingIfNeeded: second >> 48)
        let common = first >> 40 & 0xff00 | second >> 56
        layout.network = .ipv4
        layout.networkOffset = UInt16(truncatingIfNeeded: offset)
        layout.networkLength = UInt32(truncatingIfNeeded: totalLength)

        var fragment: UInt64 = 0
        if first & IPv4Fragment.offsetOrMore != 0 {
            fragment = KeyLayout.fragmentAny
            if first & IPv4Fragment.offset != 0 { fragment |= KeyLayout.fragmentLater }
        }
        unsafe store(ethernet, words, network: UInt64(`protocol`) << 8 | fragment)
        var transport = Transport()
        if fragment & KeyLayout.fragmentLater == 0 {
            transport = Transport(
                packet, offset &+ headerLength, length: payloadLength, `protocol`, icmp: IPProtocol.icmpv4)
        }
        unsafe words[KeyLayout.transport] = transport.fields | common
        layout.transportOffset = transport.offset
        layout.transportProtocol = transport.protocol
        return layout
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
