import OpenFlowWire

/// Hello messages, which are read before a version is agreed on (OpenFlow 1.3.5 §6.3.1, §7.5.1).
enum Hello {
    /// OFPHET_VERSIONBITMAP.
    private static let versionBitmap = 1

    /// A hello that offers these versions.
    static func bytes(_ versions: VersionSet) -> [UInt8] {
        let highest = versions.highestCommon(with: VersionSet(upTo: 30)) ?? .v10
        let bits = versions.rawValue
        // Those who know no elements take the header's version, and must get no more than it.
        var bytes: [UInt8] = [highest.rawValue, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 8]
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
        return bytes
    }

    /// The versions that a hello offers.
    static func versions(_ bytes: [UInt8]) -> VersionSet {
        func number(_ place: Int) -> Int { Int(bytes[place]) << 8 | Int(bytes[place + 1]) }
        var place = Codec.headerSize
        while place + 4 <= bytes.count {
            let (type, length) = (number(place), number(place + 2))
            if length < 4 { break }
            if type == versionBitmap, length >= 8, place + 8 <= bytes.count {
                let bits = UInt32(number(place + 4)) << 16 | UInt32(number(place + 6))
                return VersionSet(rawValue: bits)
            }
            place += (length + 7) / 8 * 8
        }
        return VersionSet(upTo: bytes[0])
    }
}
