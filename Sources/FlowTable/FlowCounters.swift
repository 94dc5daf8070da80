import Synchronization

/// How many packets and bytes a flow has handled, and when the last one came.
///
/// An object of its own, because a flow that is modified or replaced keeps its counts (OpenFlow 1.3.5 §6.4) while
/// workers may still be counting on the entry that went before it.
public final class FlowCounters: Sendable {
    private let packetTotal = Atomic<UInt64>(0)
    private let byteTotal = Atomic<UInt64>(0)
    private let lastUsed = Atomic<UInt64>(0)

    public init() {}

    /// Counts packets. Relaxed: the two sums are each exact, but a reader may see one of them before the other.
    @_noLocks
    public func add(packets: UInt64, bytes: UInt64) {
        packetTotal.wrappingAdd(packets, ordering: .relaxed)
        byteTotal.wrappingAdd(bytes, ordering: .relaxed)
    }

    /// Notes when a packet came, in nanoseconds of the monotonic clock. An earlier time than is known changes nothing.
    @_noLocks
    public func touch(at nanoseconds: UInt64) { _ = lastUsed.max(nanoseconds, ordering: .relaxed) }

    public var packets: UInt64 { packetTotal.load(ordering: .relaxed) }
    public var bytes: UInt64 { byteTotal.load(ordering: .relaxed) }
    /// When the last packet came that is known of, in nanoseconds of the monotonic clock; 0: none came.
    public var lastUsedNanoseconds: UInt64 { lastUsed.load(ordering: .relaxed) }
}
