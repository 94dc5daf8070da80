/// Where things lie in a ``FlowKey``: word numbers and shifts, for the code that fills or reads keys at speed.
///
/// The fields that one packet can't have together share a place: ports, ICMP type and code, and the ARP operation;
/// IPv4 and ARP addresses; ARP and neighbour-discovery hardware addresses. A match on any of them has the EtherType
/// and protocol in it too (``Field/prerequisite``), so they can't be mixed up.
public enum KeyLayout {
    /// in_port 63…32, eth_type 31…16, ip_proto 15…8, ip_frag 1…0.
    public static let portAndTypes = 0
    /// eth_dst 63…16, outer VLAN TCI 15…0 (bit 12 set: a tag is there).
    public static let ethernetDestination = 1
    /// eth_src 63…16, inner VLAN TCI 15…0 (bit 12 set: a second tag is there).
    public static let ethernetSource = 2
    /// IPv4 source (or ARP SPA) 63…32, destination (or TPA) 31…0.
    public static let ipv4Addresses = 3
    /// Source port (ICMP type, ARP operation) 63…48, destination port (ICMP code) 47…32, TCP flags 27…16,
    /// IP traffic class 15…8, TTL or hop limit 7…0.
    public static let transport = 4
    /// High half; the low half is the next word.
    public static let ipv6Source = 5
    /// High half; the low half is the next word.
    public static let ipv6Destination = 7
    /// IPv6 flow label 51…32, extension header bits 24…16.
    public static let ipv6Label = 9
    /// High half; the low half is the next word.
    public static let neighbourTarget = 10
    /// ARP SHA or ND source link-layer address 63…16.
    public static let sourceHardware = 12
    /// ARP THA or ND target link-layer address 63…16.
    public static let targetHardware = 13
    /// First MPLS label stack entry 63…32, second 31…0.
    public static let mpls = 14
    /// Third MPLS label stack entry 63…32; PBB UCA 24, I-SID 23…0.
    public static let mplsThirdAndPBB = 15
    public static let tunnelID = 16
    /// in_phy_port 63…32.
    public static let physicalPort = 17
    public static let metadata = 18
    /// reg0 63…32, reg1 31…0; the further pairs follow in words 20…26.
    public static let registers = 19
    /// actset_output 63…32.
    public static let actionSetOutput = 27

    /// Bit 12 of a TCI: a tag is present (OpenFlow's OFPVID_PRESENT in the place of the CFI).
    public static let vlanPresent: UInt64 = 0x1000

    /// ip_frag, bit 0: any fragment.
    public static let fragmentAny: UInt64 = 1
    /// ip_frag, bit 1: not the first fragment.
    public static let fragmentLater: UInt64 = 2
}
