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
    /// Times that a worker tried once more to get packets into a ring that was full.
    public var retries: UInt64 = 0
    /// Packets that the guest took only then.
    public var retriedPackets: UInt64 = 0

    public init() {}

    // Slow path: for a report.
    static func += (left: inout VhostPairCounters, right: VhostPairCounters) {
        left.badHeaders += right.badHeaders
        left.noBuffer += right.noBuffer
        left.lateDrops += right.lateDrops
        left.retries += right.retries
        left.retriedPackets += right.retriedPackets
    }
}

/// How one worker sends to a vhost port; changed on that worker's thread only.
public struct VhostRoute {
    /// A pair whose queues are this worker's own.
    var pair: UnsafeMutablePointer<VhostQueuePair>?
    /// The ring to the worker that owns a pair.
    var ring: OpaquePointer?
}

/// How often a worker tries again when a guest has no room, in packets that the guest has taken: they earn it.
///
/// So a guest that is behind for a moment is waited for, one that takes nothing soon costs nothing, and one that takes
/// packets one by one costs its neighbours a bounded time for each.
struct GuestPatience: BitwiseCopyable {
    private var earned = GuestPatience.price &* Limits.guestRetries

    /// Packets that earn one try.
    private static var price: Int { @inline(__always) @_noLocks get { 8 } }

    /// The guest took packets at once.
    @inline(__always) @_noLocks
    mutating func earn(_ packets: Int) {
        earned = min(earned &+ packets, GuestPatience.price &* Limits.guestRetries)
    }

    /// Pays for one try; false if there is nothing left to pay with.
    @inline(__always) @_noLocks
    mutating func spend() -> Bool {
        if earned < GuestPatience.price { return false }
        earned &-= GuestPatience.price
        return true
    }
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
    /// How long a worker may still wait for the guest: see ``GuestPatience``.
    var patience = GuestPatience()
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
