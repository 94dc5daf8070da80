import FlowTable
import OpenFlow
import Synchronization

/// What a bridge counts beside its flows, groups and meters: by table, and by queue of a port. Stays while tables and
/// ports change.
public final class PipelineStatistics: Sendable {
    /// A queue of a port.
    public struct QueueID: Hashable, Sendable {
        public let port: UInt32
        public let queue: UInt32

        public init(port: UInt32, queue: UInt32) {
            self.port = port
            self.queue = queue
        }
    }

    /// By table: packets that found a flow in it, and those that found none.
    private let matched = (0...Flow.lastTable).map { _ in FlowCounters() }
    private let missed = (0...Flow.lastTable).map { _ in FlowCounters() }
    private let queues = Mutex<[QueueID: FlowCounters]>([:])

    public init() {}

    /// Packets that looked for a flow in a table, and those that found one (OpenFlow 1.3.5 §7.3.5.3). Exact after
    /// workers have credited what they counted.
    public func lookups(in table: UInt8) -> (looked: UInt64, matched: UInt64) {
        let found = matched[Int(table)].packets
        return (found + missed[Int(table)].packets, found)
    }

    func counters(of table: UInt8, isMatch: Bool) -> FlowCounters { (isMatch ? matched : missed)[Int(table)] }

    /// Packets and bytes that were sent to a queue; `nil`: none ever.
    public func counters(of queue: QueueID) -> FlowCounters? { queues.withLock { $0[queue] } }

    /// The queues that something was sent to.
    public var usedQueues: [QueueID] {
        queues.withLock { $0.keys.sorted { ($0.port, $0.queue) < ($1.port, $1.queue) } }
    }

    /// The counters of a queue, from its first packet on.
    func counting(_ queue: QueueID) -> FlowCounters {
        queues.withLock { queues in
            if let known = queues[queue] { return known }
            let counters = FlowCounters()
            queues[queue] = counters
            return counters
        }
    }
}
