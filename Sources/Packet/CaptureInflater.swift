import CCapture

/// Unpacks a gzip stream (RFC 1952) of one or several members, a piece at a time, in constant memory.
///
/// What follows the last member is passed over, as gzip(1) does: tapes and disks pad with zeros.
@safe struct CaptureInflater: ~Copyable {
    /// zlib keeps a pointer back to its stream, so the stream must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private var buffer: UnsafeMutableRawBufferPointer
    private var isInMember = true
    private var isFinished = false
    /// Whether the input ended within a member.
    private(set) var isCutOff = false

    /// Begins with what was already read of the input: the first `count` bytes of `buffer`, which it takes over.
    init?(taking buffer: UnsafeMutableRawBufferPointer, count: Int) {
        // Safe: one stream, zeroed, which zlib initialises; deinit frees it and the buffer.
        unsafe self.buffer = unsafe buffer
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        unsafe stream.pointee.next_in = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_in = UInt32(count)
        // 15: the largest window; +16: gzip's wrapping, with its checksum, and no other.
        let answer = unsafe inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard answer == Z_OK else { return nil }
    }

    deinit {
        // Safe: inflateEnd takes a stream whose initialisation failed too (it answers Z_STREAM_ERROR).
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
        unsafe buffer.deallocate()
    }

    /// Unpacks some bytes, at most `output.count`; 0 means that there are no more.
    mutating func read(
        into output: UnsafeMutableRawBufferPointer, from input: CaptureInput
    ) throws(CaptureError) -> Int {
        let wanted = min(output.count, Int(UInt32.max))
        // Safe: zlib reads `avail_in` bytes of our buffer and writes `avail_out` bytes of the output, no more.
        unsafe stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_out = UInt32(wanted)
        while unsafe !isFinished && Int(stream.pointee.avail_out) == wanted {
            if !isInMember { try beginMember(from: input) }
            // Even without input: what filled the output last time may have left some behind in zlib.
            if !isFinished { try inflateSome(name: input.name) }
            let isStarved = unsafe stream.pointee.avail_in == 0 && Int(stream.pointee.avail_out) == wanted
            if isStarved && isInMember { try refill(from: input) }
        }
        return unsafe wanted - Int(stream.pointee.avail_out)
    }

    private mutating func refill(from input: CaptureInput) throws(CaptureError) {
        // Safe: `count` bytes are read into our buffer, and zlib is told of no more.
        let count = unsafe try input.read(into: buffer)
        unsafe stream.pointee.next_in = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_in = UInt32(count)
        guard count == 0 else { return }
        isFinished = true
        isCutOff = isInMember
    }

    /// Looks whether another member follows the one that ended.
    private mutating func beginMember(from input: CaptureInput) throws(CaptureError) {
        // Safe: the stream is ours; next_in can be read, since there is input unless the stream is finished.
        if unsafe stream.pointee.avail_in == 0 { try refill(from: input) }
        guard unsafe !isFinished && stream.pointee.next_in.pointee == 0x1F, unsafe inflateReset(stream) == Z_OK else {
            isFinished = true
            return
        }
        isInMember = true
    }

    private mutating func inflateSome(name: String) throws(CaptureError) {
        // Safe: as for `read`.
        switch unsafe inflate(stream, Z_NO_FLUSH) {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: isInMember = false
        case Z_NEED_DICT: throw .brokenGzip(file: name, reason: "it asks for a preset dictionary")
        case Z_MEM_ERROR: throw .noMemory(file: name, bytes: 1 << 15)
        case let answer:
            let message = unsafe stream.pointee.msg.map { unsafe String(cString: $0) }
            throw .brokenGzip(file: name, reason: message ?? "zlib error \(answer)")
        }
    }
}
