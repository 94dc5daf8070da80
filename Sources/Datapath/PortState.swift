// Hot path: a port as one worker sees it.
import DPDK

/// Where a port's packets come from.
public enum PortInput: BitwiseCopyable {
    /// Only sends.
    case none
    case device(port: UInt16, queue: UInt16)
    /// A capture being replayed.
    case capture(UnsafeMutablePointer<ReplaySource>)
    /// A guest's queues.
    case vhost(UnsafeMutablePointer<VhostQueuePair>)
}

/// Where a port's packets go.
public enum PortOutput: BitwiseCopyable {
    /// The port is not there.
    case absent
    case device(port: UInt16, queue: UInt16)
    /// To another thread, which sends or writes them; a full ring drops.
    case ring(OpaquePointer)
    /// As `ring`, but the worker waits for room: a file, in a replay, must not lose packets.
    case losslessRing(OpaquePointer, failed: UnsafePointer<Bool>)
    /// Counted as delivered and forgotten.
    case discard
    /// To a guest, by a way that changes as its queues come and go.
    case vhost(UnsafeMutablePointer<VhostRoute>)
    /// Into another bridge.
    case patch(PatchTarget)
}

/// Where packets arrive that are sent to a patch port.
public struct PatchTarget: BitwiseCopyable {
    /// Index and OpenFlow number of the port at the other end.
    let port: UInt16
    let number: UInt32
    let bridge: UnsafeMutablePointer<BridgeState>
}

/// One port in one worker: its ends, what waits to be sent, and its counters.
struct PortState {
    var output = PortOutput.absent
    var counters = PortCounters()
    /// Packets that wait for the end of the burst.
    var pendingCount = 0
    var pendingBytes: UInt64 = 0
    /// Whether the worker has it on its list of ports to send at.
    var isTouched = false
    /// Bits of the burst's packets among them.
    var pendingBits: UInt32 = 0
    let pending: PacketPointers
    /// For each pending packet, its number in the burst.
    let origins: UnsafeMutablePointer<UInt8>

    /// Packets that may wait; more are sent at once.
    static var pendingCapacity: Int { @_noLocks get { 2 * Limits.burst } }

    init() {
        pending = .allocate(capacity: PortState.pendingCapacity)
        origins = .allocate(capacity: PortState.pendingCapacity)
    }

    func free() {
        pending.deallocate()
        origins.deallocate()
    }
}
