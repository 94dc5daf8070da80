/// A one's complement sum under way (RFC 1071), over data that may come in several pieces of any length.
public struct ChecksumSum: BitwiseCopyable, Sendable {
    /// The sum of the data's 16-bit words as this machine loads them: byte order doesn't matter to the sum
    /// (RFC 1071 §2 B), so it is put right once, at the end.
    private var total: UInt64 = 0
    /// Whether the data so far ends in the middle of a 16-bit word.
    private var isOdd = false

    @_noLocks
    public init() {}

    /// The checksum of all that was added.
    public var checksum: UInt16 { @_noLocks get { ~UInt16(bigEndian: Checksum.fold(total)) } }

    /// Adds bytes readable at `bytes`.
    @_noLocks
    public mutating func add(_ bytes: UnsafeRawPointer, count: Int) {
        var sum: UInt64 = 0
        var offset = 0
        // Safe: each load ends within the `count` bytes that the caller vouches for.
        while count &- offset >= 8 {
            // Two 32-bit halves and no carry to watch, so that the compiler can use vectors. A sum of as many halves
            // as a packet can have stays below 2⁶⁴.
            sum &+= unsafe Checksum.halves(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset &+= 8
        }
        if count &- offset >= 4 {
            sum &+= unsafe UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            offset &+= 4
        }
        if count &- offset >= 2 {
            sum &+= unsafe UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            offset &+= 2
        }
        if count > offset {
            let last = unsafe bytes.load(fromByteOffset: offset, as: UInt8.self)
            sum &+= UInt64((UInt16(last) << 8).bigEndian)
        }
        let folded = Checksum.fold(sum)
        total &+= UInt64(isOdd ? folded.byteSwapped : folded)
        if count > 0, count & 1 != 0 { isOdd.toggle() }
    }

    /// Adds bytes.
    @_noLocks
    public mutating func add(_ bytes: RawSpan) {
        // Safe: the pointer is used within the closure only, and the count is the span's own.
        unsafe bytes.withUnsafeBytes { buffer in
            if let base = buffer.baseAddress { unsafe add(base, count: buffer.count) }
        }
    }

    /// Adds the pseudo-header of TCP and UDP over IPv4 (RFC 9293 §3.1, RFC 768).
    /// - Parameter length: Bytes of the transport header and its data.
    @_noLocks
    public mutating func addPseudoHeader(
        source: UInt32, destination: UInt32, protocol: UInt8, length: UInt16
    ) {
        add(UInt64(source) &+ UInt64(destination) &+ UInt64(`protocol`) &+ UInt64(length))
    }

    /// Adds the pseudo-header of any protocol over IPv6 (RFC 8200 §8.1).
    /// - Parameter length: Bytes of the transport header and its data.
    @_noLocks
    public mutating func addPseudoHeader(
        source: UInt128, destination: UInt128, protocol: UInt8, length: UInt32
    ) {
        let addresses = Checksum.halves(UInt64(truncatingIfNeeded: source))
            &+ Checksum.halves(UInt64(truncatingIfNeeded: source >> 64))
            &+ Checksum.halves(UInt64(truncatingIfNeeded: destination))
            &+ Checksum.halves(UInt64(truncatingIfNeeded: destination >> 64))
        add(addresses &+ UInt64(`protocol`) &+ UInt64(length))
    }

    /// Adds a sum of whole words in host byte order. Their place is even whatever data has come before.
    @_noLocks
    private mutating func add(_ sum: UInt64) { total &+= UInt64(Checksum.fold(sum).bigEndian) }
}
