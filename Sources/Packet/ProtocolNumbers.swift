/// EtherTypes (IEEE 802 numbers) that the switch knows.
public enum EtherType {
    @inlinable public static var ipv4: UInt16 { @_noLocks get { 0x0800 } }
    @inlinable public static var arp: UInt16 { @_noLocks get { 0x0806 } }
    @inlinable public static var rarp: UInt16 { @_noLocks get { 0x8035 } }
    /// The TPID of a customer tag (IEEE 802.1Q §9.5).
    @inlinable public static var customerTag: UInt16 { @_noLocks get { 0x8100 } }
    @inlinable public static var ipv6: UInt16 { @_noLocks get { 0x86dd } }
    @inlinable public static var mplsUnicast: UInt16 { @_noLocks get { 0x8847 } }
    @inlinable public static var mplsMulticast: UInt16 { @_noLocks get { 0x8848 } }
    /// The TPID of a service tag (IEEE 802.1Q §9.5).
    @inlinable public static var serviceTag: UInt16 { @_noLocks get { 0x88a8 } }
    /// The TPID of a backbone service instance tag (IEEE 802.1Q §9.5).
    @inlinable public static var backboneTag: UInt16 { @_noLocks get { 0x88e7 } }

    /// Smaller values in the place of an EtherType are a length (IEEE 802.3 §3.2.6).
    @inlinable public static var minimum: UInt16 { @_noLocks get { 0x0600 } }
    /// What eth_type reads as in an IEEE 802.3 frame without an EtherType (OpenFlow 1.0 §3.4).
    @inlinable public static var none: UInt16 { @_noLocks get { 0x05ff } }
}

/// Protocol numbers of IPv4 and next-header values of IPv6 (IANA).
public enum IPProtocol {
    @inlinable public static var hopByHopOptions: UInt8 { @_noLocks get { 0 } }
    @inlinable public static var icmpv4: UInt8 { @_noLocks get { 1 } }
    @inlinable public static var tcp: UInt8 { @_noLocks get { 6 } }
    @inlinable public static var udp: UInt8 { @_noLocks get { 17 } }
    @inlinable public static var routing: UInt8 { @_noLocks get { 43 } }
    @inlinable public static var fragment: UInt8 { @_noLocks get { 44 } }
    @inlinable public static var encapsulatingSecurityPayload: UInt8 { @_noLocks get { 50 } }
    @inlinable public static var authentication: UInt8 { @_noLocks get { 51 } }
    @inlinable public static var icmpv6: UInt8 { @_noLocks get { 58 } }
    @inlinable public static var noNextHeader: UInt8 { @_noLocks get { 59 } }
    @inlinable public static var destinationOptions: UInt8 { @_noLocks get { 60 } }
    @inlinable public static var sctp: UInt8 { @_noLocks get { 132 } }
}

/// The ICMPv6 message types whose bodies are parsed (RFC 4861 §4).
public enum ICMPv6Type {
    @inlinable public static var neighbourSolicitation: UInt8 { @_noLocks get { 135 } }
    @inlinable public static var neighbourAdvertisement: UInt8 { @_noLocks get { 136 } }
}

/// The options of neighbour discovery that are parsed (RFC 4861 §4.6.1).
public enum NeighbourOptionType {
    @inlinable public static var sourceLinkLayerAddress: UInt8 { @_noLocks get { 1 } }
    @inlinable public static var targetLinkLayerAddress: UInt8 { @_noLocks get { 2 } }
}
