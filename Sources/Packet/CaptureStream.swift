import CCapture
import Glibc

// Safe throughout: pointers into libpcap's and zlib's memory are used only within the call that hands them out, and
// lengths are checked against what was read.

/// libpcap, reading from a ``CaptureSource`` through a C stream.
@safe struct CaptureStream: ~Copyable {
    private let reader: OpaquePointer
    /// The stream that `reader` owns.
    private let file: UnsafeMutablePointer<FILE>
    private let buffer: UnsafeMutablePointer<CChar>
    private let source: CaptureSource

    /// Opens the stream and reads the capture's header.
    init(source: CaptureSource) throws(CaptureError) {
        // Safe: the functions are called only with what is said in them.
        let functions = unsafe capture_stream_functions(
            read: { cookie, buffer, size in
                // Safe: the cookie is the source, alive while the stream is; the C library owns `size` bytes there.
                let source = unsafe Unmanaged<CaptureSource>.fromOpaque(cookie!).takeUnretainedValue()
                return unsafe source.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size))
            },
            write: nil,
            seek: { cookie, offset, origin in
                // Only the question where the stream stands is answered, for ftell.
                guard origin == SEEK_CUR, unsafe offset!.pointee == 0 else { return -1 }
                // Safe: as for `read`.
                let source = unsafe Unmanaged<CaptureSource>.fromOpaque(cookie!).takeUnretainedValue()
                unsafe offset!.pointee = Int64(source.position)
                return 0
            },
            close: nil)
        // Safe: the cookie stays alive in `self.source`, and the buffer until the stream is closed.
        let cookie = unsafe Unmanaged.passUnretained(source).toOpaque()
        let bufferSize = 1 << 18
        guard let file = unsafe capture_open_stream(cookie, "r", functions) else {
            throw .noMemory(file: source.name, bytes: bufferSize)
        }
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: bufferSize)
        unsafe setvbuf(file, buffer, _IOFBF, bufferSize)
        // Safe: until a reader owns the stream, it and the buffer are ours to close and free.
        let (reader, message) = unsafe openReader(file)
        guard let reader = unsafe reader else {
            unsafe fclose(file)
            unsafe buffer.deallocate()
            throw Self.refusal(of: source, message: message)
        }
        unsafe self.file = unsafe file
        unsafe self.buffer = unsafe buffer
        unsafe self.reader = unsafe reader
        self.source = source
    }

    deinit {
        unsafe pcap_close(reader)  // Safe: opened by init, closed once; it closes the stream too.
        unsafe buffer.deallocate()
    }

    /// Why libpcap did not take the header.
    private static func refusal(of source: CaptureSource, message: String) -> CaptureError {
        if let failure = source.failure { return failure }
        if source.isCutOff { return .unsupported(file: source.name, reason: "its gzip stream is cut off too early") }
        guard isKnown(source.magic) else { return .notACapture(file: source.name, magic: source.magic) }
        return .unsupported(file: source.name, reason: message)
    }

    /// The numbers that pcap (in µs, ns and Alexey Kuznetsov's variant) and pcapng files begin with, as libpcap knows
    /// them, in both byte orders.
    private static func isKnown(_ magic: [UInt8]) -> Bool {
        let numbers: [[UInt8]] = [
            [0xA1, 0xB2, 0xC3, 0xD4], [0xA1, 0xB2, 0x3C, 0x4D], [0xA1, 0xB2, 0xCD, 0x34], [0x0A, 0x0D, 0x0D, 0x0A],
        ]
        let start = Array(magic.prefix(4))
        return numbers.contains(start) || numbers.contains(start.reversed())
    }

    /// The link type of the (first) interface, as a DLT.
    var linkType: Int { Int(unsafe pcap_datalink(reader)) }  // Safe: the reader is open.

    /// libpcap's words for why ``next(_:)`` answered `failed`.
    var message: String { unsafe String(cString: pcap_geterr(reader)) }  // Safe: the reader is open.

    /// How far libpcap has read, in bytes of the uncompressed capture.
    var position: Int { max(0, unsafe ftell(file)) }  // Safe: the stream is open.

    enum Step {
        case packet
        case end
        case failed
    }

    /// Reads the next packet and gives its header and bytes to `body`; they are valid only there.
    mutating func next<Failure: Error>(
        _ body: (pcap_pkthdr, UnsafePointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) -> Step {
        var header: UnsafeMutablePointer<pcap_pkthdr>?
        var data: UnsafePointer<UInt8>?
        // Safe: libpcap sets both to memory of its own that stays valid until the next call.
        switch unsafe pcap_next_ex(reader, &header, &data) {
        case 1:
            unsafe try body(header!.pointee, data!)
            return .packet
        case PCAP_ERROR_BREAK: return .end
        default: return .failed
        }
    }
}

/// Has libpcap read a capture's header, with timestamps in nanoseconds; or its words for why not.
@unsafe private func openReader(_ file: UnsafeMutablePointer<FILE>) -> (reader: OpaquePointer?, message: String) {
    // Safe: libpcap writes at most PCAP_ERRBUF_SIZE bytes of message, with a zero at the end.
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PCAP_ERRBUF_SIZE)) { message in
        unsafe message.initialize(repeating: 0)
        let precision = UInt32(PCAP_TSTAMP_PRECISION_NANO)
        let reader = unsafe pcap_fopen_offline_with_tstamp_precision(file, precision, message.baseAddress)
        return unsafe (reader, String(cString: message.baseAddress!))
    }
}

/// libpcap's name for a link type.
enum CaptureLinkType {
    static let ethernet = Int(DLT_EN10MB)

    /// The number that libpcap uses within for a number in a file; they differ for a few old types
    /// (https://www.tcpdump.org/linktypes.html).
    static func fromFile(_ number: Int) -> Int {
        switch number {
        case 100: Int(DLT_ATM_RFC1483)
        case 101: Int(DLT_RAW)
        case 102: Int(DLT_SLIP_BSDOS)
        case 103: Int(DLT_PPP_BSDOS)
        case 106: Int(DLT_ATM_CLIP)
        default: number
        }
    }

    static func name(_ number: Int) -> String {
        // Safe: the answer is a constant of libpcap, ended by a zero.
        guard let number = Int32(exactly: number), let text = unsafe pcap_datalink_val_to_name(number) else {
            return "a link type without a name"
        }
        return unsafe String(cString: text)
    }
}
