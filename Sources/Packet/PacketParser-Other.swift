extension PacketParser {
    /// Parses what follows any EtherType but IPv4's and IPv6's: ARP, RARP, MPLS, PBB.
    @unsafe @_noLocks @inline(never)
    static func parseOther(
        _ packet: PacketBytes, _ type: UInt16, _ offset: Int, _ words: UnsafeMutablePointer<UInt64>,
        _ layout: inout PacketLayout
    ) {
        switch type {
        case EtherType.arp, EtherType.rarp: unsafe parseARP(packet, offset, words, &layout)
        case EtherType.mplsUnicast, EtherType.mplsMulticast: unsafe parseMPLS(packet, offset, words, &layout)
        case EtherType.backboneTag: unsafe parsePBB(packet, offset, words)
        default: break
        }
    }

    /// Parses ARP and RARP (RFC 826, RFC 903) for IPv4 over Ethernet; of other kinds nothing is known.
    @unsafe @_noLocks @inline(__always)
    private static func parseARP(
        _ packet: PacketBytes, _ offset: Int, _ words: UnsafeMutablePointer<UInt64>, _ layout: inout PacketLayout
    ) {
        guard packet.has(ARPHeader.length, at: offset) else { return }
        // Safe: the header's 28 bytes are there; `words` is a whole key.
        let start = unsafe packet.uint64(at: offset &+ ARPHeader.hardwareType)
        guard start >> 16 == ipv4OverEthernet else { return }
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
    }

    /// Hardware type 1, protocol type 0x0800, address lengths 6 and 4.
    private static var ipv4OverEthernet: UInt64 { @_noLocks get { 0x0001_0800_0604 } }

    /// Takes up to three label stack entries (RFC 3032 §2.1), as far as the bottom of the stack.
    @unsafe @_noLocks @inline(__always)
    private static func parseMPLS(
        _ packet: PacketBytes, _ offset: Int, _ words: UnsafeMutablePointer<UInt64>, _ layout: inout PacketLayout
    ) {
        // Safe: each entry's four bytes are checked before it is read; `words` is a whole key.
        layout.mplsOffset = UInt16(truncatingIfNeeded: offset)
        guard packet.has(MPLSEntry.length, at: offset) else { return }
        let first = unsafe packet.uint32(at: offset)
        unsafe words[KeyLayout.mpls] = UInt64(first) << 32
        guard first & MPLSEntry.bottomOfStack == 0, packet.has(2 &* MPLSEntry.length, at: offset) else { return }
        let second = unsafe packet.uint32(at: offset &+ MPLSEntry.length)
        unsafe words[KeyLayout.mpls] = UInt64(first) << 32 | UInt64(second)
        guard second & MPLSEntry.bottomOfStack == 0, packet.has(3 &* MPLSEntry.length, at: offset) else { return }
        let third = unsafe packet.uint32(at: offset &+ 2 &* MPLSEntry.length)
        unsafe words[KeyLayout.mplsThirdAndPBB] = UInt64(third) << 32
    }

    /// Takes I-SID and UCA of a backbone service instance tag (OpenFlow 1.3.5 §7.2.3.7, IEEE 802.1Q §9.7).
    @unsafe @_noLocks @inline(__always)
    private static func parsePBB(_ packet: PacketBytes, _ offset: Int, _ words: UnsafeMutablePointer<UInt64>) {
        guard packet.has(PBBTag.controlInformationLength, at: offset) else { return }
        // Safe: the four bytes are there; `words` is a whole key. UCA is bit 27 of them, I-SID the low 24.
        let control = unsafe packet.uint32(at: offset &+ PBBTag.controlInformation)
        unsafe words[KeyLayout.mplsThirdAndPBB] = UInt64(control >> 27 & 1) << 24 | UInt64(control & 0xff_ffff)
    }
}
