import OpenFlow

/// A question for the switch's state (OpenFlow 1.3.5 §7.3.5; in 1.0 "statistics").
public enum MultipartRequest: Sendable, Hashable {
    case desc
    indirect case flow(FlowStatisticsRequest)
    indirect case aggregate(FlowStatisticsRequest)
    case table
    /// ``PortNumber/any``: all ports.
    case portStats(PortNumber)
    /// ``PortNumber/any``: all ports; ``QueueConfig/allQueues``: all queues.
    case queue(PortNumber, queue: UInt32)
    /// ``Group/all``: all groups.
    case group(UInt32)
    /// ``Group/all``: all groups; before 1.5 always.
    case groupDesc(UInt32)
    case groupFeatures
    /// ``Meter/all``: all meters.
    case meter(UInt32)
    /// ``Meter/all``: all meters.
    case meterConfig(UInt32)
    case meterFeatures
    /// Empty: asks; else sets.
    case tableFeatures([TableFeatures])
    /// ``PortNumber/any``: all ports; before 1.5 always.
    case portDesc(PortNumber)
    /// OpenFlow 1.4.
    case tableDesc
    /// OpenFlow 1.4.
    case queueDesc(PortNumber, queue: UInt32)
    /// NXST_FLOW_MONITOR (1.0 … 1.2), the ONF's on 1.3, OpenFlow 1.4's own.
    case flowMonitor([FlowMonitorRequest])
    case experimenter(ExperimenterMessage)
}

/// What the switch answers.
public enum MultipartReply: Sendable, Hashable {
    indirect case desc(SwitchDescription)
    case flow([FlowStatistics], StatisticsFormat)
    case aggregate(AggregateStatistics, StatisticsFormat)
    case table([TableStatistics])
    case portStats([PortStatistics])
    case queue([QueueStatistics])
    case group([GroupStatistics])
    case groupDesc([Group])
    indirect case groupFeatures(GroupFeatures)
    case meter([MeterStatistics])
    case meterConfig([Meter])
    case meterFeatures(MeterFeatures)
    case tableFeatures([TableFeatures])
    case portDesc([PortDescription])
    case tableDesc([TableMod])
    case queueDesc([QueueConfig])
    case flowMonitor([FlowUpdate])
    case experimenter(ExperimenterMessage)
}

/// Whether 1.0's flow statistics are OpenFlow's own or Nicira's (NXST_FLOW, NXST_AGGREGATE). An answer has the format
/// of its request; later versions have one format.
public enum StatisticsFormat: Sendable, Hashable { case standard, nicira }

/// Which flows are asked for (OpenFlow 1.3.5 §7.3.5.2).
public struct FlowStatisticsRequest: Sendable, Hashable {
    /// ``FlowMod/allTables``: every table.
    public var table: UInt8
    /// Only flows with an output to this port; ``PortNumber/any``: whatever the output.
    public var outputPort: PortNumber
    /// Only flows that use this group; ``Group/any``: whatever the group.
    public var outputGroup: UInt32
    public var cookie: UInt64
    /// The bits of the cookie that must agree.
    public var cookieMask: UInt64
    public var match: Match
    public var format: StatisticsFormat

    public init(
        table: UInt8 = FlowMod.allTables, outputPort: PortNumber = .any, outputGroup: UInt32 = Group.any,
        cookie: UInt64 = 0, cookieMask: UInt64 = 0, match: Match = Match(), format: StatisticsFormat = .standard
    ) {
        self.table = table
        self.outputPort = outputPort
        self.outputGroup = outputGroup
        self.cookie = cookie
        self.cookieMask = cookieMask
        self.match = match
        self.format = format
    }
}

/// A flow with its counts (OpenFlow 1.3.5 §7.3.5.2).
public struct FlowStatistics: Sendable, Hashable {
    /// Flags and importance are told from 1.3 and 1.4 on.
    public var flow: Flow
    public var duration: WireDuration
    public var packetCount: UInt64
    public var byteCount: UInt64
    /// Seconds since a packet matched; `nil`: not told (Nicira's format alone has it).
    public var idleAge: UInt16?
    /// Seconds since the flow was added or modified; `nil`: not told.
    public var hardAge: UInt16?

    public init(_ flow: Flow, duration: WireDuration, packetCount: UInt64, byteCount: UInt64) {
        self.flow = flow
        self.duration = duration
        self.packetCount = packetCount
        self.byteCount = byteCount
    }
}

/// OpenFlow 1.3.5 §7.3.5.3.
public struct AggregateStatistics: Sendable, Hashable {
    public var packetCount: UInt64
    public var byteCount: UInt64
    public var flowCount: UInt32

    public init(packetCount: UInt64, byteCount: UInt64, flowCount: UInt32) {
        self.packetCount = packetCount
        self.byteCount = byteCount
        self.flowCount = flowCount
    }
}

/// OpenFlow 1.3.5 §7.3.5.4.
public struct TableStatistics: Sendable, Hashable {
    public var table: UInt8
    public var activeCount: UInt32
    public var lookupCount: UInt64
    public var matchedCount: UInt64
    /// Told by 1.0 … 1.2 only.
    public var name: String
    /// Told by 1.0 … 1.2 only.
    public var maximumEntries: UInt32

    public init(
        table: UInt8, activeCount: UInt32, lookupCount: UInt64, matchedCount: UInt64, name: String = "",
        maximumEntries: UInt32 = 0
    ) {
        self.table = table
        self.activeCount = activeCount
        self.lookupCount = lookupCount
        self.matchedCount = matchedCount
        self.name = name
        self.maximumEntries = maximumEntries
    }
}

/// OpenFlow 1.3.5 §7.3.5.9.
public struct GroupStatistics: Sendable, Hashable {
    public var group: UInt32
    /// Flows and groups that point to it.
    public var referenceCount: UInt32
    public var packetCount: UInt64
    public var byteCount: UInt64
    public var duration: WireDuration
    public var buckets: [Count]

    public init(
        group: UInt32, referenceCount: UInt32, packetCount: UInt64, byteCount: UInt64, duration: WireDuration,
        buckets: [Count]
    ) {
        self.group = group
        self.referenceCount = referenceCount
        self.packetCount = packetCount
        self.byteCount = byteCount
        self.duration = duration
        self.buckets = buckets
    }
}

/// Packets, and their bytes.
public struct Count: Sendable, Hashable {
    public var packets: UInt64
    public var bytes: UInt64

    public init(packets: UInt64, bytes: UInt64) {
        self.packets = packets
        self.bytes = bytes
    }
}

/// OpenFlow 1.3.5 §7.3.5.11. Arrays are by ``Group/Kind``.
public struct GroupFeatures: Sendable, Hashable {
    /// Bits: 1 << a kind's number.
    public var kinds: UInt32
    public var capabilities: Capabilities
    /// Four.
    public var maximumGroups: [UInt32]
    /// Four bitmaps of enum ofp_action_type.
    public var actions: [UInt32]

    public init(kinds: UInt32, capabilities: Capabilities, maximumGroups: [UInt32], actions: [UInt32]) {
        precondition(maximumGroups.count == 4 && actions.count == 4)
        self.kinds = kinds
        self.capabilities = capabilities
        self.maximumGroups = maximumGroups
        self.actions = actions
    }

    /// enum ofp_group_capabilities.
    public struct Capabilities: OptionSet, Sendable, Hashable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        public static let selectWeight = Capabilities(rawValue: 1)
        public static let selectLiveness = Capabilities(rawValue: 2)
        public static let chaining = Capabilities(rawValue: 4)
        public static let chainingChecks = Capabilities(rawValue: 8)
    }
}

/// OpenFlow 1.3.5 §7.3.5.12.
public struct MeterStatistics: Sendable, Hashable {
    public var meter: UInt32
    public var flowCount: UInt32
    public var packetCount: UInt64
    public var byteCount: UInt64
    public var duration: WireDuration
    /// What each band applied to.
    public var bands: [Count]

    public init(
        meter: UInt32, flowCount: UInt32, packetCount: UInt64, byteCount: UInt64, duration: WireDuration,
        bands: [Count]
    ) {
        self.meter = meter
        self.flowCount = flowCount
        self.packetCount = packetCount
        self.byteCount = byteCount
        self.duration = duration
        self.bands = bands
    }
}

/// OpenFlow 1.3.5 §7.3.5.14.
public struct MeterFeatures: Sendable, Hashable {
    public var maximumMeters: UInt32
    /// Bits: 1 << 1 drop, 1 << 2 DSCP remark (enum ofp_meter_band_type).
    public var bandTypes: UInt32
    public var capabilities: Meter.Flags
    public var maximumBands: UInt8
    public var maximumColour: UInt8

    public init(
        maximumMeters: UInt32, bandTypes: UInt32, capabilities: Meter.Flags, maximumBands: UInt8,
        maximumColour: UInt8 = 0
    ) {
        self.maximumMeters = maximumMeters
        self.bandTypes = bandTypes
        self.capabilities = capabilities
        self.maximumBands = maximumBands
        self.maximumColour = maximumColour
    }
}
