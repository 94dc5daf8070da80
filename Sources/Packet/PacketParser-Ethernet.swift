// Safe throughout: a header's bytes are loaded only after `PacketBytes.has` said that all of them are there, and words
// of a key by the places that KeyLayout names.

/// The Ethernet header and its VLAN tags, in the shape of the key's words.
struct EthernetParser {
    /// eth_dst and the outer TCI, as ``KeyLayout/ethernetDestination``.
    private(set) var destination: UInt64 = 0
    /// eth_src and the inner TCI, as ``KeyLayout/ethernetSource``.
    private(set) var source: UInt64 = 0
    /// eth_type.
    private(set) var type: UInt16 = 0
    private(set) var etherTypeOffset = PacketLayout.absent
    private(set) var tagCount: UInt16 = 0
    /// The offset of what follows the EtherType, or the SNAP header.
    private(set) var payload = 0

    /// The header of any packet. One without a whole header has no field.
    @_noLocks @inline(__always)
    init(_ packet: PacketBytes) {
        guard packet.has(EthernetHeader.length, at: 0) else { return }
        // Safe: 14 bytes are there.
        unsafe readAddresses(packet)
        if Self.isTag(type) { parseTags(packet) }
        if type < EtherType.minimum { parseAfterLength(packet) }
    }

    @unsafe @_noLocks @inline(__always)
    private mutating func readAddresses(_ packet: PacketBytes) {
        // Safe: the caller checked the header's length. The low 16 bits of the first load belong to the source
        // address; those of the second are the EtherType.
        destination = unsafe packet.uint64(at: EthernetHeader.destination) & Self.addressBits
        let second = unsafe packet.uint64(at: EthernetHeader.source)
        source = second & Self.addressBits
        type = UInt16(truncatingIfNeeded: second)
        etherTypeOffset = UInt16(EthernetHeader.etherType)
        payload = EthernetHeader.length
    }

    /// The place of a hardware address in its word.
    private static var addressBits: UInt64 { @_noLocks get { ~0xffff } }

    @_noLocks @inline(__always)
    private static func isTag(_ type: UInt16) -> Bool { type == EtherType.customerTag || type == EtherType.serviceTag }

    /// Takes up to two tags. A tag counts only if the EtherType after it is there too; otherwise, and for a third one,
    /// its TPID is left standing as the EtherType.
    @_noLocks @inline(__always)
    private mutating func parseTags(_ packet: PacketBytes) {
        guard let outer = nextTag(packet) else { return }
        destination |= outer
        guard Self.isTag(type), let inner = nextTag(packet) else { return }
        source |= inner
    }

    /// Takes the tag whose TPID is ``type``, if it is whole.
    /// - Returns: Its TCI, with the bit that tells of its presence.
    @_noLocks @inline(__always)
    private mutating func nextTag(_ packet: PacketBytes) -> UInt64? {
        guard packet.has(VLANTag.length, at: payload) else { return nil }
        // Safe: the TCI and the EtherType after it are there.
        let both = unsafe packet.uint32(at: payload)
        type = UInt16(truncatingIfNeeded: both)
        etherTypeOffset &+= UInt16(VLANTag.length)
        payload &+= VLANTag.length
        tagCount &+= 1
        return UInt64(both >> 16) | KeyLayout.vlanPresent
    }

    /// Finds the EtherType of an IEEE 802.3 frame: it has one only if SNAP for Ethernet follows the length and holds
    /// one.
    @_noLocks @inline(__always)
    private mutating func parseAfterLength(_ packet: PacketBytes) {
        type = EtherType.none
        guard packet.has(SNAPHeader.length, at: payload) else { return }
        // Safe: the header's eight bytes are there.
        let header = unsafe packet.uint64(at: payload &+ SNAPHeader.start)
        let inner = UInt16(truncatingIfNeeded: header)
        guard header >> 16 == Self.snapForEthernet, inner >= EtherType.minimum else { return }
        type = inner
        payload &+= SNAPHeader.length
    }

    /// DSAP and SSAP 0xaa, unnumbered information, organisation code 0 (RFC 1042).
    private static var snapForEthernet: UInt64 { @_noLocks get { 0xaaaa_0300_0000 } }
}

extension PacketLayout {
    /// The layout as far as Ethernet goes.
    @_noLocks @inline(__always)
    init(_ ethernet: EthernetParser) {
        self.init()
        etherTypeOffset = ethernet.etherTypeOffset
        vlanTagCount = ethernet.tagCount
    }
}
