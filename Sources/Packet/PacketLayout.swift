/// Where the headers of a packet lie, for the actions that change them. Offsets count from the packet's first byte.
public struct PacketLayout: BitwiseCopyable, Sendable, Hashable {
    /// What an offset reads as when the packet has no such header. No header starts there: the parser reads no further
    /// than the first 65,535 bytes.
    @inlinable public static var absent: UInt16 { @_noLocks get { .max } }

    /// The EtherType after all parsed VLAN tags, or the length field in its place.
    public var etherTypeOffset: UInt16
    /// The first entry of the MPLS label stack.
    public var mplsOffset: UInt16
    /// The IPv4, IPv6 or ARP header, if it passed its checks.
    public var networkOffset: UInt16
    /// The TCP, UDP, SCTP, ICMP or ICMPv6 header; absent in later fragments and when it is not whole.
    public var transportOffset: UInt16
    /// Bytes from `networkOffset` that belong to the IP packet, so without Ethernet's padding; 0 without IP.
    public var networkLength: UInt32
    /// VLAN tags parsed, 0…2. With 16 bits, a layout has no padding and is returned and stored in two registers.
    public var vlanTagCount: UInt16
    /// Protocol of the header at `transportOffset`, as ip_proto; 0 when that is absent.
    public var transportProtocol: UInt8
    public var network: Network

    /// Which network header `networkOffset` points at.
    public enum Network: UInt8, BitwiseCopyable, Sendable { case none, ipv4, ipv6, arp }

    /// The layout of a packet in which nothing was found.
    @inlinable @_noLocks
    public init() {
        etherTypeOffset = Self.absent
        mplsOffset = Self.absent
        networkOffset = Self.absent
        transportOffset = Self.absent
        networkLength = 0
        vlanTagCount = 0
        transportProtocol = 0
        network = .none
    }

    @inlinable public var isIPv4: Bool { @_noLocks get { network == .ipv4 } }
    @inlinable public var isIPv6: Bool { @_noLocks get { network == .ipv6 } }
}
