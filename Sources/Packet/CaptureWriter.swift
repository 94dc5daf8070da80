import Glibc

/// Writes Ethernet packets to a pcap file, in the byte order of the machine.
///
/// Packets gather in a buffer of 1 MiB that is written when full, so a packet costs a copy and a call of
/// ``write(_:wireLength:timestampNanoseconds:)`` neither locks nor allocates. One thread at a time may use a writer.
///
/// When writing fails (the disk is full), that is thrown once; packets that come later are counted in
/// ``lostPacketCount`` and otherwise ignored. The file is then cut back to its last whole packet.
// Safe: it can't be copied, so one thread at a time has it.
@safe public struct CaptureWriter: ~Copyable, @unchecked Sendable {
    /// The snapshot length in the file's header. Longer packets are cut to it.
    public static let snapshotLength = 262_144

    public let file: String
    /// The unit of the file's timestamps; finer parts are dropped.
    public let precision: CapturePrecision
    /// Packets in the file, or waiting to be written to it.
    public private(set) var packetCount = 0
    /// Packets that were given to the writer and are not in the file.
    public private(set) var lostPacketCount = 0

    private static let bufferSize = 1 << 20
    private static let recordHeaderLength = 16
    /// Nanoseconds in a unit of the timestamps' fractions.
    private let timeUnit: UInt64
    private let buffer: UnsafeMutableRawPointer
    private var fill = 0
    /// Packets in the buffer.
    private var waitingCount = 0
    /// -1 when closed or when writing failed.
    private var descriptor: Int32
    /// Bytes of the file so far.
    private var position = 0

    /// Creates the file, or empties the one that is there.
    public init(_ path: String, precision: CapturePrecision = .nanoseconds) throws(CaptureError) {
        // Safe: the path lives for the call.
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw .cannotCreate(file: path, reason: systemMessage(errno)) }
        file = path
        self.precision = precision
        timeUnit = precision == .nanoseconds ? 1 : 1000
        unsafe buffer = .allocate(byteCount: Self.bufferSize, alignment: 16)
        putFileHeader()
    }

    deinit {
        if descriptor >= 0 {
            // What can't be written any more has no one to be told.
            // Safe: `fill` bytes of the buffer.
            unsafe Self.writeAll(descriptor, buffer, fill)
            Glibc.close(descriptor)
        }
        unsafe buffer.deallocate()  // Safe: allocated by init, freed here only.
    }

    private mutating func putFileHeader() {
        put(precision == .nanoseconds ? 0xA1B2_3C4D : 0xA1B2_C3D4)
        // Version 2.4, as two fields of 16 bits.
        put(Self.isBigEndian ? 2 << 16 | 4 : 4 << 16 | 2)
        put(0)
        put(0)
        put(UInt32(Self.snapshotLength))
        put(UInt32(CaptureLinkType.ethernet))
    }

    private static var isBigEndian: Bool { UInt16(bigEndian: 1) == 1 }

    /// Writes a packet that lies in one piece.
    /// - Parameters:
    ///   - bytes: The packet from its Ethernet header on.
    ///   - wireLength: The packet's length on the wire, in bytes; more than `bytes` has if it was cut.
    ///   - timestampNanoseconds: Nanoseconds since 1970; pcap reaches to the year 2106.
    /// - Throws: ``CaptureError/cannotWrite(file:reason:)``, at most once in a writer's life.
    @_noLocks
    public mutating func write(
        _ bytes: UnsafeRawBufferPointer, wireLength: Int, timestampNanoseconds: UInt64
    ) throws(CaptureError) {
        let length = min(bytes.count, Self.snapshotLength)
        guard try begin(length, wireLength: wireLength, timestampNanoseconds: timestampNanoseconds) else { return }
        unsafe put(bytes, count: length)  // Safe: `length` is at most what `bytes` has.
    }

    /// Writes a packet that lies in several pieces, such as a chain of buffers.
    @_noLocks
    public mutating func write(
        segments: UnsafeBufferPointer<UnsafeRawBufferPointer>, wireLength: Int, timestampNanoseconds: UInt64
    ) throws(CaptureError) {
        var length = 0
        // Safe: indices below the count.
        for index in 0..<segments.count { length += unsafe segments[index].count }
        var rest = min(length, Self.snapshotLength)
        guard try begin(rest, wireLength: wireLength, timestampNanoseconds: timestampNanoseconds) else { return }
        for index in 0..<segments.count {
            let count = unsafe min(segments[index].count, rest)
            unsafe put(segments[index], count: count)
            rest -= count
        }
    }

    /// Puts a record's header into the buffer, with room for its bytes after it; `false` when the file is lost.
    @_noLocks
    private mutating func begin(
        _ length: Int, wireLength: Int, timestampNanoseconds: UInt64
    ) throws(CaptureError) -> Bool {
        if fill + Self.recordHeaderLength + length > Self.bufferSize {
            // Lost until there is room for it, so that it is counted if there never is.
            lostPacketCount += 1
            try drain()
            lostPacketCount -= 1
        }
        guard descriptor >= 0 else {
            lostPacketCount += 1
            return false
        }
        let (seconds, nanoseconds) = timestampNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        put(UInt32(clamping: seconds))
        put(UInt32(truncatingIfNeeded: nanoseconds / timeUnit))
        put(UInt32(truncatingIfNeeded: length))
        put(UInt32(clamping: wireLength))
        packetCount += 1
        waitingCount += 1
        return true
    }

    @_noLocks
    private mutating func put(_ word: UInt32) {
        // Safe: `begin` made room for the record, and the file header is the first in the buffer.
        unsafe (buffer + fill).storeBytes(of: word, as: UInt32.self)
        fill += 4
    }

    @_noLocks
    private mutating func put(_ bytes: UnsafeRawBufferPointer, count: Int) {
        guard count > 0, let start = bytes.baseAddress else { return }
        // Safe: `begin` made room for the record, and `count` is at most what `bytes` has.
        unsafe (buffer + fill).copyMemory(from: start, byteCount: count)
        fill += count
    }

    /// Writes what waits in the buffer to the file.
    public mutating func flush() throws(CaptureError) {
        try drain()
    }

    /// Writes what waits and closes the file. Packets that come later are lost; a second call does nothing.
    public mutating func close() throws(CaptureError) {
        try drain()
        guard descriptor >= 0 else { return }
        let answer = Glibc.close(descriptor)
        descriptor = -1
        if answer != 0 && errno != EINTR { throw .cannotWrite(file: file, reason: systemMessage(errno)) }
    }

    /// The way out of the hot path: a system call for each mebibyte.
    @_semantics("no_performance_analysis") @inline(never)
    private mutating func drain() throws(CaptureError) {
        guard descriptor >= 0 else { return }
        // Safe: `fill` bytes of the buffer are written.
        let (written, failure) = unsafe Self.writeAll(descriptor, buffer, fill)
        if failure != 0 { try giveUp(written: written, failure: failure) }
        position += fill
        fill = 0
        waitingCount = 0
    }

    /// Cuts the file back to its last whole packet, counts what is lost, and says so.
    private mutating func giveUp(written: Int, failure: Int32) throws(CaptureError) {
        // The buffer begins with the file header if nothing was written before.
        var end = position == 0 ? 24 : 0
        var kept = 0
        while kept < waitingCount {
            // Safe: `waitingCount` whole records lie in the buffer.
            let length = unsafe (buffer + end + 8).loadUnaligned(as: UInt32.self)
            let next = end + Self.recordHeaderLength + Int(length)
            if next > written { break }
            end = next
            kept += 1
        }
        if end <= written { ftruncate(descriptor, position + end) }
        Glibc.close(descriptor)
        descriptor = -1
        fill = 0
        lostPacketCount += waitingCount - kept
        packetCount -= waitingCount - kept
        waitingCount = 0
        throw .cannotWrite(file: file, reason: systemMessage(failure))
    }

    /// Writes all bytes unless the system refuses: how many were written, and the error number or 0.
    @discardableResult
    private static func writeAll(
        _ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int
    ) -> (written: Int, failure: Int32) {
        var written = 0
        while written < count {
            // Safe: the range lies within the `count` bytes.
            let answer = unsafe Glibc.write(descriptor, bytes + written, count - written)
            if answer > 0 {
                written += answer
            } else if answer == 0 || errno != EINTR {
                return (written, answer == 0 ? EIO : errno)
            }
        }
        return (written, 0)
    }
}
