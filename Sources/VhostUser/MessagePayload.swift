/// Reads numbers one after the other from a payload whose size was checked.
struct VhostPayload {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private mutating func number<Number: FixedWidthInteger>() -> Number {
        let width = MemoryLayout<Number>.size
        defer { offset += width }
        // The protocol is between processes of one machine, and the machines built for are little-endian.
        return bytes[offset..<(offset + width)].reversed().reduce(0) { $0 << 8 | Number($1) }
    }

    mutating func half() -> UInt16 { number() }
    mutating func word() -> UInt32 { number() }
    mutating func double() -> UInt64 { number() }

    static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<MemoryLayout<Number>.size).map { UInt8(truncatingIfNeeded: number >> (8 * Number($0))) }
    }
}
