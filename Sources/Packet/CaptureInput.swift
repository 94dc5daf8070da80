import Glibc

// Safe throughout: pointers into libpcap's and zlib's memory are used only within the call that hands them out, and
// lengths are checked against what was read.

/// The bytes of a capture file as they lie on the disk: from a file, from standard input, or from memory.
final class CaptureInput {
    @safe private enum Origin {
        case descriptor(Int32, closes: Bool)
        case memory(UnsafeRawBufferPointer)
    }

    /// The input's name in messages.
    let name: String
    /// The size of a regular file or of the memory; `nil` for a pipe.
    let size: Int?
    /// Bytes read so far.
    private(set) var bytesRead = 0
    private let origin: Origin
    private let progress: ((_ bytesRead: Int) -> Void)?

    /// Opens a file, or standard input for `-`.
    init(path: String, progress: ((_ bytesRead: Int) -> Void)?) throws(CaptureError) {
        let isStandardInput = path == "-"
        name = isStandardInput ? "standard input" : path
        self.progress = progress
        // Safe: the path lives for the call.
        let descriptor = isStandardInput ? STDIN_FILENO : unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw .missing(file: path) }
            throw .unreadable(file: path, reason: systemMessage(errno))
        }
        origin = .descriptor(descriptor, closes: !isStandardInput)
        var status = stat()
        let answer = unsafe fstat(descriptor, &status)  // Safe: `status` is ours for the call.
        let kind = status.st_mode & S_IFMT
        size = answer == 0 && kind == S_IFREG ? Int(status.st_size) : nil
        if answer == 0 && kind == S_IFDIR { throw .directory(file: path) }
    }

    /// Reads from memory, which must outlive the input.
    @unsafe init(bytes: UnsafeRawBufferPointer, name: String) {
        self.name = name
        size = bytes.count
        progress = nil
        origin = unsafe .memory(bytes)  // Safe: the caller vouches for it.
    }

    deinit {
        if case .descriptor(let descriptor, closes: true) = origin { close(descriptor) }
    }

    /// Reads some bytes, at most `buffer.count`; 0 means that there are no more.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CaptureError) -> Int {
        let count: Int
        switch origin {
        case .descriptor(let descriptor, _):
            var answer: Int
            // Safe: the system writes no more than `buffer.count` bytes.
            repeat { answer = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
            while answer < 0 && errno == EINTR
            guard answer >= 0 else { throw .unreadable(file: name, reason: systemMessage(errno)) }
            count = answer
        case .memory(let bytes):
            // Safe: both ranges are within their buffers by the count's making.
            count = min(buffer.count, bytes.count - bytesRead)
            unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[bytesRead..<bytesRead + count]))
        }
        bytesRead += count
        progress?(bytesRead)
        return count
    }
}

/// The system's words for an error number.
func systemMessage(_ number: Int32) -> String {
    // Safe: strerror_r ends what it writes with a zero within the buffer.
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        guard unsafe strerror_r(number, buffer.baseAddress!, buffer.count) == 0 else { return "error \(number)" }
        return unsafe String(cString: buffer.baseAddress!)
    }
}
