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
    public private(set) var tables = FlowTables()
    public let macTable: MacTable
    /// The data path's number of the bridge.
    let number: Int
    let datapath: Datapath
    /// See `Bridge+Groups`, `Bridge+Meters` and `Bridge+Ports`.
    public internal(set) var groups = GroupTable()
    public internal(set) var meters = MeterTable()
    /// What is counted by table and by queue. Exact after ``flowsWithCounters()`` or ``creditCounters()``.
    public let statistics = PipelineStatistics()
    var portFlags: [UInt32: PortFlags] = [:]
    var portsWithoutLink: Set<UInt32> = []
    /// What is in force.
    private(set) var pipeline: TablePipeline

    /// A bridge without ports, whose only flow is NORMAL.
    init(name: String, datapathID: UInt64, datapath: Datapath, macTable: MacTable) throws {
        self.name = name
        self.datapathID = datapathID
        self.datapath = datapath
        self.macTable = macTable
        let learning = InstructionSet(apply: [.output(.normal)])
        _ = try tables.add(Flow(priority: 0, match: Match(), instructions: learning))
        pipeline = TablePipeline(tables: tables.snapshot(), ports: [], statistics: statistics)
        number = datapath.addBridge(pipeline: pipeline, macTable: macTable)
    }

    /// Puts the tables and ports as they are now in force.
    func publish() {
        let ports = ports.map {
            PipelinePort(
                number: $0.number, index: $0.index, flags: portFlags[$0.number] ?? [],
                isLinkUp: !portsWithoutLink.contains($0.number))
        }
        pipeline = TablePipeline(
            tables: tables.snapshot(), ports: ports, groups: groups.entries, meters: meters.entries,
            statistics: statistics)
        datapath.publish(pipeline, on: number)
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

    // MARK: Flows

    /// Replaces all flows. They are in force when this returns.
    ///
    /// - Throws: when they are too many; then nothing has changed.
    public func setFlows(_ flows: [Flow]) throws {
        var new = FlowTables()
        for flow in flows { _ = try new.add(flow) }
        tables = new
        publish()
    }

    /// Adds flows; one with the table, priority and match of another replaces it. They are in force when this returns.
    ///
    /// - Throws: when they would be too many; then nothing has changed.
    public func addFlows(_ flows: [Flow]) throws {
        var new = tables
        for flow in flows { _ = try new.add(flow) }
        tables = new
        publish()
    }

    /// Removes the flows selected; how many there were. When this returns, no packet is treated by them.
    @discardableResult
    public func removeFlows(_ selection: FlowSelection) -> Int {
        let removed = tables.remove(selection)
        publish()
        return removed.count
    }

    /// All flows with their counters brought up to date, in the order of tables and priorities.
    public func flowsWithCounters() -> [FlowEntry] {
        datapath.creditFlows(ofBridge: number)
        return (0...Flow.lastTable).flatMap { tables.flows(in: $0) }
    }
}
