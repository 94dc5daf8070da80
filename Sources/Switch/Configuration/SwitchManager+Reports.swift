import DPDK
import Datapath
import FlowTable
import OpenFlow

extension SwitchManager {
    /// All bridges with their ports.
    public func bridges() -> [BridgeReport] {
        configuration.bridges.compactMap { settings in
            guard let bridge = vswitch.bridge(named: settings.name) else { return nil }
            let digits = String(bridge.datapathID, radix: 16)
            return BridgeReport(
                name: bridge.name, datapathID: String(repeating: "0", count: 16 - digits.count) + digits,
                failMode: settings.failMode.rawValue, isAdded: isAdded(bridge: bridge.name),
                flows: bridge.tables.count, ports: settings.ports.compactMap { report($0, of: bridge) })
        }
    }

    /// The ports of a bridge, or of all, in the order in which they came.
    public func ports(of bridge: String? = nil) throws(SwitchError) -> [PortReport] {
        if let bridge { _ = try self.bridge(bridge) }
        return bridges().filter { bridge == nil || $0.name == bridge }.flatMap(\.ports)
    }

    /// One port.
    public func port(_ name: String, of bridge: String) throws(SwitchError) -> PortReport {
        guard let port = try ports(of: bridge).first(where: { $0.name == name }) else {
            throw SwitchError("there is no port '\(name)' in bridge '\(bridge)'")
        }
        return port
    }

    private func report(_ settings: PortSettings, of bridge: Bridge) -> PortReport? {
        guard let port = bridge.port(named: settings.name) else { return nil }
        let counters = vswitch.datapath.counters(ofPort: port.index)
        return PortReport(
            bridge: bridge.name, name: port.name, number: port.number, type: settings.kind.name.rawValue,
            options: settings.kind.options, isAdded: isAdded(port: port.name),
            received: counters.receivedPackets, receivedBytes: counters.receivedBytes,
            delivered: counters.deliveredPackets, deliveredBytes: counters.deliveredBytes,
            refused: counters.refusedPackets, dropped: SwitchManager.byName(counters.dropped),
            guest: guest(of: port))
    }

    private func guest(of port: SwitchPort) -> GuestReport? {
        guard let status = vswitch.guestStatus(of: port) else { return nil }
        let counters = vswitch.guestCounters(of: port) ?? VhostPairCounters()
        return GuestReport(
            isConnected: status.isConnected, queues: status.runningQueues,
            features: "0x" + String(status.features, radix: 16), mtu: status.mtu, connections: status.connections,
            lastEnd: status.lastEnd.map { "\($0)" }, retries: counters.retries,
            retriedPackets: counters.retriedPackets, badHeaders: counters.badHeaders, noBuffer: counters.noBuffer,
            lateDrops: counters.lateDrops)
    }

    private static func byName(_ counts: DropCounts) -> [String: UInt64] {
        DropReason.allCases.reduce(into: [:]) { result, reason in
            let count = counts[Int(reason.rawValue)]
            if count > 0 { result[reason.name] = count }
        }
    }

    /// All workers.
    public func workers() -> [WorkerReport] {
        workerCores.enumerated().map { index, core in
            let counters = vswitch.datapath.counters(ofWorker: index)
            return WorkerReport(
                worker: index, core: core, received: counters.receivedPackets, delivered: counters.deliveredPackets,
                dropped: counters.droppedPackets, exactMatchHits: counters.exactMatchHits,
                megaflowHits: counters.megaflowHits, translations: counters.translations,
                busyCycles: counters.busyCycles, idleCycles: counters.idleCycles)
        }
    }

    /// Counters of everything.
    public func statistics() throws(SwitchError) -> StatisticsReport {
        let counters = vswitch.datapath.counters
        return StatisticsReport(
            nanoseconds: UInt64(Double(evs_cycles()) / Environment.cyclesPerSecond * 1e9), ports: try ports(),
            workers: workers(), received: counters.receivedPackets, delivered: counters.deliveredPackets,
            dropped: counters.droppedPackets)
    }

    /// Where packets were lost.
    public func drops() throws(SwitchError) -> DropReport {
        DropReport(
            total: SwitchManager.byName(vswitch.datapath.counters.dropped),
            ports: try ports().filter { !$0.dropped.isEmpty }.map {
                DropReport.PortDrops(bridge: $0.bridge, name: $0.name, dropped: $0.dropped)
            })
    }

    /// A number for each worker that grows while it polls; one that stays the same belongs to a worker that is stuck.
    public var workerProgress: [UInt64] {
        workerCores.indices.map { index in
            let counters = vswitch.datapath.counters(ofWorker: index)
            return counters.busyCycles &+ counters.idleCycles
        }
    }

    // MARK: MAC addresses

    /// What NORMAL has learned in a bridge, by VLAN and address.
    public func macs(of bridge: String) throws(SwitchError) -> [MACReport] {
        let bridge = try self.bridge(bridge)
        let ports = Dictionary(bridge.ports.map { ($0.index, $0) }) { first, _ in first }
        let secondsPerTick = 1 / Double(MacTable.tick(cycles: UInt64(Environment.cyclesPerSecond * 1000))) * 1000
        return bridge.macTable.entries(now: MacTable.tick(cycles: evs_cycles())).compactMap { entry in
            guard let port = ports[entry.port] else { return nil }
            return MACReport(
                address: SwitchManager.text(mac: entry.address), vlan: entry.vlan, port: port.name,
                number: port.number, age: Int(Double(entry.ageTicks) * secondsPerTick))
        }.sorted { ($0.vlan, $0.address) < ($1.vlan, $1.address) }
    }

    private static func text(mac: UInt64) -> String {
        (0..<6).reversed().map { position in
            let byte = String(UInt8(truncatingIfNeeded: mac >> UInt64(position * 8)), radix: 16)
            return byte.count == 1 ? "0" + byte : byte
        }.joined(separator: ":")
    }

    /// Forgets what NORMAL has learned in a bridge.
    public func flushMACs(of bridge: String) throws(SwitchError) { try self.bridge(bridge).macTable.forgetAll() }
}
