import OpenFlow
import Packet

/// Under which masks a flow may be hashed.
///
/// A hash table for each mask that flows have costs a lookup a probe for each, and who may add flows can make masks
/// without end (CVE-2019-25076). So flows are hashed by fewer bits than they match, in the way of TupleMerge (Daly et
/// al., 2019): address prefixes cut to whole bytes, ports and odd bits left out. Flows that agree in what is left
/// share a bucket and are compared one by one; when a bucket has too many, more bits are hashed.
enum MaskRelaxation {
    /// The masks to try, from the one with the fewest bits to the flow's own; without repetitions.
    static func levels(_ mask: FlowMask) -> [FlowMask] {
        let addresses = coarse(mask, ports: false)
        var result = [withoutShorterAddress(addresses)]
        for next in [addresses, coarse(mask, ports: true), mask] where next != result.last { result.append(next) }
        return result
    }

    /// The mask without the less specific one of two addresses; of equals without the source.
    private static func withoutShorterAddress(_ mask: FlowMask) -> FlowMask {
        var result = mask
        for pair in [(FieldID.ipv4Src, FieldID.ipv4Dst), (.ipv6Src, .ipv6Dst)] {
            let isSourceLonger = mask[pair.0].nonzeroBitCount > mask[pair.1].nonzeroBitCount
            result[isSourceLonger ? pair.1 : pair.0] = 0
        }
        return result
    }

    private static func coarse(_ mask: FlowMask, ports: Bool) -> FlowMask {
        var result = FlowMask()
        let mask = mask.words.span
        for word in 0..<FlowKey.wordCount where mask[word] != 0 {
            result[word] =
                switch word {
                case KeyLayout.portAndTypes: wholeLanes(mask[word], width: 8)
                case KeyLayout.transport: ports ? wholeLanes(mask[word], width: 16) & 0xffff_ffff_0000_0000 : 0
                case KeyLayout.ethernetDestination, KeyLayout.ethernetSource:
                    wholeLanes(mask[word], width: 16) | (mask[word] & vlan == vlan ? vlan : 0)
                default: wholeLanes(mask[word], width: 16)
                }
        }
        for field in PrefixField.all {
            let place = PrefixField.place(field)
            guard place.width >= 32, mask[place.word] != 0 else { continue }
            let step = place.width == 32 ? 8 : 16
            result[place.word] &= ~place.leading(place.width)
            result[place.word] |= place.leading(place.prefixLength(mask[place.word]) / step * step)
        }
        return result
    }

    /// VLAN id with the bit that says that there is a tag.
    private static let vlan: UInt64 = 0x1fff

    /// The groups of `width` bits that a mask has all bits of.
    private static func wholeLanes(_ mask: UInt64, width: UInt64) -> UInt64 {
        let lane: UInt64 = (1 << width) - 1
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: Int(width)) where mask >> shift & lane == lane {
            result |= lane << shift
        }
        return result
    }

    /// How many flows a bucket may have before a flow is hashed by more bits. A further subtable costs every packet a
    /// probe, a fuller bucket only the packets that meet it; so the more subtables there are the more it takes to get
    /// another, and their number can't exceed some 16·log₂(flows).
    static func bucketLimit(subtables: Int) -> Int { 64 << min(subtables / 16, 48) }

    /// The words that a flow's record holds. Flows of the usual kinds get the same set, lest a subtable be needed for
    /// each combination of fields; so do all flows once there are many subtables.
    static func comparedWords(_ match: Match, words: UInt32, subtables: Int) -> UInt32 {
        let hasType = match.mask[KeyLayout.portAndTypes] & Partition.etherType == Partition.etherType
        let type = match.key[KeyLayout.portAndTypes] & Partition.etherType
        if hasType, type == Partition.ipv4, words & ~ipv4 == 0 { return ipv4 }
        if hasType, type == Partition.ipv6, words & ~ipv6 == 0 { return ipv6 }
        if words & ~layer2 == 0 { return layer2 }
        return subtables < 64 ? words : everyWord
    }

    private static let ipv4 = set(KeyLayout.portAndTypes, KeyLayout.ipv4Addresses, KeyLayout.transport)
    private static let ipv6 = set(
        KeyLayout.portAndTypes, KeyLayout.transport, KeyLayout.ipv6Source, KeyLayout.ipv6Source + 1,
        KeyLayout.ipv6Destination, KeyLayout.ipv6Destination + 1)
    private static let layer2 = set(
        KeyLayout.portAndTypes, KeyLayout.ethernetDestination, KeyLayout.ethernetSource)
    private static let everyWord: UInt32 = .max

    private static func set(_ words: Int...) -> UInt32 { words.reduce(0) { $0 | 1 << UInt32($1) } }
}
