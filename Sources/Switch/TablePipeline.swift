import Datapath
import FlowTable
import OpenFlow
import Packet

/// What a controller or an operator has forbidden a port (OpenFlow 1.3.5 §7.2.1, enum ofp_port_config; `noFlood` is of
/// OpenFlow 1.0 §5.2.1, and an extension later).
public struct PortFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let down = PortFlags(rawValue: 1 << 0)
    /// Packets that come in by the port are dropped.
    public static let noReceive = PortFlags(rawValue: 1 << 2)
    public static let noFlood = PortFlags(rawValue: 1 << 4)
    /// Packets that would leave by the port are dropped.
    public static let noForward = PortFlags(rawValue: 1 << 5)
    /// Packets that come in by the port are not sent to controllers.
    public static let noPacketIn = PortFlags(rawValue: 1 << 6)
}

/// A port as translations see it.
public struct PipelinePort: Sendable {
    /// The OpenFlow number.
    public let number: UInt32
    /// The index by which the data path knows it.
    public let index: UInt16
    public var flags: PortFlags
    /// Whether its link is up.
    public var isLinkUp: Bool

    public init(number: UInt32, index: UInt16, flags: PortFlags = [], isLinkUp: Bool = true) {
        self.number = number
        self.index = index
        self.flags = flags
        self.isLinkUp = isLinkUp
    }

    /// Whether packets may leave by it.
    var forwards: Bool { flags.isDisjoint(with: [.down, .noForward]) }
    /// Whether FLOOD and NORMAL send to it what they send to all.
    var floods: Bool { forwards && !flags.contains(.noFlood) }
    /// Whether packets sent to it get anywhere, as buckets that watch it see it.
    var isLive: Bool { isLinkUp && !flags.contains(.down) }
}

/// What becomes of IP fragments (OpenFlow 1.3.5 §7.3.2, enum ofp_config_flags; ovs-ofctl(8), set-frags).
public enum FragmentHandling: Sendable {
    /// They are looked up as if their ports were zero.
    case normal
    /// No flow gets them.
    case drop
    /// The first shows its ports; flows tell fragments apart by ip_frag. An extension of Nicira's.
    case matched
}

/// A bridge's tables and ports as they stood at one moment: what workers ask when their caches don't know a packet.
public final class TablePipeline: Pipeline {
    public let tables: FlowTablesSnapshot
    public let ports: [PipelinePort]
    public let groups: [UInt32: GroupEntry]
    public let meters: [UInt32: MeterEntry]
    /// What is counted beside flows.
    public let statistics: PipelineStatistics
    /// Where no further flow is learned, as there are as many as may be; and those that there are.
    let fullLearnings: [LearningPlace: Set<LearnedFlow>]
    /// Whether the tables are not asked: all goes to NORMAL.
    let failsOpen: Bool
    let fragments: FragmentHandling
    /// Whether a controller of 1.0 is there, to which packets go that no flow matches.
    let tellsMisses: Bool
    private let places: [UInt32: Int]
    /// By number, for the numbers that most ports have; -1: there is no such port.
    private let lowPlaces: [Int32]
    private static let lowNumbers: UInt32 = 1024
    private let indices: [UInt16: Int]

    public convenience init(
        tables: FlowTablesSnapshot, ports: [PipelinePort], groups: [UInt32: GroupEntry] = [:],
        meters: [UInt32: MeterEntry] = [:], statistics: PipelineStatistics = PipelineStatistics()
    ) {
        self.init(
            tables: tables, ports: ports, groups: groups, meters: meters, statistics: statistics, fullLearnings: [:],
            failsOpen: false, fragments: .normal, tellsMisses: false)
    }

    init(
        tables: FlowTablesSnapshot, ports: [PipelinePort], groups: [UInt32: GroupEntry],
        meters: [UInt32: MeterEntry], statistics: PipelineStatistics, fullLearnings: [LearningPlace: Set<LearnedFlow>],
        failsOpen: Bool, fragments: FragmentHandling, tellsMisses: Bool
    ) {
        self.tables = tables
        self.ports = ports
        self.groups = groups
        self.meters = meters
        self.statistics = statistics
        self.fullLearnings = fullLearnings
        self.failsOpen = failsOpen
        self.fragments = fragments
        self.tellsMisses = tellsMisses
        places = Dictionary(uniqueKeysWithValues: ports.enumerated().map { ($1.number, $0) })
        indices = Dictionary(uniqueKeysWithValues: ports.enumerated().map { ($1.index, $0) })
        let highest = ports.map(\.number).filter { $0 < Self.lowNumbers }.max()
        var lowPlaces = [Int32](repeating: -1, count: highest.map { Int($0) + 1 } ?? 0)
        for (place, port) in ports.enumerated() where port.number < Self.lowNumbers {
            lowPlaces[Int(port.number)] = Int32(place)
        }
        self.lowPlaces = lowPlaces
    }

    public var examinableMask: FlowMask { tables.examinableMask }

    /// One walk through the tables, from table 0 on.
    public func translate(_ key: FlowKey, passes: ContiguousArray<Pass>, into translation: inout Translation) {
        // Safe: the translator is gone when the closure returns.
        withUnsafeMutablePointer(to: &translation) {
            var translator = Translator(pipeline: self, key: key, passes: passes, into: $0)
            translator.run()
        }
    }

    /// Whether NORMAL floods to a port, by its index in the data path.
    public func floods(to port: UInt16) -> Bool { indices[port].map { ports[$0].floods } ?? true }

    /// Whether NORMAL may send to a port, by its index in the data path.
    public func forwards(to port: UInt16) -> Bool { indices[port].map { ports[$0].forwards } ?? true }

    /// The port with an OpenFlow number.
    func port(_ number: UInt32) -> PipelinePort? {
        if number < lowPlaces.count {
            let place = lowPlaces[Int(number)]
            return place < 0 ? nil : ports[Int(place)]
        }
        return places[number].map { ports[$0] }
    }

    /// Whether a bucket's actions lead anywhere, as far as it watches that (OpenFlow 1.3.5 §6.5).
    func isLive(_ bucket: Group.Bucket, depth: Int = 0) -> Bool {
        if !bucket.hasWatch { return true }
        if bucket.watchPort != .any, port(bucket.watchPort.rawValue)?.isLive == true { return true }
        guard bucket.watchGroup != Group.any, depth < GroupTable.chainLimit, let group = groups[bucket.watchGroup]
        else { return false }
        return group.group.buckets.contains { isLive($0, depth: depth + 1) }
    }
}

/// A packet that a controller sends: an action list of its own, over a bridge's tables (OpenFlow 1.3.5 §7.3.7).
final class PacketOutPipeline: Pipeline {
    private let bridge: TablePipeline
    private let actions: [Action]

    init(bridge: TablePipeline, actions: [Action]) {
        self.bridge = bridge
        self.actions = actions
    }

    var examinableMask: FlowMask { bridge.examinableMask }

    func translate(_ key: FlowKey, passes: ContiguousArray<Pass>, into translation: inout Translation) {
        // Safe: as above.
        withUnsafeMutablePointer(to: &translation) {
            var translator = Translator(pipeline: bridge, key: key, passes: passes, into: $0)
            translator.run(actions)
        }
    }

    func floods(to port: UInt16) -> Bool { bridge.floods(to: port) }
    func forwards(to port: UInt16) -> Bool { bridge.forwards(to: port) }
}
