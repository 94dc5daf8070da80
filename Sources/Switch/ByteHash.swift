/// Hashes over bytes whose results are those of Open vSwitch on x86-64, so that both choose the same link for a packet.
enum ByteHash {
    /// Bob Jenkins' lookup3 (burtleburtle.net/bob/c/lookup3.c, in the public domain), but that a last block of twelve
    /// bytes is mixed as those before it, and only a shorter rest is finished.
    static func jenkins(_ bytes: [UInt8], basis: UInt32) -> UInt32 {
        let words = words(bytes)
        let start = 0xdead_beef &+ UInt32(truncatingIfNeeded: bytes.count) &+ basis
        var (a, b, c) = (start, start, start)
        for place in stride(from: 0, to: words.count, by: 3) {
            a &+= words[place]
            if place + 1 < words.count { b &+= words[place + 1] }
            if place + 2 < words.count { c &+= words[place + 2] }
            if 4 * (place + 3) <= bytes.count { mix(&a, &b, &c) } else { finish(&a, &b, &c) }
        }
        return c
    }

    /// Austin Appleby's MurmurHash3 for 32 bits (github.com/aappleby/smhasher, in the public domain).
    ///
    /// - Parameter end: goes in last, in the place of the number of bytes.
    static func murmur(_ bytes: [UInt8], seed: UInt32, end: UInt32) -> UInt32 {
        murmur(words(bytes), seed: seed, end: end)
    }

    /// Of two numbers.
    static func murmur(_ first: UInt32, _ second: UInt32) -> UInt32 { murmur([0, second], seed: first, end: 8) }

    private static func murmur(_ words: [UInt32], seed: UInt32, end: UInt32) -> UInt32 {
        var hash = seed
        for word in words {
            hash ^= rotate(word &* 0xcc9e_2d51, 15) &* 0x1b87_3593
            hash = rotate(hash, 13) &* 5 &+ 0xe654_6b64
        }
        hash ^= end
        hash = (hash ^ hash >> 16) &* 0x85eb_ca6b
        hash = (hash ^ hash >> 13) &* 0xc2b2_ae35
        return hash ^ hash >> 16
    }

    /// The bytes by fours, as a little-endian processor reads them; the last are filled up with zeros.
    private static func words(_ bytes: [UInt8]) -> [UInt32] {
        stride(from: 0, to: bytes.count, by: 4).map { place in
            bytes[place..<min(place + 4, bytes.count)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 - count) }

    private static func mix(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32) {
        func step(_ x: inout UInt32, _ y: inout UInt32, _ z: UInt32, _ count: UInt32) {
            x = (x &- y) ^ rotate(y, count)
            y &+= z
        }
        step(&a, &c, b, 4)
        step(&b, &a, c, 6)
        step(&c, &b, a, 8)
        step(&a, &c, b, 16)
        step(&b, &a, c, 19)
        step(&c, &b, a, 4)
    }

    private static func finish(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32) {
        func step(_ x: inout UInt32, _ y: UInt32, _ count: UInt32) { x = (x ^ y) &- rotate(y, count) }
        step(&c, b, 14)
        step(&a, c, 11)
        step(&b, a, 25)
        step(&c, b, 16)
        step(&a, c, 4)
        step(&b, a, 14)
        step(&c, b, 24)
    }
}
