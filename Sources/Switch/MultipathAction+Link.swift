import OpenFlow

extension MultipathAction {
    /// Above so many links `hrw`, whose cost grows with their number, does as `iter_hash`.
    private static var mostDrawnLinks: Int { 64 }

    /// The link of packets with a hash (multipath_algorithm in Open vSwitch's lib/multipath.c), counted from 0.
    func link(for hash: UInt32) -> UInt16 {
        let count = UInt32(linkCount)
        switch algorithm {
        case .modulo: return UInt16(hash % count)
        case .hashThreshold: return count == 1 ? 0 : UInt16(hash / (UInt32.max / count + 1))
        case .highestRandomWeight where linkCount <= Self.mostDrawnLinks: return highest(hash)
        case .highestRandomWeight: return iterated(hash, divisor: 0)
        case .iterativeHash: return iterated(hash, divisor: argument)
        }
    }

    /// Of several that draw the same the first.
    private func highest(_ hash: UInt32) -> UInt16 {
        var best: (link: UInt16, weight: UInt32) = (0, ByteHash.murmur(hash, 0))
        for link in 1..<UInt16(linkCount) {
            let weight = ByteHash.murmur(hash, UInt32(link))
            if weight > best.weight { best = (link, weight) }
        }
        return best.link
    }

    /// Each attempt has a chance of about a half at least.
    private func iterated(_ hash: UInt32, divisor: UInt32) -> UInt16 {
        let count = UInt32(linkCount)
        let suits = divisor >= count && divisor / 2 <= count
        // Else the next power of two.
        let divisor = suits ? divisor : 1 << UInt32(32 - (count - 1).leadingZeroBitCount)
        var attempt: UInt32 = 0
        while true {
            let link = UInt16(truncatingIfNeeded: ByteHash.murmur(hash, attempt) % divisor)
            if UInt32(link) < count { return link }
            attempt &+= 1
        }
    }
}
