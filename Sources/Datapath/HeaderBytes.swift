// Hot path: reading and writing header fields in a packet.

/// The bytes of a packet's first segment; numbers are in network byte order.
///
/// Written out for each width, as a generic would not pass for free of locks.
/// Safe: offsets come from a ``PacketLayout``, whose headers the parser found whole within the first segment.
struct HeaderBytes {
    let base: UnsafeMutableRawPointer

    @inline(__always) @_noLocks
    init(base: UnsafeMutableRawPointer) { self.base = base }

    @inline(__always) @_noLocks
    func load8(_ offset: Int) -> UInt8 { base.load(fromByteOffset: offset, as: UInt8.self) }

    @inline(__always) @_noLocks
    func load16(_ offset: Int) -> UInt16 {
        base.loadUnaligned(fromByteOffset: offset, as: UInt16.self).bigEndian
    }

    @inline(__always) @_noLocks
    func load32(_ offset: Int) -> UInt32 {
        base.loadUnaligned(fromByteOffset: offset, as: UInt32.self).bigEndian
    }

    /// A 48-bit address, right-aligned.
    @inline(__always) @_noLocks
    func load48(_ offset: Int) -> UInt64 { UInt64(load16(offset)) << 32 | UInt64(load32(offset &+ 2)) }

    @inline(__always) @_noLocks
    func load64(_ offset: Int) -> UInt64 {
        base.loadUnaligned(fromByteOffset: offset, as: UInt64.self).bigEndian
    }

    @inline(__always) @_noLocks
    func store8(_ number: UInt8, _ offset: Int) {
        base.storeBytes(of: number, toByteOffset: offset, as: UInt8.self)
    }

    @inline(__always) @_noLocks
    func store16(_ number: UInt16, _ offset: Int) {
        base.storeBytes(of: number.bigEndian, toByteOffset: offset, as: UInt16.self)
    }

    @inline(__always) @_noLocks
    func store32(_ number: UInt32, _ offset: Int) {
        base.storeBytes(of: number.bigEndian, toByteOffset: offset, as: UInt32.self)
    }

    @inline(__always) @_noLocks
    func store48(_ number: UInt64, _ offset: Int) {
        store16(UInt16(truncatingIfNeeded: number >> 32), offset)
        store32(UInt32(truncatingIfNeeded: number), offset &+ 2)
    }

    @inline(__always) @_noLocks
    func store64(_ number: UInt64, _ offset: Int) {
        base.storeBytes(of: number.bigEndian, toByteOffset: offset, as: UInt64.self)
    }

    /// Puts the bits of `value` that `mask` names into a 16-bit number; the number before and after.
    @inline(__always) @_noLocks
    func merge16(_ offset: Int, _ value: UInt64, _ mask: UInt64) -> (old: UInt16, new: UInt16) {
        let old = load16(offset)
        let new = UInt16(truncatingIfNeeded: UInt64(old) & ~mask | value & mask)
        store16(new, offset)
        return (old, new)
    }

    /// Puts the bits of `value` that `mask` names into a 32-bit number; the number before and after.
    @inline(__always) @_noLocks
    func merge32(_ offset: Int, _ value: UInt64, _ mask: UInt64) -> (old: UInt32, new: UInt32) {
        let old = load32(offset)
        let new = UInt32(truncatingIfNeeded: UInt64(old) & ~mask | value & mask)
        store32(new, offset)
        return (old, new)
    }

    /// Puts the bits of `value` that `mask` names into a 48-bit address; the address before and after.
    @inline(__always) @_noLocks
    func merge48(_ offset: Int, _ value: UInt64, _ mask: UInt64) -> (old: UInt64, new: UInt64) {
        let old = load48(offset)
        let new = old & ~mask | value & mask
        store48(new, offset)
        return (old, new)
    }
}
