/// One packet of a ``Capture``: where its bytes lie, and what the capture says of it.
public struct CaptureRecord: BitwiseCopyable, Sendable, Equatable {
    /// The first byte's place in ``Capture/bytes``.
    public var offset: UInt64
    /// Bytes captured; they all lie within ``Capture/bytes``.
    public var length: UInt32
    /// Bytes the packet had on the wire, as the capture says; more than ``length`` when the capture cut it short.
    public var wireLength: UInt32
    /// Nanoseconds since 1970-01-01 00:00 UTC.
    public var timestampNanoseconds: UInt64

    @inlinable @_noLocks
    public init(offset: UInt64, length: UInt32, wireLength: UInt32, timestampNanoseconds: UInt64) {
        self.offset = offset
        self.length = length
        self.wireLength = wireLength
        self.timestampNanoseconds = timestampNanoseconds
    }
}

/// The unit that a capture's timestamps are kept in.
public enum CapturePrecision: Sendable, Equatable {
    case microseconds
    case nanoseconds
}
