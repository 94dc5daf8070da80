import Datapath
import FlowTable
import OpenFlow
import Packet

/// A port of a running switch.
public struct SwitchPort: Sendable {
    /// Unique in its bridge.
    public let name: String
    /// The OpenFlow number.
    public let number: UInt32
    /// The index by which the data path knows it.
    public let index: UInt16
    /// What was asked for.
    public let configuration: PortConfiguration
    /// When it was added.
    public let created = ContinuousClock.now
}

/// A bridge of a running switch: its ports, its flow tables, and the MAC addresses that it has learned.
///
/// Owned by the switch's one control thread.
public final class Bridge {
    /// Unique in the switch.
    public let name: String
    /// As controllers see it (OpenFlow 1.3.5 §7.3.1).
    public let datapathID: UInt64
    public internal(set) var ports: [SwitchPort] = []
    public internal(set) var tables = FlowTables()
    /// Which groups and meters flows may name.
    var flowRules = FlowModRules(groupExists: { _ in false }, meterExists: { _ in false })
    /// Whether more than flows has changed since the last publication.
    var needsWholePublication = false
    /// Flows that went since the last publication and of which controllers are to hear with their last counts.
    var awaitsLastCounts = false
    public let macTable: MacTable
    /// The data path's number of the bridge.
    let number: Int
    let datapath: Datapath
    /// See `Bridge+Groups`, `Bridge+Meters` and `Bridge+Ports`.
    public internal(set) var groups = GroupTable() { didSet { renewFlowRules() } }
    public internal(set) var meters = MeterTable() { didSet { renewFlowRules() } }
    /// What is counted by table and by queue. Exact after ``flowsWithCounters()`` or ``creditCounters()``.
    public let statistics = PipelineStatistics()
    /// Whether a packet has made a flow, so that the flow must be kept alive by what comes later.
    public internal(set) var hasLearned = false
    /// Where as many flows have been learned as may be, and which.
    var fullLearnings: [LearningPlace: Set<LearnedFlow>] = [:]
    /// Whether packets are forwarded by NORMAL, whatever the tables say, as no controller is there to ask (OpenFlow
    /// 1.3.5 §6.3.2, fail standalone mode).
    public var failsOpen = false {
        didSet { if failsOpen != oldValue { needsWholePublication = true } }
    }
    /// What becomes of IP fragments; in force from the next ``publishChanges()`` on.
    public var fragments = FragmentHandling.normal {
        didSet { if fragments != oldValue { needsWholePublication = true } }
    }
    /// Whether packets that no flow matches go to controllers, as in 1.0; in force from the next ``publishChanges()``
    /// on.
    public var tellsMisses = false {
        didSet { if tellsMisses != oldValue { needsWholePublication = true } }
    }
    var portFlags: [UInt32: PortFlags] = [:]
    var portsWithoutLink: Set<UInt32> = []
    /// What is in force.
    var pipeline: TablePipeline

    /// A bridge without ports, whose only flow is NORMAL.
    init(name: String, datapathID: UInt64, datapath: Datapath, macTable: MacTable) throws {
        self.name = name
        self.datapathID = datapathID
        self.datapath = datapath
        self.macTable = macTable
        let learning = InstructionSet(apply: [.output(.normal)])
        _ = try tables.add(
            Flow(priority: 0, match: Match(), instructions: learning), now: MonotonicClock.nanoseconds)
        pipeline = TablePipeline(tables: tables.snapshot(), ports: [], statistics: statistics)
        number = datapath.addBridge(pipeline: pipeline, macTable: macTable)
    }

    private func renewFlowRules() {
        flowRules = FlowModRules(groups: groups, meters: meters)
    }

    /// The tables and ports as they are now.
    func makePipeline() -> TablePipeline {
        let ports = ports.map {
            PipelinePort(
                number: $0.number, index: $0.index, flags: portFlags[$0.number] ?? [],
                isLinkUp: !portsWithoutLink.contains($0.number))
        }
        return TablePipeline(
            tables: tables.snapshot(), ports: ports, groups: groups.entries, meters: meters.entries,
            statistics: statistics, fullLearnings: fullLearnings, failsOpen: failsOpen,
            fragments: fragments, tellsMisses: tellsMisses)
    }

    /// Puts the tables and ports as they are now in force; whatever was decided before is forgotten.
    func publish() {
        _ = tables.takeChanges()
        needsWholePublication = false
        pipeline = makePipeline()
        datapath.publish(pipeline, on: number)
        creditLastCounts()
    }

    // MARK: Ports

    /// The port of that name.
    public func port(named name: String) -> SwitchPort? { ports.first { $0.name == name } }

    /// The number for a new port, checked or chosen.
    func number(for configuration: PortConfiguration) throws(SwitchError) -> UInt32 {
        if ports.contains(where: { $0.name == configuration.name }) {
            throw SwitchError("there is a port '\(configuration.name)' already; names are unique in a bridge")
        }
        if case .internal = configuration.kind, configuration.name == name { return PortNumber.local.rawValue }
        guard let number = configuration.number else {
            var free: UInt32 = 1
            while ports.contains(where: { $0.number == free }) { free += 1 }
            return free
        }
        if number == 0 || number > PortNumber.maximum.rawValue {
            throw SwitchError("port number \(number) is out of range: 1 to \(PortNumber.maximum.rawValue)")
        }
        if let other = ports.first(where: { $0.number == number }) {
            throw SwitchError("port number \(number) is taken by '\(other.name)'")
        }
        return number
    }
}

extension FlowModRules {
    /// Flows may name the groups and meters that are there.
    init(groups: GroupTable, meters: MeterTable) {
        self.init(
            groupExists: { [entries = groups.entries] in entries[$0] != nil },
            meterExists: { [entries = meters.entries] in entries[$0] != nil })
    }
}
