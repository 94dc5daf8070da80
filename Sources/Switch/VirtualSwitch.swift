import DPDK
import Datapath
import OpenFlow
import Packet
import VhostUser

/// How a switch is made.
public struct SwitchOptions: Sendable {
    public var datapath = DatapathOptions()
    /// MAC addresses that NORMAL remembers in each bridge.
    public var macTableCapacity = 65536
    /// Seconds after which a silent MAC address is forgotten.
    public var macAgeingSeconds = 300.0

    public init() {}
}

/// A running switch: bridges with their ports and flow tables, and the data path that they drive.
///
/// One control thread owns it.
public final class VirtualSwitch {
    public let datapath: Datapath
    public private(set) var bridges: [Bridge] = []
    private let options: SwitchOptions
    private let rings = RingPairs()
    /// By index of port.
    private var openPorts: [UInt16: OpenPort] = [:]
    /// Serves the sockets of guests, from the first such port on.
    private var vhostService: VhostService?
    private var isOpen = true

    /// A switch without bridges.
    public init(environment: Environment, options: SwitchOptions = SwitchOptions()) throws {
        self.options = options
        datapath = try Datapath(environment: environment, options: options.datapath)
    }

    deinit { try? stop() }

    // MARK: Bridges

    /// The bridge of that name.
    public func bridge(named name: String) -> Bridge? { bridges.first { $0.name == name } }

    /// A new bridge, whose only flow is NORMAL.
    ///
    /// - Parameter datapathID: `nil`: made from the name, the same each time.
    @discardableResult
    public func addBridge(name: String, datapathID: UInt64? = nil) throws -> Bridge {
        if name.isEmpty || name.utf8.count > 63 {
            throw SwitchError("'\(name)' is no name for a bridge: 1 to 63 characters")
        }
        if bridge(named: name) != nil { throw SwitchError("there is a bridge '\(name)' already") }
        guard let macTable = MacTable(capacity: options.macTableCapacity, ageingSeconds: options.macAgeingSeconds)
        else { throw SwitchError("no memory for a MAC table of \(options.macTableCapacity) addresses") }
        // FNV-1a, so that a bridge keeps its identity over restarts.
        let hashed = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let bridge = try Bridge(
            name: name, datapathID: datapathID ?? hashed & 0xffff_ffff_ffff, datapath: datapath, macTable: macTable)
        bridges.append(bridge)
        return bridge
    }

    /// Takes a bridge away, with its ports and flows.
    ///
    /// - Throws: the first thing that went wrong while its ports were closed; the bridge is gone all the same.
    public func removeBridge(_ bridge: Bridge) throws {
        var failure: (any Error)?
        for port in bridge.ports {
            do { try removePort(port, from: bridge) } catch { failure = failure ?? error }
        }
        bridges.removeAll { $0 === bridge }
        datapath.removeBridge(bridge.number)
        if let failure { throw failure }
    }

    // MARK: Ports

    /// Opens a port and attaches it to a bridge. A port that can't be opened leaves the switch as it was.
    ///
    /// - Parameter worker: which worker polls it; `nil`: they take turns.
    @discardableResult
    public func addPort(
        _ configuration: PortConfiguration, to bridge: Bridge, worker: Int? = nil
    ) throws -> SwitchPort {
        let number = try bridge.number(for: configuration)
        if let worker, worker >= datapath.workerCount || worker < 0 {
            throw SwitchError("there is no worker \(worker): they are 0 to \(datapath.workerCount - 1)")
        }
        let index: UInt16, open: OpenPort
        if case .vhostUser(let options) = configuration.kind {
            do {
                (index, open) = try openVhostUser(options, number: number, bridge: bridge, worker: worker)
            } catch { throw SwitchError("port '\(configuration.name)': \(error.message)") }
        } else {
            (index, open) = try openOther(configuration, number: number, bridge: bridge, worker: worker)
        }
        openPorts[index] = open
        let port = SwitchPort(
            name: configuration.name, number: number, index: index, configuration: configuration)
        bridge.ports.append(port)
        bridge.publish()
        if let (peer, far) = patchPeer(of: port, in: bridge) {
            datapath.joinPatch(end(port, bridge), end(peer, far))
        }
        return port
    }

    /// Opens a port of any type but a guest's.
    private func openOther(
        _ configuration: PortConfiguration, number: UInt32, bridge: Bridge, worker: Int?
    ) throws -> (UInt16, OpenPort) {
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
            number: number, input: open.input, outputs: open.outputs, egress: open.egress, bridge: bridge.number,
            worker: worker)
        guard let index = attached else {
            try? open.close()
            throw SwitchError("a switch has at most \(Limits.ports) ports")
        }
        return (index, open)
    }

    /// The thread that serves guests' sockets.
    func startedVhostService() throws(VhostEndpointError) -> VhostService {
        if let vhostService { return vhostService }
        let service = try VhostService()
        vhostService = service
        return service
    }

    /// What a guest's port is doing; `nil`: the port is of another type.
    public func guestStatus(of port: SwitchPort) -> VhostService.PortStatus? {
        openPorts[port.index]?.vhost.flatMap { vhostService?.status($0.id) }
    }

    /// What has happened between a guest's port and its guest; `nil`: the port is of another type.
    public func guestCounters(of port: SwitchPort) -> VhostPairCounters? {
        openPorts[port.index]?.vhost.map { datapath.counters(of: $0.link.port) }
    }

    /// The device behind a port, if there is one.
    func device(of port: SwitchPort) -> EthernetDevice? { openPorts[port.index]?.device }

    /// The other end of a patch, if it is there and names this one as its peer.
    private func patchPeer(of port: SwitchPort, in bridge: Bridge) -> (SwitchPort, Bridge)? {
        guard case .patch(let name) = port.configuration.kind else { return nil }
        for other in bridges where other !== bridge {
            guard let peer = other.port(named: name), case .patch(port.name) = peer.configuration.kind else { continue }
            return (peer, other)
        }
        return nil
    }

    private func end(_ port: SwitchPort, _ bridge: Bridge) -> PatchEnd {
        PatchEnd(port: port.index, number: port.number, bridge: bridge.number)
    }

    /// Detaches and closes a port.
    ///
    /// - Throws: what went wrong while it was closed; the port is gone all the same.
    public func removePort(_ port: SwitchPort, from bridge: Bridge) throws {
        if let (peer, far) = patchPeer(of: port, in: bridge) { datapath.cutPatch(end(peer, far)) }
        bridge.ports.removeAll { $0.index == port.index }
        bridge.publish()
        openPorts[port.index]?.quiet()
        datapath.removePort(port.index, bridge: bridge.number)
        try openPorts.removeValue(forKey: port.index)?.close()
    }

    // MARK: Running

    /// Starts the workers.
    public func start() throws { try datapath.start() }

    /// Whether every capture has been played to its end.
    public var hasPlayedAllCaptures: Bool {
        openPorts.values.allSatisfy { $0.replay?.pointee.isFinished ?? true }
    }

    /// Packets that captures have given so far.
    public var playedPackets: UInt64 {
        openPorts.values.reduce(0) { $0 + ($1.replay?.pointee.sentPackets ?? 0) }
    }

    /// Lets captures end after the burst in hand.
    public func stopPlaying() { for port in openPorts.values { port.replay?.pointee.isStopped = true } }

    /// Stops the workers, then closes the ports.
    ///
    /// - Throws: the first thing that went wrong while capture files were finished.
    public func stop() throws {
        if !isOpen { return }
        isOpen = false
        // Guests' queues are stopped while the workers still run, and can say where they have got to.
        vhostService?.close()
        datapath.stop()
        var failure: (any Error)?
        for (_, port) in openPorts.sorted(by: { $0.key < $1.key }) {
            do { try port.close() } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }
}
