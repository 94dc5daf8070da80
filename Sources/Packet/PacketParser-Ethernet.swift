/// The Ethernet header and its VLAN tags, in the shape of the key's words.
struct EthernetParser {
    /// eth_dst and the outer TCI, as ``KeyLayout/ethernetDestination``.
    private(set) var destination: UInt64 = 0
    /// eth_src and the inner TCI, as ``KeyLayout/ethernetSource``.
    private(set) var source: UInt64 = 0
    private(set) var type: UInt16 = 0
    private(set) var etherTypeOffset = PacketLayout.absent
    private(set) var tagCount: UInt8 = 0
    /// The offset of what follows the EtherType.
    private(set) var payload = 0

    @_noLocks @inline(__always)
    init(_ packet: PacketBytes) {
        // A packet without a whole header has no field but its port.
        guard packet.has(EthernetHeader.length, at: 0) else { return }
        // Safe: 14 bytes are there, so eight are from each of these places. The low 16 bits of the first load belong
        // to the source; those of the second are the EtherType.
        let first = unsafe packet.uint64(at: EthernetHeader.destination)
        let second = unsafe packet.uint64(at: EthernetHeader.source)
        destination = first & Self.addressBits
        source = second & Self.addressBits
        type = UInt16(truncatingIfNeeded: second)
        var offset = EthernetHeader.etherType
        if Self.isTag(type) { parseTags(packet, &offset) }
        etherTypeOffset = UInt16(truncatingIfNeeded: offset)
        payload = offset &+ 2
        if type < EtherType.minimum { parseLengthField(packet) }
    }

    /// The place of a hardware address in its word.
    private static var addressBits: UInt64 { @_noLocks get { ~0xffff } }

    @_noLocks @inline(__always)
    private static func isTag(_ type: UInt16) -> Bool { type == EtherType.customerTag || type == EtherType.serviceTag }

    /// Takes up to two tags. A tag counts only if the EtherType after it is there too; otherwise, and for a third one,
    /// its TPID is left standing as the EtherType.
    @_noLocks @inline(__always)
    private mutating func parseTags(_ packet: PacketBytes, _ offset: inout Int) {
        guard let outer = Self.tag(packet, at: offset) else { return }
        destination |= outer.control
        type = outer.next
        offset &+= VLANTag.length
        tagCount = 1
        guard Self.isTag(type), let inner = Self.tag(packet, at: offset) else { return }
        source |= inner.control
        type = inner.next
        offset &+= VLANTag.length
        tagCount = 2
    }

    @_noLocks @inline(__always)
    private static func tag(_ packet: PacketBytes, at offset: Int) -> (control: UInt64, next: UInt16)? {
        guard packet.has(VLANTag.length &+ 2, at: offset) else { return nil }
        // Safe: the four bytes after the TPID are there.
        let both = unsafe packet.uint32(at: offset &+ VLANTag.controlInformation)
        return (UInt64(both >> 16) | KeyLayout.vlanPresent, UInt16(truncatingIfNeeded: both))
    }

    /// An IEEE 802.3 frame has an EtherType only if SNAP for Ethernet follows and holds one.
    @_noLocks @inline(never)
    private mutating func parseLengthField(_ packet: PacketBytes) {
        type = EtherType.none
        guard packet.has(SNAPHeader.length, at: payload) else { return }
        // Safe: the header's eight bytes are there.
        let header = unsafe packet.uint64(at: payload &+ SNAPHeader.start)
        guard header >> 16 == Self.snapForEthernet else { return }
        payload &+= SNAPHeader.length
        let inner = UInt16(truncatingIfNeeded: header)
        if inner >= EtherType.minimum { type = inner }
    }

    /// DSAP and SSAP 0xaa, unnumbered information, organisation code 0 (RFC 1042).
    private static var snapForEthernet: UInt64 { @_noLocks get { 0xaaaa_0300_0000 } }
}
