/// A bridge as it runs. Reports are plain values, ready to be written down.
public struct BridgeReport: Sendable, Codable, Equatable {
    public var name: String
    /// 16 hexadecimal digits.
    public var datapathID: String
    public var failMode: String
    /// Whether it came one by one, and so stays when the configuration file is read again.
    public var isAdded: Bool
    public var flows: Int
    public var ports: [PortReport]
}

/// A port as it runs.
public struct PortReport: Sendable, Codable, Equatable {
    public var bridge: String
    public var name: String
    /// The OpenFlow number.
    public var number: UInt32
    public var type: String
    public var options: [String: String]
    /// Whether it came one by one, and so stays when the configuration file is read again.
    public var isAdded: Bool
    /// Packets that came in.
    public var received: UInt64
    public var receivedBytes: UInt64
    /// Packets that left.
    public var delivered: UInt64
    public var deliveredBytes: UInt64
    /// Packets that the port could not take.
    public var refused: UInt64
    /// Packets that came in here and were dropped, by reason.
    public var dropped: [String: UInt64]
    /// Of a vhost-user port.
    public var guest: GuestReport?
}

/// The guest of a vhost-user port.
public struct GuestReport: Sendable, Codable, Equatable {
    /// Whether its monitor is connected.
    public var isConnected: Bool
    /// Queues that workers serve.
    public var queues: Int
    /// Negotiated feature bits, hexadecimal with 0x.
    public var features: String
    /// Bytes; absent unless the guest's monitor has said.
    public var mtu: Int?
    /// Connections so far.
    public var connections: Int
    /// Why the last one ended.
    public var lastEnd: String?
    /// Times that a worker tried again to send to the full queue, and packets that the guest took only then.
    public var retries: UInt64
    public var retriedPackets: UInt64
    /// Frames of the guest that were dropped before they were packets: their header contradicts them, or no packet
    /// buffer was left.
    public var badHeaders: UInt64
    public var noBuffer: UInt64
    /// Packets of other workers that were counted as delivered and then did not fit, or came too late.
    public var lateDrops: UInt64
}

/// A worker as it runs.
public struct WorkerReport: Sendable, Codable, Equatable {
    public var worker: Int
    public var core: Int
    public var received: UInt64
    public var delivered: UInt64
    public var dropped: UInt64
    public var exactMatchHits: UInt64
    public var megaflowHits: UInt64
    public var translations: UInt64
    /// Clock ticks spent on bursts that had packets, and on polls that found none.
    public var busyCycles: UInt64
    public var idleCycles: UInt64
}

/// Where packets were lost.
public struct DropReport: Sendable, Codable, Equatable {
    /// Of all workers since the start, by reason: those of ports that have gone, too.
    public var total: [String: UInt64]
    /// Ports that lost something.
    public var ports: [PortDrops]

    /// What came in through one port and was dropped.
    public struct PortDrops: Sendable, Codable, Equatable {
        public var bridge: String
        public var name: String
        public var dropped: [String: UInt64]
    }
}

/// Counters of everything, at one moment.
public struct StatisticsReport: Sendable, Codable, Equatable {
    /// Since some moment in the past; for rates.
    public var nanoseconds: UInt64
    public var ports: [PortReport]
    public var workers: [WorkerReport]
    public var received: UInt64
    public var delivered: UInt64
    public var dropped: UInt64
}

/// A flow with its counters.
public struct FlowReport: Sendable, Codable, Equatable {
    public var table: UInt8
    public var priority: UInt16
    /// Hexadecimal, with 0x.
    public var cookie: String
    /// As ovs-ofctl writes it.
    public var match: String
    public var actions: String
    public var packets: UInt64
    public var bytes: UInt64
    /// The whole flow, as ovs-ofctl writes it.
    public var flow: String
}

/// What changes of flows, groups or meters came to: how many of them.
public struct TableChangeReport: Sendable, Codable, Equatable {
    public var added = 0
    public var modified = 0
    public var removed = 0
    /// Flows that went because a group or meter that they used did.
    public var removedFlows = 0

    public init() {}
}

/// Packets and bytes that a bucket or a band handled.
public struct PartReport: Sendable, Codable, Equatable {
    public var packets: UInt64
    public var bytes: UInt64
    /// The bucket or band, as ovs-ofctl writes it.
    public var text: String
}

/// A group with its counters.
public struct GroupReport: Sendable, Codable, Equatable {
    public var id: UInt32
    /// `all`, `select`, `indirect` or `ff`.
    public var type: String
    public var packets: UInt64
    public var bytes: UInt64
    /// Flows and groups that use it.
    public var references: Int
    /// Seconds since it was added.
    public var age: Double
    public var buckets: [PartReport]
    /// The whole group, as ovs-ofctl writes it.
    public var group: String
}

/// A meter with its counters.
public struct MeterReport: Sendable, Codable, Equatable {
    public var id: UInt32
    /// `kbps` or `pktps`, `burst`, `stats`.
    public var flags: [String]
    /// Packets and bytes that came.
    public var packets: UInt64
    public var bytes: UInt64
    /// Flows that use it.
    public var references: Int
    /// Seconds since it was added.
    public var age: Double
    public var bands: [PartReport]
    /// The whole meter, as ovs-ofctl writes it.
    public var meter: String
}

/// An address that NORMAL has learned.
public struct MACReport: Sendable, Codable, Equatable {
    public var address: String
    public var vlan: UInt16
    /// The port's name.
    public var port: String
    public var number: UInt32
    /// Seconds since its last packet, coarse.
    public var age: Int
}
