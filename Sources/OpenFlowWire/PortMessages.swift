import OpenFlow

/// A port (OpenFlow 1.3.5 §7.2.1, struct ofp_port).
public struct PortDescription: Sendable, Hashable {
    public var number: PortNumber
    /// Low 48 bits.
    public var hardwareAddress: UInt64
    /// 15 bytes at most.
    public var name: String
    public var config: PortConfig = []
    public var state: PortState = []
    public var current: PortFeatures = []
    public var advertised: PortFeatures = []
    public var supported: PortFeatures = []
    public var peer: PortFeatures = []
    /// In kb/s; not told by 1.0.
    public var currentSpeed: UInt32 = 0
    /// In kb/s; not told by 1.0.
    public var maximumSpeed: UInt32 = 0

    public init(number: PortNumber, hardwareAddress: UInt64, name: String) {
        self.number = number
        self.hardwareAddress = hardwareAddress
        self.name = name
    }
}

/// What an operator decided (OpenFlow 1.3.5 §7.2.1, enum ofp_port_config).
public struct PortConfig: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let down = PortConfig(rawValue: 1)
    /// No spanning tree on the port (1.0).
    public static let noSpanningTree = PortConfig(rawValue: 1 << 1)
    public static let noReceive = PortConfig(rawValue: 1 << 2)
    /// Spanning tree's packets aren't received (1.0).
    public static let noReceiveSpanningTree = PortConfig(rawValue: 1 << 3)
    /// Left out by FLOOD (1.0).
    public static let noFlood = PortConfig(rawValue: 1 << 4)
    public static let noForward = PortConfig(rawValue: 1 << 5)
    public static let noPacketIn = PortConfig(rawValue: 1 << 6)
}

/// What the port found (OpenFlow 1.3.5 §7.2.1, enum ofp_port_state).
public struct PortState: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let linkDown = PortState(rawValue: 1)
    public static let blocked = PortState(rawValue: 1 << 1)
    public static let live = PortState(rawValue: 1 << 2)
}

/// What a link can do (OpenFlow 1.3.5 §7.2.1, enum ofp_port_features).
public struct PortFeatures: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let halfDuplex10M = PortFeatures(rawValue: 1)
    public static let fullDuplex10M = PortFeatures(rawValue: 1 << 1)
    public static let halfDuplex100M = PortFeatures(rawValue: 1 << 2)
    public static let fullDuplex100M = PortFeatures(rawValue: 1 << 3)
    public static let halfDuplex1G = PortFeatures(rawValue: 1 << 4)
    public static let fullDuplex1G = PortFeatures(rawValue: 1 << 5)
    public static let fullDuplex10G = PortFeatures(rawValue: 1 << 6)
    /// From here to `other`: not in 1.0.
    public static let fullDuplex40G = PortFeatures(rawValue: 1 << 7)
    public static let fullDuplex100G = PortFeatures(rawValue: 1 << 8)
    public static let fullDuplex1T = PortFeatures(rawValue: 1 << 9)
    public static let other = PortFeatures(rawValue: 1 << 10)
    public static let copper = PortFeatures(rawValue: 1 << 11)
    public static let fiber = PortFeatures(rawValue: 1 << 12)
    public static let autonegotiation = PortFeatures(rawValue: 1 << 13)
    public static let pause = PortFeatures(rawValue: 1 << 14)
    public static let asymmetricPause = PortFeatures(rawValue: 1 << 15)
}

/// A port came, went or changed (OpenFlow 1.3.5 §7.4.3).
public struct PortStatus: Sendable, Hashable {
    public var reason: Reason
    public var port: PortDescription

    public init(_ reason: Reason, _ port: PortDescription) {
        self.reason = reason
        self.port = port
    }

    /// enum ofp_port_reason.
    public enum Reason: UInt8, Sendable, Hashable, CaseIterable { case add = 0, delete = 1, modify = 2 }
}

/// An operator's wish for a port (OpenFlow 1.3.5 §7.3.4.3).
public struct PortMod: Sendable, Hashable {
    public var port: PortNumber
    /// Low 48 bits; must be the port's own.
    public var hardwareAddress: UInt64
    public var config: PortConfig
    /// The bits of `config` that change.
    public var mask: PortConfig
    /// Empty: unchanged.
    public var advertise: PortFeatures

    public init(
        port: PortNumber, hardwareAddress: UInt64, config: PortConfig, mask: PortConfig, advertise: PortFeatures = []
    ) {
        self.port = port
        self.hardwareAddress = hardwareAddress
        self.config = config
        self.mask = mask
        self.advertise = advertise
    }
}

/// OpenFlow 1.3.5 §7.3.5.6. What a port doesn't count is all ones.
public struct PortStatistics: Sendable, Hashable {
    public var port: PortNumber
    public var receivedPackets: UInt64 = 0
    public var sentPackets: UInt64 = 0
    public var receivedBytes: UInt64 = 0
    public var sentBytes: UInt64 = 0
    public var receiveDrops: UInt64 = 0
    public var sendDrops: UInt64 = 0
    public var receiveErrors: UInt64 = 0
    public var sendErrors: UInt64 = 0
    public var frameErrors: UInt64 = 0
    public var overrunErrors: UInt64 = 0
    public var checksumErrors: UInt64 = 0
    public var collisions: UInt64 = 0
    /// Not told by 1.0 … 1.2.
    public var duration = WireDuration()

    public init(port: PortNumber) { self.port = port }
}

/// A queue's rates (OpenFlow 1.3.5 §7.2.2).
public struct QueueConfig: Sendable, Hashable {
    public var port: PortNumber
    public var queue: UInt32
    /// In tenths of a percent; above 1000: none.
    public var minimumRate: UInt16?
    /// In tenths of a percent; above 1000: none.
    public var maximumRate: UInt16?

    public init(port: PortNumber, queue: UInt32, minimumRate: UInt16? = nil, maximumRate: UInt16? = nil) {
        self.port = port
        self.queue = queue
        self.minimumRate = minimumRate
        self.maximumRate = maximumRate
    }

    /// OFPQ_ALL: every queue, in requests.
    public static let allQueues: UInt32 = 0xffff_ffff
}

/// OpenFlow 1.3.5 §7.3.5.8.
public struct QueueStatistics: Sendable, Hashable {
    public var port: PortNumber
    public var queue: UInt32
    public var sentBytes: UInt64
    public var sentPackets: UInt64
    public var sendErrors: UInt64
    public var duration: WireDuration

    public init(
        port: PortNumber, queue: UInt32, sentBytes: UInt64, sentPackets: UInt64, sendErrors: UInt64,
        duration: WireDuration = WireDuration()
    ) {
        self.port = port
        self.queue = queue
        self.sentBytes = sentBytes
        self.sentPackets = sentPackets
        self.sendErrors = sendErrors
        self.duration = duration
    }
}
