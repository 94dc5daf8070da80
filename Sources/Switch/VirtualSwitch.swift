import DPDK
import Datapath
import FlowTable
import OpenFlow
import Packet

/// How a switch is made.
public struct SwitchOptions: Sendable {
    public var datapath = DatapathOptions()
    /// MAC addresses that NORMAL remembers.
    public var macTableCapacity = 65536
    /// Seconds after which a silent MAC address is forgotten.
    public var macAgeingSeconds = 300.0

    public init() {}
}

/// A port of a running switch.
public struct SwitchPort: Sendable {
    public let name: String
    /// The OpenFlow number.
    public let number: UInt32
    /// The index by which the data path knows it.
    public let index: UInt16
}

/// A running switch with one bridge: ports, flow tables, and the data path that they drive.
///
/// One control thread owns it.
public final class VirtualSwitch {
    public let datapath: Datapath
    public private(set) var ports: [SwitchPort] = []
    public private(set) var tables = FlowTables()
    public let macTable: MacTable
    private let bridge: Int
    private let rings = RingPairs()
    private var openPorts: [OpenPort] = []
    private var isOpen = true

    /// A switch without ports, whose only flow is NORMAL.
    public init(environment: Environment, options: SwitchOptions = SwitchOptions()) throws {
        datapath = try Datapath(environment: environment, options: options.datapath)
        guard
            let macTable = MacTable(capacity: options.macTableCapacity, ageingSeconds: options.macAgeingSeconds)
        else { throw SwitchError("no memory for a MAC table of \(options.macTableCapacity) addresses") }
        self.macTable = macTable
        let learning = InstructionSet(apply: [.output(.normal)])
        _ = try tables.add(Flow(priority: 0, match: Match(), instructions: learning))
        bridge = datapath.addBridge(
            pipeline: TablePipeline(tables: tables.snapshot(), ports: []), macTable: macTable)
    }

    deinit { try? stop() }

    // MARK: Ports

    /// Opens a port and attaches it. A port that can't be opened leaves the switch as it was.
    @discardableResult
    public func addPort(_ configuration: PortConfiguration, worker: Int? = nil) throws -> SwitchPort {
        if ports.contains(where: { $0.name == configuration.name }) {
            throw SwitchError("there is a port '\(configuration.name)' already; names are unique in a bridge")
        }
        let number = try number(for: configuration)
        let opening = PortOpening(
            name: configuration.name, environment: datapath.environment, pool: datapath.pool,
            workerCount: datapath.workerCount)
        let open: OpenPort
        do {
            open = try opening.open(configuration.kind, rings: rings)
        } catch let error as DPDKError {
            throw SwitchError("port '\(configuration.name)': \(error.message)")
        }
        let attached = datapath.addPort(
            number: number, input: open.input, outputs: open.outputs, egress: open.egress, bridge: bridge,
            worker: worker)
        guard let index = attached else {
            try? open.close()
            throw SwitchError("a switch has at most \(Limits.ports) ports")
        }
        openPorts.append(open)
        let port = SwitchPort(name: configuration.name, number: number, index: index)
        ports.append(port)
        publish()
        return port
    }

    private func number(for configuration: PortConfiguration) throws(SwitchError) -> UInt32 {
        if let number = configuration.number {
            if number == 0 || number > PortNumber.maximum.rawValue {
                throw SwitchError("port number \(number) is out of range: 1 to \(PortNumber.maximum.rawValue)")
            }
            if let other = ports.first(where: { $0.number == number }) {
                throw SwitchError("port number \(number) is taken by '\(other.name)'")
            }
            return number
        }
        var number: UInt32 = 1
        while ports.contains(where: { $0.number == number }) { number += 1 }
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

    private func publish() {
        let ports = ports.map { PipelinePort(number: $0.number, index: $0.index) }
        datapath.publish(TablePipeline(tables: tables.snapshot(), ports: ports), on: bridge)
    }

    /// All flows with their counters brought up to date, in the order of tables and priorities.
    public func flowsWithCounters() -> [FlowEntry] {
        datapath.creditFlows(ofBridge: bridge)
        return (0...Flow.lastTable).flatMap { tables.flows(in: $0) }
    }

    // MARK: Running

    /// Starts the workers.
    public func start() throws { try datapath.start() }

    /// Whether every capture has been played to its end.
    public var hasPlayedAllCaptures: Bool { openPorts.allSatisfy { $0.replay?.pointee.isFinished ?? true } }

    /// Packets that captures have given so far.
    public var playedPackets: UInt64 { openPorts.reduce(0) { $0 + ($1.replay?.pointee.sentPackets ?? 0) } }

    /// Lets captures end after the burst in hand.
    public func stopPlaying() { for port in openPorts { port.replay?.pointee.isStopped = true } }

    /// Stops the workers, then closes the ports.
    ///
    /// - Throws: the first thing that went wrong while capture files were finished.
    public func stop() throws {
        if !isOpen { return }
        isOpen = false
        datapath.stop()
        var failure: (any Error)?
        for port in openPorts {
            do { try port.close() } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }
}
