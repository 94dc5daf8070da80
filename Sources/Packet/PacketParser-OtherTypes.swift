// Safe throughout: a header's bytes are loaded only after `PacketBytes.has` said that all of them are there, and words
// of a key by the places that KeyLayout names.

extension PacketParser {
    /// Parses ARP and RARP (RFC 826, RFC 903) for IPv4 over Ethernet; of other kinds nothing is known.
    @unsafe @_noLocks @inline(__always)
    static func parseARP(
        _ packet: PacketBytes, _ ethernet: EthernetParser, _ words: UnsafeMutablePointer<UInt64>
    ) -> PacketLayout {
        var layout = PacketLayout(ethernet)
        let offset = ethernet.payload
        // Safe, all accesses: bytes are checked to be there before they are read; `words` is a whole key.
        unsafe store(ethernet, words)
        guard packet.has(ARPHeader.length, at: offset) else { return layout }
        let start = unsafe packet.uint64(at: offset &+ ARPHeader.hardwareType)
        guard start >> 16 == ipv4OverEthernet else { return layout }
        let sender = unsafe packet.uint64(at: offset &+ ARPHeader.senderHardware)
        let senderProtocol = unsafe packet.uint32(at: offset &+ ARPHeader.senderProtocol)
        let target = unsafe packet.uint64(at: offset &+ ARPHeader.targetHardware)
        let targetProtocol = unsafe packet.uint32(at: offset &+ ARPHeader.targetProtocol)
        unsafe words[KeyLayout.transport] = start << 48
        unsafe words[KeyLayout.ipv4Addresses] = UInt64(senderProtocol) << 32 | UInt64(targetProtocol)
        unsafe words[KeyLayout.sourceHardware] = sender & ~0xffff
        unsafe words[KeyLayout.targetHardware] = target & ~0xffff
        layout.network = .arp
        layout.networkOffset = UInt16(truncatingIfNeeded: offset)
        return layout
    }

    /// Hardware type 1, protocol type 0x0800, address lengths 6 and 4.
    private static var ipv4OverEthernet: UInt64 { @_noLocks get { 0x0001_0800_0604 } }

    /// Takes up to three label stack entries (RFC 3032 §2.1), as far as the bottom of the stack.
    @unsafe @_noLocks @inline(__always)
    static func parseMPLS(
        _ packet: PacketBytes, _ ethernet: EthernetParser, _ words: UnsafeMutablePointer<UInt64>
    ) -> PacketLayout {
        var layout = PacketLayout(ethernet)
        let offset = ethernet.payload
        // Safe, all accesses: bytes are checked to be there before they are read; `words` is a whole key.
        unsafe store(ethernet, words)
        guard packet.has(MPLSEntry.length, at: offset) else { return layout }
        layout.mplsOffset = UInt16(truncatingIfNeeded: offset)
        let first = unsafe packet.uint32(at: offset)
        unsafe words[KeyLayout.mpls] = UInt64(first) << 32
        if first & MPLSEntry.bottomOfStack != 0 || !packet.has(2 &* MPLSEntry.length, at: offset) { return layout }
        let second = unsafe packet.uint32(at: offset &+ MPLSEntry.length)
        unsafe words[KeyLayout.mpls] = UInt64(first) << 32 | UInt64(second)
        if second & MPLSEntry.bottomOfStack != 0 || !packet.has(3 &* MPLSEntry.length, at: offset) { return layout }
        let third = unsafe packet.uint32(at: offset &+ 2 &* MPLSEntry.length)
        unsafe words[KeyLayout.mplsThirdAndPBB] = UInt64(third) << 32
        return layout
    }

    /// Takes I-SID and UCA of a backbone service instance tag (OpenFlow 1.3.5 §7.2.3.7, IEEE 802.1Q §9.7).
    @unsafe @_noLocks @inline(__always)
    static func parsePBB(
        _ packet: PacketBytes, _ ethernet: EthernetParser, _ words: UnsafeMutablePointer<UInt64>
    ) -> PacketLayout {
        let layout = PacketLayout(ethernet)
        let offset = ethernet.payload
        // Safe, all accesses: bytes are checked to be there before they are read; `words` is a whole key.
        unsafe store(ethernet, words)
        guard packet.has(PBBTag.controlInformationLength, at: offset) else { return layout }
        // UCA is bit 27, I-SID the low 24 bits.
        let control = unsafe packet.uint32(at: offset &+ PBBTag.controlInformation)
        unsafe words[KeyLayout.mplsThirdAndPBB] = UInt64(control >> 27 & 1) << 24 | UInt64(control & 0xff_ffff)
        return layout
    }
}
