/// The Internet checksum (RFC 1071) and its incremental update (RFC 1624). All values are in host byte order.
public enum Checksum {
    /// The checksum of bytes in one piece. Zero if they hold a right checksum themselves.
    @_noLocks
    public static func of(_ bytes: UnsafeRawPointer, count: Int) -> UInt16 {
        var sum = ChecksumSum()
        // Safe: the caller vouches for `count` bytes at `bytes`.
        unsafe sum.add(bytes, count: count)
        return sum.checksum
    }

    /// The checksum of bytes in one piece. Zero if they hold a right checksum themselves.
    @_noLocks
    public static func of(_ bytes: RawSpan) -> UInt16 {
        var sum = ChecksumSum()
        sum.add(bytes)
        return sum.checksum
    }

    /// The checksum after a 16-bit field of the data has changed (RFC 1624, equation 3).
    ///
    /// The field starts at an even offset of the data, as do those of the other widths. For a change of eight bits,
    /// give the two bytes they are in.
    @inlinable @inline(__always) @_noLocks
    public static func update(_ checksum: UInt16, replacing old: UInt16, with new: UInt16) -> UInt16 {
        ~fold(UInt64(~checksum) &+ UInt64(~old) &+ UInt64(new))
    }

    /// The checksum after a 32-bit field of the data has changed.
    @inlinable @inline(__always) @_noLocks
    public static func update(_ checksum: UInt16, replacing old: UInt32, with new: UInt32) -> UInt16 {
        ~fold(UInt64(~checksum) &+ UInt64(~old) &+ UInt64(new))
    }

    /// The checksum after a 64-bit field of the data has changed, or a 48-bit one, right-aligned.
    @inlinable @inline(__always) @_noLocks
    public static func update(_ checksum: UInt16, replacing old: UInt64, with new: UInt64) -> UInt16 {
        ~fold(UInt64(~checksum) &+ halves(~old) &+ halves(new))
    }

    /// The checksum after a 128-bit field of the data has changed.
    @inlinable @inline(__always) @_noLocks
    public static func update(_ checksum: UInt16, replacing old: UInt128, with new: UInt128) -> UInt16 {
        let removed = halves(~UInt64(truncatingIfNeeded: old)) &+ halves(~UInt64(truncatingIfNeeded: old >> 64))
        let added = halves(UInt64(truncatingIfNeeded: new)) &+ halves(UInt64(truncatingIfNeeded: new >> 64))
        return ~fold(UInt64(~checksum) &+ removed &+ added)
    }

    /// A checksum as UDP transmits it: zero would mean that there is none, so all ones, its equal, stands for it
    /// (RFC 768).
    @inlinable @inline(__always) @_noLocks
    public static func transmittedByUDP(_ checksum: UInt16) -> UInt16 { checksum == 0 ? 0xffff : checksum }

    /// Adds the two 32-bit halves, so that a further sum can't overflow: 2¹⁶ leaves the same remainder modulo 2¹⁶ - 1
    /// as 1, and so does 2³².
    @inlinable @inline(__always) @_noLocks
    static func halves(_ value: UInt64) -> UInt64 { (value >> 32) &+ (value & 0xffff_ffff) }

    /// The one's complement sum of the four 16-bit words.
    @inlinable @inline(__always) @_noLocks
    static func fold(_ sum: UInt64) -> UInt16 {
        var folded = halves(sum)
        folded = (folded >> 16) &+ (folded & 0xffff)
        folded = (folded >> 16) &+ (folded & 0xffff)
        return UInt16(truncatingIfNeeded: (folded >> 16) &+ (folded & 0xffff))
    }
}
