/// The checksum of SCTP (RFC 9260 §6.8 and appendix A): CRC-32 with Castagnoli's polynomial, eight bytes a step.
///
/// A value holds the 8 KiB of tables that this takes. `@_noLocks` code can't reach tables in a global, so whoever
/// computes checksums makes one once and keeps it; it can't be copied by accident.
public struct CRC32C: ~Copyable, Sendable {
    /// Row by row: what a byte does to the remainder when 0…7 more bytes follow it in the same step.
    private var tables: InlineArray<2048, UInt32>

    public init() {
        tables = InlineArray(repeating: 0)
        for byte in 0..<256 {
            var remainder = UInt32(byte)
            for _ in 0..<8 {
                remainder = remainder >> 1 ^ (remainder & 1 == 0 ? 0 : Self.reflectedPolynomial)
            }
            tables[byte] = remainder
        }
        for index in 256..<2048 {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xff)]
        }
    }

    /// 0x1edc6f41, its bits reversed.
    private static var reflectedPolynomial: UInt32 { 0x82f6_3b78 }

    /// What ``update(_:_:count:)`` begins with.
    @inlinable public static var initial: UInt32 { @_noLocks get { .max } }

    /// The remainder after further bytes, readable at `bytes`.
    @_noLocks
    public borrowing func update(_ remainder: UInt32, _ bytes: UnsafeRawPointer, count: Int) -> UInt32 {
        var remainder = remainder
        var offset = 0
        // Safe: each load ends within the `count` bytes that the caller vouches for.
        while count &- offset >= 8 {
            let next = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            remainder = step(next ^ UInt64(remainder))
            offset &+= 8
        }
        while offset < count {
            let next = unsafe bytes.load(fromByteOffset: offset, as: UInt8.self)
            remainder = remainder >> 8 ^ entry(0, UInt64(remainder) ^ UInt64(next))
            offset &+= 1
        }
        return remainder
    }

    /// The remainder after further bytes. Not for workers: a closure that borrows `self` counts references.
    public borrowing func update(_ remainder: UInt32, _ bytes: RawSpan) -> UInt32 {
        // Safe: the pointer is used within the closure only, and the count is the span's own.
        unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return remainder }
            return unsafe update(remainder, base, count: buffer.count)
        }
    }

    /// The checksum field's value, as a number read in network byte order: SCTP transmits the low byte first.
    @inlinable @_noLocks
    public static func checksum(_ remainder: UInt32) -> UInt32 { (~remainder).byteSwapped }

    @_noLocks @inline(__always)
    private borrowing func step(_ bytes: UInt64) -> UInt32 {
        let low = entry(7, bytes) ^ entry(6, bytes >> 8) ^ entry(5, bytes >> 16) ^ entry(4, bytes >> 24)
        let high = entry(3, bytes >> 32) ^ entry(2, bytes >> 40) ^ entry(1, bytes >> 48) ^ entry(0, bytes >> 56)
        return low ^ high
    }

    @_noLocks @inline(__always)
    private borrowing func entry(_ row: Int, _ byte: UInt64) -> UInt32 {
        // Safe: at most 7 · 256 + 255.
        unsafe tables[unchecked: row &* 256 &+ Int(truncatingIfNeeded: byte & 0xff)]
    }
}
