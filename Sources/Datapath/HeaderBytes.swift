// Hot path: reading and writing header fields in a packet.

/// The bytes of a packet's first segment; numbers are in network byte order.
///
/// Safe: offsets come from a ``PacketLayout``, whose headers the parser found whole within the first segment.
struct HeaderBytes {
    let base: UnsafeMutableRawPointer

    @inline(__always) @_noLocks
    func load<Number: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: Number.Type) -> Number {
        Number(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: type))
    }

    @inline(__always) @_noLocks
    func store<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number, _ offset: Int) {
        base.storeBytes(of: number.bigEndian, toByteOffset: offset, as: Number.self)
    }

    /// A 48-bit address, right-aligned.
    @inline(__always) @_noLocks
    func load48(_ offset: Int) -> UInt64 {
        UInt64(load(offset, as: UInt16.self)) << 32 | UInt64(load(offset &+ 2, as: UInt32.self))
    }

    @inline(__always) @_noLocks
    func store48(_ number: UInt64, _ offset: Int) {
        store(UInt16(truncatingIfNeeded: number >> 32), offset)
        store(UInt32(truncatingIfNeeded: number), offset &+ 2)
    }

    /// Puts the bits of `value` that `mask` names into a number in the packet; the number before and after.
    @inline(__always) @_noLocks
    func merge<Number: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ offset: Int, value: Number, mask: Number
    ) -> (old: Number, new: Number) {
        let old = load(offset, as: Number.self)
        let new = old & ~mask | value & mask
        store(new, offset)
        return (old, new)
    }
}
