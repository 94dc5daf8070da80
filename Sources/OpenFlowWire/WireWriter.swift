import OpenFlow

/// Gathers a message: big-endian numbers one after the other, lengths filled in when they are known.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    var count: Int { bytes.count }

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func uint16(_ value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    mutating func uint32(_ value: UInt32) {
        uint16(UInt16(truncatingIfNeeded: value >> 16))
        uint16(UInt16(truncatingIfNeeded: value))
    }

    mutating func uint64(_ value: UInt64) {
        uint32(UInt32(truncatingIfNeeded: value >> 32))
        uint32(UInt32(truncatingIfNeeded: value))
    }

    /// The low `count` bytes of a value.
    mutating func number(_ value: UInt128, bytes count: Int) {
        for index in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: value >> UInt128(8 * index))) }
    }

    mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }

    mutating func zeros(_ count: Int) { bytes.append(contentsOf: repeatElement(0, count: count)) }

    /// A text in a field of `count` bytes, the last of which is zero.
    mutating func text(_ value: String, _ count: Int) {
        let utf8 = value.utf8.prefix(count - 1)
        bytes.append(contentsOf: utf8)
        zeros(count - utf8.count)
    }

    mutating func duration(_ value: WireDuration) {
        uint32(value.seconds)
        uint32(value.nanoseconds)
    }

    /// Zeros until the bytes since `start` are a multiple of 8.
    mutating func pad(since start: Int) { zeros(-(bytes.count - start) & 7) }

    mutating func truncate(to count: Int) { bytes.removeLast(bytes.count - count) }

    mutating func patchByte(_ value: UInt8, at offset: Int) { bytes[offset] = value }

    /// Overwrites a number of 16 bits written before.
    mutating func patch(_ value: Int, at offset: Int) {
        bytes[offset] = UInt8(truncatingIfNeeded: value >> 8)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value)
    }

    /// Fills in, at `offset`, how many bytes have been written since `start`.
    mutating func patchLength(since start: Int, at offset: Int) { patch(bytes.count - start, at: offset) }
}
