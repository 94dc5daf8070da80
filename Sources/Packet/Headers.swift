// The byte positions of header fields, counted from the first byte of their header. Each is a computed constant, not a
// stored one, so that `@_noLocks` code of other modules may use it: a stored constant is reached through an accessor
// that the compiler can't look into from there.

/// Ethernet II (IEEE 802.3 §3.1.1).
public enum EthernetHeader {
    @inlinable public static var destination: Int { @_noLocks get { 0 } }
    @inlinable public static var source: Int { @_noLocks get { 6 } }
    @inlinable public static var etherType: Int { @_noLocks get { 12 } }
    @inlinable public static var length: Int { @_noLocks get { 14 } }
}

/// A tag of IEEE 802.1Q §9.6, counted from its TPID, which stands in the place of the EtherType.
public enum VLANTag {
    @inlinable public static var protocolIdentifier: Int { @_noLocks get { 0 } }
    @inlinable public static var controlInformation: Int { @_noLocks get { 2 } }
    @inlinable public static var length: Int { @_noLocks get { 4 } }
}

/// LLC and SNAP (IEEE 802.2 §3.2, RFC 1042), counted from the byte after the length field.
public enum SNAPHeader {
    /// DSAP, SSAP, control and organisation code together.
    @inlinable public static var start: Int { @_noLocks get { 0 } }
    @inlinable public static var etherType: Int { @_noLocks get { 6 } }
    @inlinable public static var length: Int { @_noLocks get { 8 } }
}

/// One entry of the MPLS label stack (RFC 3032 §2.1).
public enum MPLSEntry {
    @inlinable public static var length: Int { @_noLocks get { 4 } }
    /// The S bit of an entry read as a 32-bit number.
    @inlinable public static var bottomOfStack: UInt32 { @_noLocks get { 0x100 } }
}

/// The I-TAG of provider backbone bridging (IEEE 802.1Q §9.7), counted from the byte after EtherType 0x88e7.
public enum PBBTag {
    @inlinable public static var controlInformation: Int { @_noLocks get { 0 } }
    @inlinable public static var controlInformationLength: Int { @_noLocks get { 4 } }
}

/// ARP for IPv4 over Ethernet (RFC 826).
public enum ARPHeader {
    @inlinable public static var hardwareType: Int { @_noLocks get { 0 } }
    @inlinable public static var operation: Int { @_noLocks get { 6 } }
    @inlinable public static var senderHardware: Int { @_noLocks get { 8 } }
    @inlinable public static var senderProtocol: Int { @_noLocks get { 14 } }
    @inlinable public static var targetHardware: Int { @_noLocks get { 18 } }
    @inlinable public static var targetProtocol: Int { @_noLocks get { 24 } }
    @inlinable public static var length: Int { @_noLocks get { 28 } }
}

/// RFC 791 §3.1.
public enum IPv4Header {
    @inlinable public static var versionAndLength: Int { @_noLocks get { 0 } }
    @inlinable public static var trafficClass: Int { @_noLocks get { 1 } }
    @inlinable public static var totalLength: Int { @_noLocks get { 2 } }
    @inlinable public static var fragment: Int { @_noLocks get { 6 } }
    @inlinable public static var timeToLive: Int { @_noLocks get { 8 } }
    @inlinable public static var `protocol`: Int { @_noLocks get { 9 } }
    @inlinable public static var checksum: Int { @_noLocks get { 10 } }
    @inlinable public static var source: Int { @_noLocks get { 12 } }
    @inlinable public static var destination: Int { @_noLocks get { 16 } }
    @inlinable public static var minimumLength: Int { @_noLocks get { 20 } }
}

/// RFC 8200 §3.
public enum IPv6Header {
    @inlinable public static var versionAndFlow: Int { @_noLocks get { 0 } }
    @inlinable public static var payloadLength: Int { @_noLocks get { 4 } }
    @inlinable public static var nextHeader: Int { @_noLocks get { 6 } }
    @inlinable public static var hopLimit: Int { @_noLocks get { 7 } }
    @inlinable public static var source: Int { @_noLocks get { 8 } }
    @inlinable public static var destination: Int { @_noLocks get { 24 } }
    @inlinable public static var length: Int { @_noLocks get { 40 } }
}

/// What the extension headers of RFC 8200 §4 and RFC 4302 §2 have in common.
public enum IPv6ExtensionHeader {
    @inlinable public static var nextHeader: Int { @_noLocks get { 0 } }
    /// In units of four bytes in an authentication header, of eight in others, without the first eight bytes.
    @inlinable public static var lengthUnits: Int { @_noLocks get { 1 } }
    /// Of a fragment header: offset, reserved bits and the more-fragments bit.
    @inlinable public static var fragment: Int { @_noLocks get { 2 } }
    /// Of a routing header.
    @inlinable public static var segmentsLeft: Int { @_noLocks get { 3 } }
    @inlinable public static var minimumLength: Int { @_noLocks get { 8 } }
}

/// RFC 9293 §3.1.
public enum TCPHeader {
    @inlinable public static var source: Int { @_noLocks get { 0 } }
    @inlinable public static var destination: Int { @_noLocks get { 2 } }
    /// Header length in 32-bit words (4 bits), then 12 bits of flags.
    @inlinable public static var lengthAndFlags: Int { @_noLocks get { 12 } }
    @inlinable public static var checksum: Int { @_noLocks get { 16 } }
    @inlinable public static var minimumLength: Int { @_noLocks get { 20 } }
}

/// RFC 768.
public enum UDPHeader {
    @inlinable public static var source: Int { @_noLocks get { 0 } }
    @inlinable public static var destination: Int { @_noLocks get { 2 } }
    @inlinable public static var datagramLength: Int { @_noLocks get { 4 } }
    @inlinable public static var checksum: Int { @_noLocks get { 6 } }
    @inlinable public static var length: Int { @_noLocks get { 8 } }
}

/// The common header of RFC 9260 §3.1.
public enum SCTPHeader {
    @inlinable public static var source: Int { @_noLocks get { 0 } }
    @inlinable public static var destination: Int { @_noLocks get { 2 } }
    @inlinable public static var checksum: Int { @_noLocks get { 8 } }
    @inlinable public static var length: Int { @_noLocks get { 12 } }
}

/// What the messages of RFC 792 and RFC 4443 §2.1 have in common, with the four bytes that follow.
public enum ICMPHeader {
    @inlinable public static var type: Int { @_noLocks get { 0 } }
    @inlinable public static var code: Int { @_noLocks get { 1 } }
    @inlinable public static var checksum: Int { @_noLocks get { 2 } }
    @inlinable public static var length: Int { @_noLocks get { 8 } }
}

/// Neighbour solicitation and advertisement (RFC 4861 §4.3, §4.4), counted from the ICMPv6 type.
public enum NeighbourMessage {
    @inlinable public static var target: Int { @_noLocks get { 8 } }
    @inlinable public static var options: Int { @_noLocks get { 24 } }
}

/// An option of neighbour discovery (RFC 4861 §4.6).
public enum NeighbourOption {
    @inlinable public static var type: Int { @_noLocks get { 0 } }
    /// In units of eight bytes, the option's first two bytes included.
    @inlinable public static var lengthUnits: Int { @_noLocks get { 1 } }
    @inlinable public static var linkLayerAddress: Int { @_noLocks get { 2 } }
    @inlinable public static var minimumLength: Int { @_noLocks get { 8 } }
}
