/// Where things lie in a ``FlowKey``: word numbers and shifts, for the code that fills or reads keys at speed.
///
/// The fields that one packet can't have together share a place: ports, ICMP type and code, and the ARP operation;
/// IPv4 and ARP addresses; ARP and neighbour-discovery hardware addresses. A match on any of them has the EtherType
/// and protocol in it too (``Field/prerequisite``), so they can't be mixed up.
public enum KeyLayout {
    /// in_port 63…32, eth_type 31…16, ip_proto 15…8, ip_frag 1…0.
    @inlinable public static var portAndTypes: Int { @_noLocks get { 0 } }
    /// eth_dst 63…16, outer VLAN TCI 15…0 (bit 12 set: a tag is there).
    @inlinable public static var ethernetDestination: Int { @_noLocks get { 1 } }
    /// eth_src 63…16, inner VLAN TCI 15…0 (bit 12 set: a second tag is there).
    @inlinable public static var ethernetSource: Int { @_noLocks get { 2 } }
    /// IPv4 source (or ARP SPA) 63…32, destination (or TPA) 31…0.
    @inlinable public static var ipv4Addresses: Int { @_noLocks get { 3 } }
    /// Source port (ICMP type, ARP operation) 63…48, destination port (ICMP code) 47…32, TCP flags 27…16,
    /// IP traffic class 15…8, TTL or hop limit 7…0.
    @inlinable public static var transport: Int { @_noLocks get { 4 } }
    /// High half; the low half is the next word.
    @inlinable public static var ipv6Source: Int { @_noLocks get { 5 } }
    /// High half; the low half is the next word.
    @inlinable public static var ipv6Destination: Int { @_noLocks get { 7 } }
    /// IPv6 flow label 51…32, extension header bits 24…16.
    @inlinable public static var ipv6Label: Int { @_noLocks get { 9 } }
    /// High half; the low half is the next word.
    @inlinable public static var neighbourTarget: Int { @_noLocks get { 10 } }
    /// ARP SHA or ND source link-layer address 63…16.
    @inlinable public static var sourceHardware: Int { @_noLocks get { 12 } }
    /// ARP THA or ND target link-layer address 63…16.
    @inlinable public static var targetHardware: Int { @_noLocks get { 13 } }
    /// First MPLS label stack entry 63…32, second 31…0.
    @inlinable public static var mpls: Int { @_noLocks get { 14 } }
    /// Third MPLS label stack entry 63…32; PBB UCA 24, I-SID 23…0.
    @inlinable public static var mplsThirdAndPBB: Int { @_noLocks get { 15 } }
    @inlinable public static var tunnelID: Int { @_noLocks get { 16 } }
    /// in_phy_port 63…32.
    @inlinable public static var physicalPort: Int { @_noLocks get { 17 } }
    @inlinable public static var metadata: Int { @_noLocks get { 18 } }
    /// reg0 63…32, reg1 31…0; the further pairs follow in words 20…26.
    @inlinable public static var registers: Int { @_noLocks get { 19 } }
    /// actset_output 63…32, conj_id 31…0.
    @inlinable public static var actionSetOutput: Int { @_noLocks get { 27 } }

    /// Bit 12 of a TCI: a tag is present (OpenFlow's OFPVID_PRESENT in the place of the CFI).
    @inlinable public static var vlanPresent: UInt64 { @_noLocks get { 0x1000 } }

    /// ip_frag, bit 0: any fragment.
    @inlinable public static var fragmentAny: UInt64 { @_noLocks get { 1 } }
    /// ip_frag, bit 1: not the first fragment.
    @inlinable public static var fragmentLater: UInt64 { @_noLocks get { 2 } }
}
