import CDPDK

/// A packet in DPDK's memory: a chain of one or more buffers (rte_mbuf), owned by whoever holds it.
///
/// A plain pointer: it is handed on by copying, and freed by exactly one owner. Several owners may share the data
/// (``share(_:)``); whoever wants to change it then takes a copy first.
public struct PacketBuffer: BitwiseCopyable {
    public let raw: OpaquePointer

    /// Bytes of packet that one buffer holds behind the headroom; longer packets are chains.
    @inlinable public static var dataRoom: Int { @_noLocks get { 2048 } }
    /// Bytes kept free in front of a packet, for tags and tunnel headers.
    @inlinable public static var headroom: Int { @_noLocks get { 128 } }

    @inlinable @inline(__always) @_noLocks
    public init(_ raw: OpaquePointer) { self.raw = raw }

    /// The first byte of the first segment.
    @inlinable
    public var data: UnsafeMutableRawPointer {
        @inline(__always) @_noLocks get { evs_mbuf_data(raw)! }
    }

    /// Bytes in the whole packet.
    @inlinable
    public var length: Int {
        @inline(__always) @_noLocks get { Int(evs_mbuf_length(raw)) }
    }

    /// Bytes in the first segment.
    @inlinable
    public var segmentLength: Int {
        @inline(__always) @_noLocks get { Int(evs_mbuf_segment_length(raw)) }
    }

    /// The segment behind this one.
    @inlinable
    public var next: PacketBuffer? {
        @inline(__always) @_noLocks get {
            guard let next = evs_mbuf_next(raw) else { return nil }
            return PacketBuffer(next)
        }
    }

    /// Whether someone else owns the data too.
    @inlinable
    public var isShared: Bool {
        @inline(__always) @_noLocks get { evs_mbuf_reference_count(raw) > 1 }
    }

    /// Adds owners; each frees it once.
    @inlinable @inline(__always) @_noLocks
    public func share(_ count: Int) { evs_mbuf_share(raw, Int16(truncatingIfNeeded: count)) }

    /// Gives up this owner's hold; the last one returns the buffers to their pool.
    @inlinable @inline(__always) @_noLocks
    public func free() { evs_mbuf_free(raw) }

    /// A packet with the same bytes in buffers of its own; `nil` when the pool is empty.
    @inlinable @inline(__always) @_noLocks
    public func copy(from pool: OpaquePointer) -> PacketBuffer? {
        guard let copy = evs_mbuf_copy(raw, pool) else { return nil }
        return PacketBuffer(copy)
    }

    /// When the packet was captured or received, nanoseconds since 1970.
    @inlinable @inline(__always) @_noLocks
    public func timestamp(at offset: CInt) -> UInt64 { evs_mbuf_timestamp(raw, offset) }

    /// Notes when the packet was captured or received, nanoseconds since 1970.
    @inlinable @inline(__always) @_noLocks
    public func setTimestamp(_ nanoseconds: UInt64, at offset: CInt) {
        evs_mbuf_set_timestamp(raw, offset, nanoseconds)
    }
}

/// Up to ``burstSize`` packets, as DPDK's burst calls take them.
public typealias PacketPointers = UnsafeMutablePointer<OpaquePointer?>
