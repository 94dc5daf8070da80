/// The bytes of a capture, uncompressed: what libpcap is fed with.
///
/// gzip is told by its first bytes, never by a name. The source bounds what comes out, so that a small file that
/// unpacks to a huge one ends in an error.
final class CaptureSource {
    /// What the capture begins with, up to eight bytes.
    let magic: [UInt8]
    let isCompressed: Bool
    /// Uncompressed bytes handed out so far.
    private(set) var position = 0
    /// Whether the end has been reached.
    private(set) var isAtEnd = false
    /// Why reading failed: the functions that libpcap calls can't throw.
    private(set) var failure: CaptureError?
    private(set) var interfaceWatch = CaptureInterfaceWatch()

    private let input: CaptureInput
    private let maximumBytes: Int
    private let isBlockFormat: Bool
    private var inflater: CaptureInflater?
    /// Bytes that were read ahead, and how many of them are handed out.
    private var ahead: [UInt8]
    private var aheadTaken = 0

    var name: String { input.name }
    /// Whether the gzip stream ended before its end.
    var isCutOff: Bool { inflater?.isCutOff ?? false }
    /// The packets can't have more bytes than this; 0 if that is not known.
    var expectedBytes: Int { isCompressed ? 0 : input.size ?? 0 }

    /// Reads the first bytes and looks what they are.
    init(input: CaptureInput, maximumBytes: Int) throws(CaptureError) {
        self.input = input
        self.maximumBytes = maximumBytes
        let start = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        let startCount: Int
        // Safe: the buffer is ours; it goes to the inflater or is freed on each way out.
        do throws(CaptureError) {
            startCount = unsafe try Self.fill(start) { piece throws(CaptureError) in
                unsafe try input.read(into: piece)
            }
        } catch {
            unsafe start.deallocate()
            throw error
        }
        // Safe: the filled part of the buffer.
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(start)[..<startCount])
        isCompressed = unsafe bytes.count >= 3 && bytes[0] == 0x1F && bytes[1] == 0x8B && bytes[2] == 8
        if isCompressed {
            guard var inflater = unsafe CaptureInflater(taking: start, count: startCount) else {
                throw .noMemory(file: input.name, bytes: 1 << 15)
            }
            ahead = try Self.firstBytes(of: &inflater, input: input)
            self.inflater = consume inflater
        } else {
            ahead = unsafe Array(bytes)
            inflater = nil
            unsafe start.deallocate()
        }
        magic = Array(ahead.prefix(8))
        isBlockFormat = magic.starts(with: [0x0A, 0x0D, 0x0D, 0x0A])
        if ahead.isEmpty && !(inflater?.isCutOff ?? false) { throw .empty(file: input.name) }
        if expectedBytes > maximumBytes { throw .tooBig(file: input.name, maximumBytes: maximumBytes) }
    }

    /// Hands out some bytes, at most `output.count`; 0 at the end, -1 after ``failure``.
    func read(into output: UnsafeMutableRawBufferPointer) -> Int {
        guard failure == nil else { return -1 }
        do throws(CaptureError) {
            // Safe: the caller vouches for the output during the call.
            let count = unsafe try next(into: output)
            position += count
            if position > maximumBytes { throw .tooBig(file: name, maximumBytes: maximumBytes) }
            if count == 0 && output.count > 0 { isAtEnd = true }
            // Safe: the part of the output that was just filled.
            if isBlockFormat { unsafe interfaceWatch.pass(UnsafeRawBufferPointer(rebasing: output[..<count])) }
            return count
        } catch {
            failure = error
            return -1
        }
    }

    private func next(into output: UnsafeMutableRawBufferPointer) throws(CaptureError) -> Int {
        if aheadTaken < ahead.count {
            let piece = ahead[aheadTaken...].prefix(output.count)
            unsafe output.copyBytes(from: piece)  // Safe: no longer than the output.
            aheadTaken += piece.count
            return piece.count
        }
        // Safe: as for `read`.
        if isCompressed { return unsafe try inflater!.read(into: output, from: input) }
        return unsafe try input.read(into: output)
    }

    private static func firstBytes(
        of inflater: inout CaptureInflater, input: CaptureInput
    ) throws(CaptureError) -> [UInt8] {
        let start = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
        // Safe: the buffer is ours until the end of the call, and `count` is at most its size.
        defer { unsafe start.deallocate() }
        let count = unsafe try fill(start) { piece throws(CaptureError) in
            unsafe try inflater.read(into: piece, from: input)
        }
        return unsafe Array(start[..<count])
    }

    /// Reads until the buffer is full or the input ends: a pipe gives small pieces.
    private static func fill(
        _ buffer: UnsafeMutableRawBufferPointer,
        from read: (UnsafeMutableRawBufferPointer) throws(CaptureError) -> Int
    ) throws(CaptureError) -> Int {
        var count = 0
        while count < buffer.count {
            // Safe: the part that is not filled yet.
            let more = unsafe try read(UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
            if more == 0 { break }
            count += more
        }
        return count
    }
}
