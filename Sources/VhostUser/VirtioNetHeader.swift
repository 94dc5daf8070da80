// Hot path: the header in front of each frame that a guest sends or receives.
import CVhost

/// virtio_net_hdr (virtio 1.1 §5.1.6): what is still to be done to a frame. Fields as the guest wrote them, unchecked.
public struct VirtioNetHeader: BitwiseCopyable, Sendable, Equatable {
    public var flags: UInt8 = 0
    public var segmentationType: UInt8 = 0
    public var headerLength: UInt16 = 0
    public var segmentSize: UInt16 = 0
    public var checksumStart: UInt16 = 0
    public var checksumOffset: UInt16 = 0

    /// Bytes with the count of merged buffers (virtio 1.0, or mergeable buffers) and without.
    public static var longSize: Int { @_noLocks get { 12 } }
    public static var shortSize: Int { @_noLocks get { 10 } }

    /// `flags`: the checksum at `checksumStart + checksumOffset` covers the pseudo-header only.
    public static var needsChecksum: UInt8 { @_noLocks get { 1 } }
    /// `segmentationType`.
    public static var noSegmentation: UInt8 { @_noLocks get { 0 } }
    public static var tcp4: UInt8 { @_noLocks get { 1 } }
    public static var tcp6: UInt8 { @_noLocks get { 4 } }
    /// `segmentationType`: the TCP segment carries congestion notification (RFC 3168).
    public static var ecn: UInt8 { @_noLocks get { 0x80 } }

    @_noLocks
    public init() {}

    /// Reads the ten bytes that both forms share.
    @inline(__always) @_noLocks
    init(at source: UnsafeRawPointer) {
        let word = vhost_load64(source)
        flags = UInt8(truncatingIfNeeded: word)
        segmentationType = UInt8(truncatingIfNeeded: word >> 8)
        headerLength = UInt16(truncatingIfNeeded: word >> 16)
        segmentSize = UInt16(truncatingIfNeeded: word >> 32)
        checksumStart = UInt16(truncatingIfNeeded: word >> 48)
        checksumOffset = vhost_load16(source + 8)
    }

    /// The first eight bytes as a guest reads them.
    public var firstWord: UInt64 {
        @_noLocks get {
            UInt64(flags) | UInt64(segmentationType) << 8 | UInt64(headerLength) << 16 | UInt64(segmentSize) << 32
                | UInt64(checksumStart) << 48
        }
    }

    /// Whether nothing is left to be done to the frame.
    @inlinable public var isPlain: Bool {
        @inline(__always) @_noLocks get { flags & 1 == 0 && segmentationType == 0 }
    }
}
