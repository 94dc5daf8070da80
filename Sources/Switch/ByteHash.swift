/// Hashes over bytes whose results are those of Open vSwitch on x86-64, so that both choose the same link for a packet.
enum ByteHash {
    /// Bob Jenkins' lookup3 (burtleburtle.net/bob/c/lookup3.c, in the public domain), but that a last block of twelve
    /// bytes is mixed as those before it, and only a shorter rest is finished.
    static func jenkins(_ bytes: HashedBytes, basis: UInt32) -> UInt32 {
        let start = 0xdead_beef &+ UInt32(truncatingIfNeeded: bytes.count) &+ basis
        var (a, b, c) = (start, start, start)
        for place in stride(from: 0, to: bytes.count, by: 12) {
            a &+= bytes.word(at: place)
            b &+= bytes.word(at: place + 4)
            c &+= bytes.word(at: place + 8)
            if place + 12 <= bytes.count { mix(&a, &b, &c) } else { finish(&a, &b, &c) }
        }
        return c
    }

    /// Austin Appleby's MurmurHash3 for 32 bits (github.com/aappleby/smhasher, in the public domain).
    ///
    /// - Parameter end: goes in last, in the place of the number of bytes.
    static func murmur(_ bytes: HashedBytes, seed: UInt32, end: UInt32) -> UInt32 {
        var hash = seed
        for place in stride(from: 0, to: bytes.count, by: 4) { murmur(&hash, bytes.word(at: place)) }
        return murmurEnd(hash ^ end)
    }

    /// Of two numbers.
    static func murmur(_ first: UInt32, _ second: UInt32) -> UInt32 {
        var hash = first
        murmur(&hash, 0)
        murmur(&hash, second)
        return murmurEnd(hash ^ 8)
    }

    private static func murmur(_ hash: inout UInt32, _ word: UInt32) {
        hash ^= rotate(word &* 0xcc9e_2d51, 15) &* 0x1b87_3593
        hash = rotate(hash, 13) &* 5 &+ 0xe654_6b64
    }

    private static func murmurEnd(_ hash: UInt32) -> UInt32 {
        var hash = hash
        hash = (hash ^ hash >> 16) &* 0x85eb_ca6b
        hash = (hash ^ hash >> 13) &* 0xc2b2_ae35
        return hash ^ hash >> 16
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

/// Bytes to be hashed, in the order of a packet's; 32 at most, behind which stand zeros. No memory but its own, as each
/// new flow that asks for a hash makes one.
struct HashedBytes {
    private var bytes = InlineArray<44, UInt8>(repeating: 0)
    private(set) var count = 0

    /// The low bytes of a number, the highest of them first.
    mutating func append(_ value: UInt64, count size: Int) {
        for place in 0..<size {
            bytes[count + place] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (size - 1 - place)))
        }
        count += size
    }

    mutating func append(_ value: UInt128) {
        append(UInt64(truncatingIfNeeded: value >> 64), count: 8)
        append(UInt64(truncatingIfNeeded: value), count: 8)
    }

    /// Zeros behind what is there.
    mutating func pad(to size: Int) {
        precondition(size >= count)
        count = size
    }

    /// Four bytes, as a little-endian processor reads them; those behind the last are zeros.
    func word(at place: Int) -> UInt32 {
        let bytes = bytes.span
        let (low, high) = (UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8, UInt32(bytes[place + 2]))
        return low | high << 16 | UInt32(bytes[place + 3]) << 24
    }
}
