extension PlainPacket {
    /// Computes every checksum from scratch. UDP without a checksum over IPv4 or IPv6 stays without; the transport's of
    /// a fragment, of which the rest is missing, stays as it is.
    public mutating func recomputeChecksums() {
        if network == .ipv4 {
            put(0, networkOffset + 10, 2)
            put(PlainPacket.internetChecksum(Array(bytes[networkOffset..<transport.offset])), networkOffset + 10, 2)
        }
        guard network == .ipv4 || network == .ipv6, !isFragment else { return }
        let (number, header) = transport
        switch number {
        case 6: sum(at: header + 16, from: header, pseudo: true)
        case 17:
            if self.number(header + 6, 2) == 0 { return }
            sum(at: header + 6, from: header, pseudo: true)
            if self.number(header + 6, 2) == 0 { put(0xffff, header + 6, 2) }
        case 58 where network == .ipv6: sum(at: header + 2, from: header, pseudo: true)
        case 1 where network == .ipv4: sum(at: header + 2, from: header, pseudo: false)
        case 132:
            put(0, header + 8, 4)
            put(UInt64(PlainPacket.crc32c(bytes[header..<networkEnd]).byteSwapped), header + 8, 4)
        default: break
        }
    }

    private mutating func sum(at place: Int, from header: Int, pseudo: Bool) {
        put(0, place, 2)
        var covered = Array(bytes[header..<networkEnd])
        if covered.count % 2 == 1 { covered.append(0) }
        if pseudo {
            let length = networkEnd - header
            covered += [
                UInt8(length >> 24 & 255), UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255),
            ]
            covered += [0, transport.protocol]
            covered +=
                network == .ipv4
                ? bytes[networkOffset + 12..<networkOffset + 20] : bytes[networkOffset + 8..<networkOffset + 40]
        }
        put(PlainPacket.internetChecksum(covered), place, 2)
    }

    /// RFC 1071, word by word.
    static func internetChecksum(_ bytes: [UInt8]) -> UInt64 {
        var sum = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += Int(bytes[index]) << 8 | (index + 1 < bytes.count ? Int(bytes[index + 1]) : 0)
            if sum > 0xffff { sum -= 0xffff }
        }
        return UInt64(0xffff - sum)
    }

    /// RFC 9260 appendix A, bit by bit.
    static func crc32c(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var remainder = UInt32.max
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0x82f6_3b78 : 0) }
        }
        return ~remainder
    }
}
