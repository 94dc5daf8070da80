import OpenFlow

/// Reads big-endian numbers from a part of a message. Whatever would go beyond that part is an error, never a trap.
struct WireReader {
    private let bytes: [UInt8]
    private(set) var position: Int
    let end: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
        end = bytes.count
    }

    private init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    var remaining: Int { end - position }
    var isAtEnd: Bool { position == end }

    private static var tooShort: OpenFlowError { .badLength("the message ends too early") }

    /// Throws `error` unless so many bytes are left.
    @inline(__always)
    func require(_ count: Int, _ error: @autoclosure () -> OpenFlowError) throws(OpenFlowError) {
        if remaining < count { throw error() }
    }

    @inline(__always)
    private mutating func advance(_ count: Int) throws(OpenFlowError) -> Int {
        if count < 0 || remaining < count { throw Self.tooShort }
        let start = position
        position += count
        return start
    }

    @inline(__always)
    private mutating func load<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws(OpenFlowError) -> T {
        let start = try advance(MemoryLayout<T>.size)
        // Safe: advance has found that the bytes start..<start + size lie within the array.
        return T(bigEndian: unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: start, as: T.self) })
    }

    @inline(__always)
    mutating func byte() throws(OpenFlowError) -> UInt8 { bytes[try advance(1)] }
    mutating func uint16() throws(OpenFlowError) -> UInt16 { try load(UInt16.self) }
    mutating func uint32() throws(OpenFlowError) -> UInt32 { try load(UInt32.self) }
    mutating func uint64() throws(OpenFlowError) -> UInt64 { try load(UInt64.self) }

    /// A number of `count` bytes, 8 at most.
    @inline(__always)
    mutating func number(bytes count: Int) throws(OpenFlowError) -> UInt64 {
        switch count {
        case 1: return UInt64(try byte())
        case 2: return UInt64(try uint16())
        case 4: return UInt64(try uint32())
        case 8: return try uint64()
        default:
            let start = try advance(count)
            var value: UInt64 = 0
            for index in start..<start + count { value = value << 8 | UInt64(bytes[index]) }
            return value
        }
    }

    /// A number of `count` bytes, 16 at most.
    mutating func wideNumber(bytes count: Int) throws(OpenFlowError) -> UInt128 {
        if count <= 8 { return UInt128(try number(bytes: count)) }
        let high = try number(bytes: count - 8)
        return UInt128(high) << 64 | UInt128(try uint64())
    }

    mutating func skip(_ count: Int) throws(OpenFlowError) { _ = try advance(count) }

    mutating func take(_ count: Int) throws(OpenFlowError) -> [UInt8] {
        let start = try advance(count)
        return Array(bytes[start..<start + count])
    }

    mutating func rest() -> [UInt8] {
        defer { position = end }
        return Array(bytes[position..<end])
    }

    /// The next bytes as a part of their own, over which this reader goes.
    mutating func part(_ count: Int) throws(OpenFlowError) -> WireReader {
        let start = try advance(count)
        return WireReader(bytes, start..<start + count)
    }

    /// A text of at most `count` bytes, which ends before them with a zero.
    mutating func text(_ count: Int) throws(OpenFlowError) -> String {
        let start = try advance(count)
        return String(decoding: bytes[start..<start + count].prefix { $0 != 0 }, as: UTF8.self)
    }

    mutating func duration() throws(OpenFlowError) -> WireDuration {
        WireDuration(seconds: try uint32(), nanoseconds: try uint32())
    }

    /// What is left is zero: padding.
    var restIsZero: Bool { bytes[position..<end].allSatisfy { $0 == 0 } }
}
