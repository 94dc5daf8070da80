import OpenFlow
import Packet

/// The exact fields by whose values subtables are kept apart: EtherType and IP protocol.
///
/// A packet is compared with a whole subtable's value at once, so that TCP flows cost a UDP packet next to nothing,
/// and a packet of another EtherType is told apart without its addresses being looked at. Only common values count,
/// lest there be a subtable for each of 65,536 EtherTypes.
struct Partition: Hashable, BitwiseCopyable {
    /// Bits of word 0 that all flows have the same value in.
    let mask: UInt64
    let value: UInt64

    static let etherType: UInt64 = 0xffff << 16
    static let ipProtocol: UInt64 = 0xff << 8
    static let ipv4: UInt64 = 0x0800 << 16
    static let ipv6: UInt64 = 0x86dd << 16
    private static let arp: UInt64 = 0x0806 << 16
    /// ICMP, TCP, UDP, ICMPv6, SCTP.
    private static let protocols: [UInt64] = [1, 6, 17, 58, 132].map { $0 << 8 }

    init(_ match: Match) {
        let (key, mask) = (match.key[KeyLayout.portAndTypes], match.mask[KeyLayout.portAndTypes])
        var common: UInt64 = 0
        if mask & Self.etherType == Self.etherType,
            [Self.ipv4, Self.ipv6, Self.arp].contains(key & Self.etherType)
        {
            common = Self.etherType
            if mask & Self.ipProtocol == Self.ipProtocol, Self.protocols.contains(key & Self.ipProtocol) {
                common |= Self.ipProtocol
            }
        }
        self.mask = common
        value = key & common
    }
}
