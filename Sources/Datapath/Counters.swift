/// Packets dropped, by raw value of ``DropReason``.
public typealias DropCounts = InlineArray<24, UInt64>

/// What one worker has counted, or the sum over workers. Plain numbers: written by the worker, read by anyone.
public struct WorkerCounters: Sendable {
    public var receivedPackets: UInt64 = 0
    public var receivedBytes: UInt64 = 0
    /// Packets that the control side had executed (packet-out).
    public var injectedPackets: UInt64 = 0
    public var injectedBytes: UInt64 = 0
    /// Packets that reached at least one port, or a controller.
    public var deliveredPackets: UInt64 = 0
    /// By raw value of ``DropReason``.
    public var dropped = DropCounts(repeating: 0)

    public var exactMatchHits: UInt64 = 0
    public var megaflowHits: UInt64 = 0
    public var translations: UInt64 = 0
    /// Subtables looked into for the megaflow hits and misses.
    public var megaflowProbes: UInt64 = 0
    /// Times that a full megaflow cache gave up an old entry for a new one.
    public var megaflowEvictions: UInt64 = 0
    /// Packets sent to the controller while there was none, delivered elsewhere or not.
    public var controllerPackets: UInt64 = 0
    /// Messages to controllers that were queued, and those for which the queue had no room.
    public var packetIns: UInt64 = 0
    public var packetInOverflows: UInt64 = 0
    /// Times that a packet was parsed and looked up again after a header had been taken off or put on.
    public var recirculations: UInt64 = 0

    public var bursts: UInt64 = 0
    /// Ticks spent on bursts that had packets.
    public var busyCycles: UInt64 = 0
    /// Ticks spent polling ports that had none.
    public var idleCycles: UInt64 = 0
    public var stages = StageCycles()

    public init() {}

    /// Packets that ended in a drop.
    public var droppedPackets: UInt64 { dropped.indices.reduce(0) { $0 + dropped[$1] } }

    /// Whether each packet that was received or injected was delivered or dropped for a reason.
    public var isBalanced: Bool { receivedPackets + injectedPackets == deliveredPackets + droppedPackets }
}

/// Ticks by stage of a burst's way, measured on a sample of the bursts.
public struct StageCycles: Sendable {
    public var receive: UInt64 = 0
    public var parse: UInt64 = 0
    public var exactMatch: UInt64 = 0
    /// Megaflow lookups and translations of what the exact-match cache did not know.
    public var miss: UInt64 = 0
    public var execute: UInt64 = 0
    public var send: UInt64 = 0
    /// Packets in the sampled bursts.
    public var packets: UInt64 = 0

    public init() {}

    /// The stages in order, with their names.
    public var named: [(name: String, cycles: UInt64)] {
        [
            ("receive", receive), ("parse", parse), ("exact-match", exactMatch), ("miss", miss),
            ("execute", execute), ("send", send),
        ]
    }
}

/// What one worker has counted for one port.
public struct PortCounters: Sendable {
    public var receivedPackets: UInt64 = 0
    public var receivedBytes: UInt64 = 0
    /// Packets that left through the port.
    public var deliveredPackets: UInt64 = 0
    public var deliveredBytes: UInt64 = 0
    /// Packets that the port could not take (they count as dropped only if no other port took them).
    public var refusedPackets: UInt64 = 0
    /// Packets that came in here and were dropped, by raw value of ``DropReason``.
    public var dropped = DropCounts(repeating: 0)

    public init() {}
}

extension WorkerCounters {
    /// Adds another worker's counts.
    public static func += (left: inout WorkerCounters, right: WorkerCounters) {
        left.receivedPackets += right.receivedPackets
        left.receivedBytes += right.receivedBytes
        left.injectedPackets += right.injectedPackets
        left.injectedBytes += right.injectedBytes
        left.deliveredPackets += right.deliveredPackets
        for reason in left.dropped.indices { left.dropped[reason] += right.dropped[reason] }
        left.exactMatchHits += right.exactMatchHits
        left.megaflowHits += right.megaflowHits
        left.translations += right.translations
        left.megaflowProbes += right.megaflowProbes
        left.megaflowEvictions += right.megaflowEvictions
        left.controllerPackets += right.controllerPackets
        left.packetIns += right.packetIns
        left.packetInOverflows += right.packetInOverflows
        left.recirculations += right.recirculations
        left.bursts += right.bursts
        left.busyCycles += right.busyCycles
        left.idleCycles += right.idleCycles
        left.stages.receive += right.stages.receive
        left.stages.parse += right.stages.parse
        left.stages.exactMatch += right.stages.exactMatch
        left.stages.miss += right.stages.miss
        left.stages.execute += right.stages.execute
        left.stages.send += right.stages.send
        left.stages.packets += right.stages.packets
    }
}

extension PortCounters {
    /// Adds another worker's counts.
    public static func += (left: inout PortCounters, right: PortCounters) {
        left.receivedPackets += right.receivedPackets
        left.receivedBytes += right.receivedBytes
        left.deliveredPackets += right.deliveredPackets
        left.deliveredBytes += right.deliveredBytes
        left.refusedPackets += right.refusedPackets
        for reason in left.dropped.indices { left.dropped[reason] += right.dropped[reason] }
    }
}
