/// EtherTypes that flows' shorthands and prerequisites name (IEEE 802 numbers).
enum EtherType {
    static let ipv4: UInt16 = 0x0800
    static let arp: UInt16 = 0x0806
    static let rarp: UInt16 = 0x8035
    static let ipv6: UInt16 = 0x86dd
    static let mpls: UInt16 = 0x8847
    static let mplsMulticast: UInt16 = 0x8848
    static let pbb: UInt16 = 0x88e7
    static let vlan: UInt16 = 0x8100
    static let serviceVLAN: UInt16 = 0x88a8
}

/// IP protocol numbers that flows' shorthands and prerequisites name (IANA protocol numbers).
enum IPProtocol {
    static let icmp: UInt8 = 1
    static let tcp: UInt8 = 6
    static let udp: UInt8 = 17
    static let icmpv6: UInt8 = 58
    static let sctp: UInt8 = 132
}
