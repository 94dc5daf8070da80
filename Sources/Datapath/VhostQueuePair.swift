// Hot path: a guest's pair of queues as the worker that owns both sees it.
import DPDK
import VhostUser

/// What has happened on a pair of queues beyond the packets, which ports count.
public struct VhostPairCounters: BitwiseCopyable, Sendable {
    /// Frames whose header contradicts them; dropped.
    public var badHeaders: UInt64 = 0
    /// Frames for which no packet buffers were left; dropped.
    public var noBuffer: UInt64 = 0
    /// Packets from other workers that this guest had no buffers large enough for, or that were waiting as it went.
    public var lateDrops: UInt64 = 0

    public init() {}
}

/// How one worker sends to a vhost port; changed on that worker's thread only.
public struct VhostRoute {
    /// A pair whose queues are this worker's own.
    var pair: UnsafeMutablePointer<VhostQueuePair>?
    /// The ring to the worker that owns a pair.
    var ring: OpaquePointer?
}

/// A pair of queues, at a fixed address and used by one worker only. A queue that does not run is nil.
public struct VhostQueuePair {
    /// What the guest sends to.
    var fromGuest: UnsafeMutablePointer<VirtQueue>?
    /// What it receives from.
    var toGuest: UnsafeMutablePointer<VirtQueue>?
    let pool: OpaquePointer
    /// A packet that comes in next though the guest did not send it: it announces where the guest is now.
    var announcement: OpaquePointer?
    let frames: UnsafeMutablePointer<GuestFrame>
    let lengths: UnsafeMutablePointer<UInt32>
    /// Segments of a long packet under way.
    let segments: PacketPointers
    /// Whether a packet of the last burst has an offload.
    var hasOffloads = false
    var counters = VhostPairCounters()

    // Slow path: once, with the port.
    init(pool: OpaquePointer) {
        self.pool = pool
        frames = .allocate(capacity: Limits.burst)
        lengths = .allocate(capacity: Limits.burst)
        segments = .allocate(capacity: Limits.burst)
    }

    // Slow path: once, with the port.
    func free() {
        if let announcement { evs_mbuf_free(announcement) }
        frames.deallocate()
        lengths.deallocate()
        segments.deallocate()
    }
}
