// Safe throughout: a header's bytes are loaded only after `PacketBytes.has` said that all of them are there, and words
// of a key by the places that KeyLayout names.

/// The readable part of a packet, with big-endian loads that check nothing.
///
/// The parser checks with ``has(_:at:)`` once a header that all of it may be read, and then loads its fields.
@safe
struct PacketBytes: BitwiseCopyable {
    private let base: UnsafeRawPointer
    /// Bytes that may be read.
    private(set) var count: Int

    /// `base` must be readable for `count` bytes as long as this value is used.
    @unsafe @_noLocks @inline(__always)
    init(_ base: UnsafeRawPointer, count: Int) {
        unsafe self.base = base
        self.count = count
    }

    /// The first 65,535 bytes: every offset of a whole header among them fits in 16 bits.
    var addressable: PacketBytes {
        @_noLocks @inline(__always) get {
            var result = self
            result.count = min(count, Int(UInt16.max))
            return result
        }
    }

    /// Whether `length` bytes from `offset` may be read. Both are at most a few times 65,535.
    @_noLocks @inline(__always)
    func has(_ length: Int, at offset: Int) -> Bool { offset &+ length <= count }

    @unsafe @_noLocks @inline(__always)
    func uint8(at offset: Int) -> UInt8 { unsafe base.load(fromByteOffset: offset, as: UInt8.self) }

    @unsafe @_noLocks @inline(__always)
    func uint16(at offset: Int) -> UInt16 {
        unsafe UInt16(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    @unsafe @_noLocks @inline(__always)
    func uint32(at offset: Int) -> UInt32 {
        unsafe UInt32(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    @unsafe @_noLocks @inline(__always)
    func uint64(at offset: Int) -> UInt64 {
        unsafe UInt64(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
