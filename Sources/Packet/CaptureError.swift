/// Why a capture could not be read or written: which file, what is wrong with it, and how to mend it.
public enum CaptureError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no such file.
    case missing(file: String)
    case directory(file: String)
    /// The system would not open or read the file; `reason` is its own word for it.
    case unreadable(file: String, reason: String)
    /// The file has no bytes at all, or is a gzip stream of none.
    case empty(file: String)
    /// The first bytes (after gzip, if any) are of no capture format; `magic` holds up to eight of them.
    case notACapture(file: String, magic: [UInt8])
    /// A capture whose header, or a feature of it, libpcap refuses.
    case unsupported(file: String, reason: String)
    /// The capture, or one interface of a pcapng file, is not of Ethernet. `number` and `name` are libpcap's DLT.
    case wrongLinkType(file: String, interface: String?, number: Int, name: String)
    /// The gzip stream is damaged (a stream that is merely cut off is a ``Capture/truncation``).
    case brokenGzip(file: String, reason: String)
    /// The capture, uncompressed, has more than `maximumBytes` bytes.
    case tooBig(file: String, maximumBytes: Int)
    /// The system refused `bytes` bytes of memory.
    case noMemory(file: String, bytes: Int)
    /// The output file could not be opened.
    case cannotCreate(file: String, reason: String)
    /// Writing failed part-way; the file holds what was written before.
    case cannotWrite(file: String, reason: String)

    public var description: String {
        switch self {
        case .missing(let file):
            "\(file): no such file; check the path"
        case .directory(let file):
            "\(file): is a directory; name a capture file in it"
        case .unreadable(let file, let reason):
            "\(file): can't be read: \(reason)"
        case .empty(let file):
            "\(file): is empty; a capture has at least a file header"
        case .notACapture(let file, let magic):
            "\(file): is not a capture: it begins with \(Self.hex(magic))\(Self.guess(magic)); "
                + "pcap and pcapng are read, gzip-compressed or not"
        case .unsupported(let file, let reason):
            "\(file): libpcap does not take this capture: \(reason)"
        case .wrongLinkType(let file, let interface, let number, let name):
            "\(file): \(interface.map { "interface \($0)" } ?? "its link type") is \(name) (\(number)); only Ethernet "
                + "(EN10MB, 1) is taken: "
                + (interface == nil
                    ? "capture on an Ethernet interface"
                    : "keep the Ethernet interfaces only (tshark -r IN -Y 'frame.interface_id == N' -w OUT)")
        case .brokenGzip(let file, let reason):
            "\(file): its gzip stream is damaged (\(reason)); fetch or compress it again"
        case .tooBig(let file, let maximumBytes):
            "\(file): has more than the \(maximumBytes) bytes (uncompressed) that may be held in memory; "
                + "split it (editcap -c N IN OUT) or raise the bound"
        case .noMemory(let file, let bytes):
            "\(file): there is no memory for it (\(bytes) bytes were refused); split it (editcap -c N IN OUT)"
        case .cannotCreate(let file, let reason):
            "\(file): can't be created: \(reason)"
        case .cannotWrite(let file, let reason):
            "\(file): can't be written any further: \(reason); it holds the packets written before"
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }

    /// What the first bytes look like, for the formats that are often taken for captures.
    private static func guess(_ magic: [UInt8]) -> String {
        let known: [(bytes: [UInt8], name: String)] = [
            ([0x1F, 0x8B], "gzip within gzip: unpack it once with gunzip"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz: unpack it with xz -d"),
            ([0x28, 0xB5, 0x2F, 0xFD], "zstd: unpack it with zstd -d"),
            ([0x04, 0x22, 0x4D, 0x18], "lz4: unpack it with lz4 -d"),
            ([0x42, 0x5A, 0x68], "bzip2: unpack it with bunzip2"),
            ([0x50, 0x4B, 0x03, 0x04], "a zip archive: unpack it with unzip"),
            ([0x73, 0x6E, 0x6F, 0x6F, 0x70, 0x00], "snoop: convert it with editcap -F pcap"),
            ([0x47, 0x4D, 0x42, 0x55], "Network Monitor: convert it with editcap -F pcap"),
        ]
        if let match = known.first(where: { magic.starts(with: $0.bytes) }) { return " (\(match.name))" }
        let isText = !magic.isEmpty && magic.allSatisfy { (0x20..<0x7F).contains($0) || (0x09...0x0D).contains($0) }
        return isText ? " (text)" : ""
    }
}
