import CCapture

extension Capture {
    /// The bound on a capture's size if none is given: 4 GiB.
    public static let defaultMaximumBytes = 4 << 30
    /// A packet with more captured bytes is taken for damage; it is libpcap's own bound for Ethernet.
    public static let recordLengthLimit = 262_144

    /// Reads a whole capture of Ethernet packets: pcap (µs or ns, either byte order) or pcapng, or gzip of either.
    ///
    /// A file that is cut off or damaged part-way is loaded up to there, and ``truncation`` says what was lost.
    /// - Parameters:
    ///   - path: The file; `-` is standard input.
    ///   - maximumBytes: The most bytes that the capture may have, uncompressed. The memory that it takes is at most
    ///     half as much again.
    ///   - progress: Called now and then with the bytes of the file (not unpacked) read so far.
    /// - Throws: A ``CaptureError`` that names the file, for whatever can't be loaded at all.
    public static func load(
        _ path: String, maximumBytes: Int = defaultMaximumBytes, progress: ((_ bytesRead: Int) -> Void)? = nil
    ) throws(CaptureError) -> Capture {
        try load(CaptureInput(path: path, progress: progress), maximumBytes: maximumBytes)
    }

    /// Reads a capture that lies in memory, as ``load(_:maximumBytes:progress:)`` reads a file.
    /// - Parameters:
    ///   - bytes: The file's contents; they are not needed afterwards.
    ///   - name: What messages are to call it.
    public static func load(
        bytes: UnsafeRawBufferPointer, name: String, maximumBytes: Int = defaultMaximumBytes
    ) throws(CaptureError) -> Capture {
        // Safe: the input lives no longer than this call, and the caller vouches for the bytes until it returns.
        unsafe try load(CaptureInput(bytes: bytes, name: name), maximumBytes: maximumBytes)
    }

    private static func load(_ input: CaptureInput, maximumBytes: Int) throws(CaptureError) -> Capture {
        let source = try CaptureSource(input: input, maximumBytes: maximumBytes)
        var stream = try CaptureStream(source: source)
        try checkLinkType(of: stream, source: source)
        var contents = CaptureContents(expectedBytes: source.expectedBytes)
        let truncation: String?
        do throws(MemoryRefusal) {
            truncation = try readPackets(of: &stream, source: source, into: &contents)
            try contents.trim()
        } catch {
            throw .noMemory(file: source.name, bytes: error.bytes)
        }
        if let failure = source.failure { throw failure }
        if let refusal = refusedInterface(at: stream.position, of: source) { throw refusal }
        return Capture(name: source.name, contents: contents, truncation: truncation)
    }

    private static func checkLinkType(of stream: borrowing CaptureStream, source: CaptureSource) throws(CaptureError) {
        let linkType = stream.linkType
        guard linkType != CaptureLinkType.ethernet else { return }
        throw .wrongLinkType(
            file: source.name, interface: source.interfaceWatch.firstInterface, number: linkType,
            name: CaptureLinkType.name(linkType))
    }

    /// Reads all packets there are; answers what was lost, if anything was.
    private static func readPackets(
        of stream: inout CaptureStream, source: CaptureSource, into contents: inout CaptureContents
    ) throws(MemoryRefusal) -> String? {
        let isBlockFormat = source.magic.first == 0x0A
        var overlong: UInt32?
        while overlong == nil {
            // Safe: what libpcap hands to the closure is not kept.
            let step = unsafe try stream.next { header, data throws(MemoryRefusal) in
                guard header.caplen <= recordLengthLimit else {
                    overlong = header.caplen
                    return
                }
                // Safe: libpcap has `caplen` bytes of the packet at `data`.
                unsafe try contents.append(
                    data, length: header.caplen, wireLength: header.len,
                    timestampNanoseconds: nanoseconds(header.ts, isBlockFormat: isBlockFormat))
            }
            switch step {
            case .packet: continue
            case .end: return source.isCutOff ? loss(.cutOffGzip, stream, source, contents) : nil
            case .failed: return loss(.failed, stream, source, contents)
            }
        }
        return loss(.overlong(overlong ?? 0), stream, source, contents)
    }

    /// A timestamp as libpcap gives it, `tv_usec` being in nanoseconds, as nanoseconds since 1970.
    private static func nanoseconds(_ time: timeval, isBlockFormat: Bool) -> UInt64 {
        // pcap's seconds are 32 bits without a sign; libpcap extends a sign all the same.
        let seconds = isBlockFormat ? UInt64(clamping: time.tv_sec) : UInt64(UInt32(truncatingIfNeeded: time.tv_sec))
        let whole = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let sum = whole.partialValue.addingReportingOverflow(UInt64(clamping: time.tv_usec))
        return whole.overflow || sum.overflow ? .max : sum.partialValue
    }

    private enum Loss {
        case cutOffGzip
        case overlong(UInt32)
        case failed
    }

    /// Says where a capture broke off and what was lost.
    private static func loss(
        _ kind: Loss, _ stream: borrowing CaptureStream, _ source: CaptureSource, _ contents: borrowing CaptureContents
    ) -> String {
        let position = stream.position
        let place = "byte \(position)\(source.isCompressed ? " (uncompressed)" : "")"
        let kept = "\(contents.packetCount) whole packet\(contents.packetCount == 1 ? "" : "s") kept"
        switch kind {
        case .overlong(let length):
            return "damaged at \(place) (a packet of \(length) captured bytes): \(kept), what follows is lost"
        case .cutOffGzip:
            return "gzip stream cut off at \(place): \(kept), what followed is lost"
        case .failed where source.isCutOff:
            return "gzip stream cut off mid-record at \(place): \(kept), what followed is lost"
        case .failed where source.isAtEnd && position == source.position:
            return "cut off mid-record at \(place): \(kept), the last one lost"
        case .failed:
            return "damaged at \(place) (\(stream.message)): \(kept), what follows is lost"
        }
    }

    /// The interface or section that made libpcap stop at `position`, as an error.
    private static func refusedInterface(at position: Int, of source: CaptureSource) -> CaptureError? {
        guard let refusal = source.interfaceWatch.refusal else { return nil }
        if case .resolution(let resolution) = refusal.reason {
            return .unsupported(
                file: source.name,
                reason: "interface \(refusal.interface) counts time in 2^-\(resolution) s, too fine for its timestamps "
                    + "to be right; editcap -F nsecpcap IN OUT makes them nanoseconds")
        }
        guard position > refusal.start && position <= refusal.end else { return nil }
        switch refusal.reason {
        case .resolution: return nil
        case .linkType(let number):
            let linkType = CaptureLinkType.fromFile(number)
            return .wrongLinkType(
                file: source.name, interface: refusal.interface, number: linkType,
                name: CaptureLinkType.name(linkType))
        case .snapshotLength(let length, let first):
            return .unsupported(
                file: source.name,
                reason: "interface \(refusal.interface) has snapshot length \(length), the first one \(first), "
                    + "and they must agree; editcap -F pcap IN OUT makes them")
        case .byteOrder:
            return .unsupported(
                file: source.name,
                reason: "its sections differ in byte order; editcap IN OUT writes them alike")
        }
    }
}
