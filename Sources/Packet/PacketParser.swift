// Safe throughout: a header's bytes are loaded only after `PacketBytes.has` said that all of them are there, and words
// of a key by the places that KeyLayout names.

/// Fills the packet's part of a ``FlowKey`` from the bytes of a packet.
///
/// Which fields a short, truncated or lying packet has is decided as Open vSwitch decides it, since flows written for
/// it are to choose the same packets here. Where this parser knows more (PBB, IPv6 extension header bits, 16-bit ARP
/// operations) OpenFlow 1.3.5 §7.2.3.7 decides. No input makes it trap, allocate or read outside the bytes given; its
/// work is bounded by one step for every four bytes (MPLS stops after three entries, but IPv6 extension headers and
/// neighbour discovery options, at least eight bytes each, are walked to the end).
public enum PacketParser {
    /// Parses a packet as far as it is understood.
    ///
    /// - Parameters:
    ///   - bytes: The first part of the packet in contiguous memory, readable for `count` bytes.
    ///   - count: Bytes at `bytes`, at most `packetLength`. Headers beyond them are taken as cut off.
    ///   - packetLength: Bytes in the whole packet, which may go on in further buffers. The lengths that headers
    ///     state are checked against it.
    ///   - port: The port it came in by; becomes in_port and in_phy_port.
    ///   - key: Words `0..<FlowKey.packetWordCount` are all written (zero where the packet has no such field); the
    ///     pipeline's words are left alone. Must not overlap `bytes`.
    /// - Returns: Where the headers lie.
    @_noLocks
    public static func parse(
        _ bytes: UnsafeRawPointer, count: Int, packetLength: Int, port: UInt32, into key: UnsafeMutablePointer<FlowKey>
    ) -> PacketLayout {
        // Safe: a key is 32 words and nothing else, and only its first 18 are written.
        let words = unsafe UnsafeMutableRawPointer(key).assumingMemoryBound(to: UInt64.self)
        // Safe: the caller vouches for `count` bytes at `bytes`.
        let packet = unsafe PacketBytes(bytes, count: count)
        // Safe: as above. Word by word, the compiler makes a few vector stores of it.
        for word in KeyLayout.ipv4Addresses..<KeyLayout.physicalPort { unsafe words[word] = 0 }
        unsafe words[KeyLayout.physicalPort] = UInt64(port) << 32
        // Most packets are parsed here, with nothing called and all places known to the compiler; all others there.
        if let layout = unsafe parseCommon(packet, packetLength, words) { return layout }
        return unsafe parseAny(packet, packetLength, words)
    }

    /// Parses any packet, after the words that follow Ethernet's have been cleared.
    ///
    /// - Parameter words: Word 17 holds the port; words 0…2 need not be defined.
    @unsafe @_noLocks @inline(never)
    private static func parseAny(
        _ packet: PacketBytes, _ packetLength: Int, _ words: UnsafeMutablePointer<UInt64>
    ) -> PacketLayout {
        let ethernet = EthernetParser(packet)
        switch ethernet.type {
        // Safe: `words` is a whole key.
        case EtherType.ipv4: return unsafe parseIPv4(packet, packetLength, ethernet, words)
        case EtherType.ipv6: return unsafe parseIPv6(packet, packetLength, ethernet, words)
        case EtherType.arp, EtherType.rarp: return unsafe parseARP(packet, ethernet, words)
        case EtherType.mplsUnicast, EtherType.mplsMulticast: return unsafe parseMPLS(packet, ethernet, words)
        case EtherType.backboneTag: return unsafe parsePBB(packet, ethernet, words)
        default:
            unsafe store(ethernet, words)
            return PacketLayout(ethernet)
        }
    }

    /// Writes words 0…2.
    ///
    /// - Parameters:
    ///   - words: Word 17 holds the port.
    ///   - network: ip_proto and ip_frag in their places in word 0.
    @unsafe @_noLocks @inline(__always)
    static func store(_ ethernet: EthernetParser, _ words: UnsafeMutablePointer<UInt64>, network: UInt64 = 0) {
        // Safe: `words` is a whole key.
        let port = unsafe words[KeyLayout.physicalPort]
        unsafe words[KeyLayout.portAndTypes] = port | UInt64(ethernet.type) << 16 | network
        unsafe words[KeyLayout.ethernetDestination] = ethernet.destination
        unsafe words[KeyLayout.ethernetSource] = ethernet.source
    }
}

extension PacketParser {
    /// Parses no further than the EtherType: in_port, eth_dst, eth_src, both VLAN tags and eth_type.
    ///
    /// The other bits of words 0…2 become zero; the other words are left alone.
    /// - Returns: A layout with the EtherType's place and the number of tags.
    @_noLocks
    public static func parseEthernet(
        _ bytes: UnsafeRawPointer, count: Int, packetLength: Int, port: UInt32, into key: UnsafeMutablePointer<FlowKey>
    ) -> PacketLayout {
        // Safe: as in `parse`.
        let words = unsafe UnsafeMutableRawPointer(key).assumingMemoryBound(to: UInt64.self)
        let packet = unsafe PacketBytes(bytes, count: count)
        let ethernet = EthernetParser(packet)
        unsafe words[KeyLayout.portAndTypes] = UInt64(port) << 32 | UInt64(ethernet.type) << 16
        unsafe words[KeyLayout.ethernetDestination] = ethernet.destination
        unsafe words[KeyLayout.ethernetSource] = ethernet.source
        return PacketLayout(ethernet)
    }
}

extension PacketParser {
    /// Parses a packet that lies in one piece.
    @_noLocks
    public static func parse(_ packet: RawSpan, port: UInt32, into key: inout FlowKey) -> PacketLayout {
        // Safe: both pointers are used within the closures only, and the count is the span's own.
        unsafe packet.withUnsafeBytes { bytes in
            unsafe withUnsafeMutablePointer(to: &key) { key in
                if let base = bytes.baseAddress {
                    unsafe parse(base, count: bytes.count, packetLength: bytes.count, port: port, into: key)
                } else {
                    unsafe parse(key, count: 0, packetLength: 0, port: port, into: key)
                }
            }
        }
    }

    /// Parses the Ethernet header and VLAN tags of a packet that lies in one piece.
    @_noLocks
    public static func parseEthernet(_ packet: RawSpan, port: UInt32, into key: inout FlowKey) -> PacketLayout {
        // Safe: as above.
        unsafe packet.withUnsafeBytes { bytes in
            unsafe withUnsafeMutablePointer(to: &key) { key in
                if let base = bytes.baseAddress {
                    unsafe parseEthernet(base, count: bytes.count, packetLength: bytes.count, port: port, into: key)
                } else {
                    unsafe parseEthernet(key, count: 0, packetLength: 0, port: port, into: key)
                }
            }
        }
    }
}
