import DPDK
import Datapath
import Glibc
import OpenFlow

/// What a configuration is checked against besides itself.
public struct ConfigurationLimits: Sendable {
    /// Cores that the process may use.
    public var cores: [Int]
    /// Workers that run; `nil`: as many as the configuration says.
    public var workerCount: Int?
    /// Whether each patch port's peer must be there too: in a file it must, while ports are added one by one it can't.
    public var requiresPatchPeers: Bool
    /// Bridges that run already, whose flow files don't matter any more.
    var runningBridges: Set<String> = []

    public init(cores: [Int], workerCount: Int? = nil, requiresPatchPeers: Bool = true) {
        self.cores = cores
        self.workerCount = workerCount
        self.requiresPatchPeers = requiresPatchPeers
    }

    /// What this process may use of this machine.
    public static var here: ConfigurationLimits { ConfigurationLimits(cores: Cores.available) }
}

extension SwitchConfiguration {
    /// Everything that is wrong with the configuration, in its own order; empty if it can be tried.
    public func problems(_ limits: ConfigurationLimits) -> [ConfigurationProblem] {
        var check = ConfigurationCheck(self, limits)
        check.run()
        return check.problems
    }
}

/// One pass over a configuration.
struct ConfigurationCheck {
    private let configuration: SwitchConfiguration
    private let limits: ConfigurationLimits
    var problems: [ConfigurationProblem] = []
    private var bridgeNames: Set<String> = []
    private var datapathIDs: [UInt64: String] = [:]
    /// The bridge of each port.
    private var portBridges: [String: String] = [:]
    private var endpoints: [String: String] = [:]
    private var ringEnds: [String: [String]] = [:]

    init(_ configuration: SwitchConfiguration, _ limits: ConfigurationLimits) {
        self.configuration = configuration
        self.limits = limits
    }

    mutating func report(_ path: ConfigurationPath, _ message: String) {
        problems.append(ConfigurationProblem(path, message))
    }

    mutating func run() {
        let portCount = configuration.bridges.reduce(0) { $0 + $1.ports.count }
        if portCount > Limits.ports {
            return report(
                ConfigurationPath().key("bridges"), "\(portCount) ports; a switch has at most \(Limits.ports)")
        }
        for (index, bridge) in configuration.bridges.enumerated() {
            check(bridge, at: ConfigurationPath().key("bridges").index(index))
        }
        checkWorkers(at: ConfigurationPath().key("workers"))
        checkMemory(at: ConfigurationPath().key("memory"))
        checkSockets(at: ConfigurationPath().key("sockets"))
        checkMACTable(at: ConfigurationPath().key("mac-table"))
    }

    // MARK: Bridges

    private mutating func check(_ bridge: BridgeSettings, at path: ConfigurationPath) {
        for (index, target) in bridge.controllers.targets.enumerated() {
            let place = path.key("controllers").index(index)
            if target.usesTLS, configuration.tls == nil {
                report(place, "'\(target)' needs the files of 'tls': certificate, private-key and authority")
            }
            if bridge.controllers.targets.firstIndex(of: target) != index { report(place, "'\(target)' stands twice") }
        }
        if let fault = NameRule.fault(of: bridge.name, as: "bridge") { report(path.key("name"), fault) }
        if !bridgeNames.insert(bridge.name).inserted {
            report(path.key("name"), "there is a bridge '\(bridge.name)' already; give this one another name")
        }
        if let id = bridge.datapathID {
            if id == 0 { report(path.key("datapath-id"), "a datapath id is not 0; leave it out to have one made") }
            if let other = datapathIDs.updateValue(bridge.name, forKey: id) {
                report(path.key("datapath-id"), "bridge '\(other)' has this datapath id already")
            }
        }
        let before = problems.count
        var numbers: [UInt32: String] = [:]
        for (index, port) in bridge.ports.enumerated() {
            check(port, of: bridge, numbers: &numbers, at: path.key("ports").index(index))
        }
        // Flows name ports, so that a fault in the ports would show a second time.
        if before == problems.count, !limits.runningBridges.contains(bridge.name) {
            checkTables(of: bridge, at: path)
        }
    }

    private mutating func checkTables(of bridge: BridgeSettings, at path: ConfigurationPath) {
        do {
            _ = try bridge.startingTables()
        } catch let error as FlowTextError {
            problems.append(ConfigurationProblem(path, "\(error)", isElsewhere: true))
        } catch let error as StartingTables.Unreadable {
            report(path.key("\(error.kind)s"), "\(error)")
        } catch {
            report(path, "\(error)")
        }
    }

    // MARK: Ports

    private mutating func check(
        _ port: PortSettings, of bridge: BridgeSettings, numbers: inout [UInt32: String], at path: ConfigurationPath
    ) {
        if let fault = NameRule.fault(of: port.name, as: "port") { report(path.key("name"), fault) }
        if let other = portBridges.updateValue(bridge.name, forKey: port.name) {
            report(
                path.key("name"),
                "there is a port '\(port.name)' already in bridge '\(other)'; give this one another name")
        }
        if let number = port.number, port.isLocal(in: bridge) {
            report(
                path.key("number"), "the port named as its bridge is LOCAL and has no number \(number); leave it out")
        } else if let number = port.number {
            if number == 0 || number > PortNumber.maximum.rawValue {
                report(
                    path.key("number"), "port number \(number) is out of range: 1 to \(PortNumber.maximum.rawValue)")
            }
            if let other = numbers.updateValue(port.name, forKey: number) {
                report(
                    path.key("number"), "port number \(number) is taken by '\(other)'; choose another or leave it out")
            }
        }
        let workerCount = limits.workerCount ?? configuration.workerCores(from: limits.cores).count
        if let worker = port.worker, !(0..<workerCount).contains(worker) {
            report(path.key("worker"), "there is no worker \(worker): they are 0 to \(workerCount - 1)")
        }
        if let endpoint = port.kind.endpoint, let other = endpoints.updateValue(port.name, forKey: endpoint) {
            report(path.key(port.kind.endpointKey), "\(endpoint) is taken by port '\(other)'")
        }
        check(port.kind, of: port, at: path)
    }

    private mutating func check(_ kind: PortSettings.Kind, of port: PortSettings, at path: ConfigurationPath) {
        switch kind {
        case .vhostUser(let settings), .vhostUserClient(let settings):
            check(settings, isServer: kind.name == .vhostUser, at: path)
        case .dpdk(let devargs):
            if devargs.isEmpty || devargs.contains(where: \.isWhitespace) {
                report(path.key("devargs"), "'\(devargs)' are no device arguments: such as net_null0 or 0000:01:00.0")
            }
        case .ring(let name):
            if let fault = NameRule.fault(of: name, as: "ring", longest: 16) { report(path.key("ring"), fault) }
            ringEnds[name, default: []].append(port.name)
            if let ends = ringEnds[name], ends.count > 2 {
                report(path.key("ring"), "ring '\(name)' has two ends, which '\(ends[0])' and '\(ends[1])' have")
            }
        case .tap(let interface), .afPacket(let interface):
            do { try InterfaceName.check(interface) } catch { report(path.key("interface"), error.message) }
        case .internal:
            do { try InterfaceName.check(port.name) } catch { report(path.key("name"), error.message) }
        case .patch(let peer): checkPatch(port.name, peer, at: path.key("peer"))
        case .null: break
        }
    }

    private mutating func checkPatch(_ name: String, _ peer: String, at path: ConfigurationPath) {
        if peer == name { return report(path, "a patch port can't be its own peer") }
        let bridge = configuration.bridges.first { $0.ports.contains { $0.name == peer } }
        guard let bridge, let other = bridge.ports.first(where: { $0.name == peer }) else {
            if !limits.requiresPatchPeers { return }
            return report(path, "there is no port '\(peer)'; a patch port needs another whose peer is '\(name)'")
        }
        if other.kind != .patch(peer: name) {
            report(path, "port '\(peer)' is not a patch port whose peer is '\(name)'; make it one")
        } else if bridge.ports.contains(where: { $0.name == name }) {
            report(path, "port '\(peer)' is in the same bridge; a patch joins two bridges")
        }
    }

    private mutating func check(_ settings: VhostUserSettings, isServer: Bool, at path: ConfigurationPath) {
        if let fault = SocketPath.fault(of: settings.path) {
            report(path.key("path"), fault)
        } else if isServer, let fault = SocketPath.faultOfFolder(of: settings.path) {
            report(path.key("path"), fault)
        }
        if !(1...VhostUserSettings.maximumQueues).contains(settings.queues) {
            report(
                path.key("queues"),
                "\(settings.queues) queues; a port has 1 to \(VhostUserSettings.maximumQueues)")
        }
        if let owner = settings.owner, Account.user(owner) == nil {
            report(path.key("owner"), "there is no user '\(owner)'")
        }
        if let group = settings.group, Account.group(group) == nil {
            report(path.key("group"), "there is no group '\(group)'")
        }
    }

    // MARK: The rest

    private mutating func checkWorkers(at path: ConfigurationPath) {
        let settings = configuration.workers
        for (index, core) in (settings.cores ?? []).enumerated() {
            let place = path.key("cores").index(index)
            if !limits.cores.contains(core) {
                report(place, "there is no core \(core) that evs may use; it may use \(limits.cores.ranges)")
            }
            if settings.cores?.prefix(index).contains(core) == true {
                report(place, "core \(core) is named twice; each worker has a core of its own")
            }
        }
        if settings.cores?.isEmpty == true { report(path.key("cores"), "name at least one core, or leave this out") }
        if !(0...1_000_000).contains(settings.idleSleepMicroseconds) {
            report(path.key("idle-sleep-us"), "an idle worker sleeps 0 to 1000000 microseconds")
        }
    }

    private mutating func checkMemory(at path: ConfigurationPath) {
        let settings = configuration.memory
        if !(64...1 << 20).contains(settings.megabytes) {
            report(path.key("megabytes"), "\(settings.megabytes) megabytes; DPDK needs 64 to \(1 << 20)")
        }
        if !(1024...1 << 24).contains(settings.packetBuffers) {
            report(path.key("packet-buffers"), "\(settings.packetBuffers) packet buffers; 1024 to \(1 << 24) work")
        } else if settings.packetBuffers / 400 > settings.megabytes {
            // A buffer takes about 2.4 KiB.
            report(
                path.key("packet-buffers"),
                "\(settings.packetBuffers) packet buffers need about \(settings.packetBuffers / 400) megabytes; "
                    + "memory has \(settings.megabytes)")
        }
    }

    private mutating func checkSockets(at path: ConfigurationPath) {
        let settings = configuration.sockets
        if let control = settings.control, let fault = SocketPath.fault(of: control) {
            report(path.key("control"), fault)
        }
        if let directory = settings.runDirectory, let fault = SocketPath.fault(of: directory + "/evs.sock") {
            report(path.key("run-directory"), fault)
        }
        if let group = settings.group, Account.group(group) == nil {
            report(path.key("group"), "there is no group '\(group)'")
        }
    }

    private mutating func checkMACTable(at path: ConfigurationPath) {
        let settings = configuration.macTable
        if !(1...1 << 24).contains(settings.capacity) {
            report(path.key("capacity"), "\(settings.capacity) addresses; 1 to \(1 << 24) can be remembered")
        }
        // As Open vSwitch has it.
        if !(15...3600).contains(settings.ageingSeconds) {
            report(path.key("ageing-seconds"), "\(settings.ageingSeconds) seconds; 15 to 3600 are possible")
        }
    }
}

extension PortSettings.Kind {
    /// The key under which a configuration names the endpoint.
    fileprivate var endpointKey: String {
        switch self {
        case .vhostUser, .vhostUserClient: "path"
        case .dpdk: "devargs"
        default: "interface"
        }
    }
}

extension Array where Element == Int {
    /// `0-3, 8`
    fileprivate var ranges: String {
        var runs: [ClosedRange<Int>] = []
        for number in sorted() {
            if let last = runs.last, last.upperBound + 1 == number {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ", ")
    }
}
