import Glibc

/// A block of memory that grows by doubling, so that its final size is all that a capture costs.
@safe struct GrowingBlock: ~Copyable {
    private(set) var start: UnsafeMutableRawPointer?
    private(set) var count = 0
    private var capacity = 0

    init() { unsafe start = nil }  // Safe: nil is no memory.

    /// Makes room for `more` bytes; `expected` is what all is expected to take, if that is known.
    /// - Throws: the number of bytes that the system refused.
    mutating func reserve(_ more: Int, expected: Int) throws(MemoryRefusal) {
        // Safe: the pointer is only compared.
        guard unsafe capacity - count < more || start == nil else { return }
        let wanted = max(count + more, capacity * 2, expected, 4096)
        try resize(to: wanted)
    }

    /// Gives back what was reserved and not used.
    mutating func trim() throws(MemoryRefusal) {
        // Safe: the pointer is only compared.
        if unsafe start == nil || count < capacity { try resize(to: max(count, 1)) }
    }

    private mutating func resize(to bytes: Int) throws(MemoryRefusal) {
        // Safe: `start` is nil or the block that realloc gave last.
        guard let block = unsafe realloc(start, bytes) else { throw MemoryRefusal(bytes: bytes) }
        unsafe start = block
        capacity = bytes
    }

    /// Appends bytes that there is room for.
    mutating func append(_ source: UnsafeRawPointer, count more: Int) {
        precondition(capacity - count >= more)
        // Safe: the block has that much room, and no source lies within it.
        unsafe (start! + count).copyMemory(from: source, byteCount: more)
        count += more
    }

    /// The block, whose owner the caller now is.
    consuming func release() -> UnsafeRawBufferPointer {
        // Safe: the block has `count` bytes, and nobody frees it here any more.
        let block = unsafe UnsafeRawBufferPointer(start: start, count: count)
        discard self
        return unsafe block
    }

    deinit { unsafe free(start) }  // Safe: nil or the block that realloc gave last.
}

/// The system refused this much memory.
struct MemoryRefusal: Error {
    var bytes: Int
}

/// The packets of a capture while it is read, and the facts that are gathered on the way.
struct CaptureContents: ~Copyable {
    private var bytes = GrowingBlock()
    private var records = GrowingBlock()
    private let expectedBytes: Int
    private(set) var packetCount = 0
    private(set) var longestPacket = 0
    private(set) var cutPacketCount = 0
    private(set) var firstTimestamp: UInt64?
    private(set) var lastTimestamp: UInt64?
    private(set) var precision = CapturePrecision.microseconds

    /// - Parameter expectedBytes: an upper bound of the packets' bytes, such as the size of the file; 0 if unknown.
    init(expectedBytes: Int) {
        self.expectedBytes = expectedBytes
    }

    /// Appends one packet.
    mutating func append(
        _ data: UnsafeRawPointer, length: UInt32, wireLength: UInt32, timestampNanoseconds: UInt64
    ) throws(MemoryRefusal) {
        try bytes.reserve(Int(length), expected: expectedBytes)
        try records.reserve(MemoryLayout<CaptureRecord>.stride, expected: 0)
        var record = CaptureRecord(
            offset: UInt64(bytes.count), length: length, wireLength: wireLength,
            timestampNanoseconds: timestampNanoseconds)
        // Safe: the caller vouches for `length` bytes at `data`; the record is plain data.
        unsafe bytes.append(data, count: Int(length))
        unsafe withUnsafeBytes(of: &record) { unsafe records.append($0.baseAddress!, count: $0.count) }
        note(record)
    }

    private mutating func note(_ record: CaptureRecord) {
        let timestamp = record.timestampNanoseconds
        packetCount += 1
        longestPacket = max(longestPacket, Int(record.length))
        if record.length < record.wireLength { cutPacketCount += 1 }
        firstTimestamp = min(firstTimestamp ?? timestamp, timestamp)
        lastTimestamp = max(lastTimestamp ?? timestamp, timestamp)
        if !timestamp.isMultiple(of: 1000) { precision = .nanoseconds }
    }

    /// Cuts both blocks to what is used.
    mutating func trim() throws(MemoryRefusal) {
        try bytes.trim()
        try records.trim()
    }

    /// Both blocks, whose owner the caller now is.
    consuming func release() -> (UnsafeRawBufferPointer, UnsafeBufferPointer<CaptureRecord>) {
        let count = packetCount
        // Safe: both blocks change their owner. This one holds `count` records, one after the other, as appended;
        // malloc's alignment is enough.
        let table = unsafe records.release()
        let typed = unsafe UnsafeBufferPointer(
            start: table.baseAddress?.bindMemory(to: CaptureRecord.self, capacity: count), count: count)
        return unsafe (bytes.release(), typed)
    }
}
