import Glibc

/// A whole capture in memory, for replay at full speed: the bytes of all packets in one buffer, and a table of records.
///
/// Both keep their address for the life of the object, and nothing changes them, so any thread may read them without
/// a lock. The object must outlive every use of the pointers.
// Safe: memory that is written before anyone else sees it, and never again.
@safe public final class Capture: @unchecked Sendable {
    /// Where it came from, as messages name it.
    public let name: String
    /// The packets' bytes, one after the other.
    public let bytes: UnsafeRawBufferPointer
    /// One record a packet, in the order of the file.
    public let records: UnsafeBufferPointer<CaptureRecord>
    /// The most bytes captured of one packet; 0 without packets.
    public let longestPacket: Int
    /// The earliest timestamp, in nanoseconds since 1970; `nil` without packets. Captures need not be in order.
    public let firstTimestamp: UInt64?
    /// The latest timestamp, in nanoseconds since 1970; `nil` without packets.
    public let lastTimestamp: UInt64?
    /// The coarsest unit that loses nothing of the timestamps.
    public let precision: CapturePrecision
    /// Packets of which the capture holds fewer bytes than were on the wire.
    public let cutPacketCount: Int
    /// What was lost of a file that is cut off or damaged part-way, for a person to read; `nil` for a whole file.
    public let truncation: String?

    /// Packets in the capture.
    public var packetCount: Int { unsafe records.count }  // Safe: a count touches no memory.
    /// Captured bytes of all packets.
    public var byteCount: Int { unsafe bytes.count }  // Safe: as above.

    init(name: String, contents: consuming CaptureContents, truncation: String?) {
        self.name = name
        self.truncation = truncation
        longestPacket = contents.longestPacket
        firstTimestamp = contents.firstTimestamp
        lastTimestamp = contents.lastTimestamp
        precision = contents.precision
        cutPacketCount = contents.cutPacketCount
        // Safe: both blocks are handed over here and freed only by deinit.
        (unsafe bytes, unsafe records) = unsafe contents.release()
    }

    deinit {
        // Safe: malloc's blocks, owned by this object alone; malloc aligns and types nothing.
        unsafe free(UnsafeMutableRawPointer(mutating: bytes.baseAddress))
        unsafe free(UnsafeMutableRawPointer(mutating: UnsafeRawPointer(records.baseAddress)))
    }

    /// The captured bytes of one packet; valid as long as the capture. `index` must be below ``packetCount``.
    @unsafe public func packet(at index: Int) -> UnsafeRawBufferPointer {
        // Safe: records are made only by the loader, which puts each within `bytes`.
        unsafe UnsafeRawBufferPointer(rebasing: bytes[Int(records[index].offset)..<Int(records[index].end)])
    }
}

extension CaptureRecord {
    /// The place after the last byte in ``Capture/bytes``.
    var end: UInt64 { offset + UInt64(length) }
}
