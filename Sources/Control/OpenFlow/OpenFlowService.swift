import Datapath
import FlowTable
import Foundation
import Logging
import OpenFlow
import OpenFlowWire
import Session
import Switch

/// OpenFlow for all bridges of a daemon: keeps connections as the configuration wants them, and takes what arrives to
/// the bridge that it is for. In the control side's turn (``ControlQueue``).
public final class OpenFlowService {
    private let manager: SwitchManager
    private let runDirectory: String
    private let version: String
    private let log: Logger
    private let sessions: SessionService
    private var agents: [String: BridgeAgent] = [:]
    /// By name; see ``name(_:_:)``.
    private var endpoints: [String: OpenEndpoint] = [:]
    /// The bridge of each session.
    private var bridgeOfSession: [UInt64: String] = [:]
    private var relearnsAt: UInt64 = 0
    /// Why there is no connection, or why the last one ended, by endpoint.
    private var lastErrors: [String: String] = [:]

    private struct OpenEndpoint {
        let bridge: String
        let isService: Bool
        let options: SessionOptions
        let tls: TLSSettings?
        let endpoint: SessionService.Endpoint
    }

    public init(
        _ manager: SwitchManager, runDirectory: String, version: String, queue: ControlQueue, log: Logger
    ) {
        self.manager = manager
        self.runDirectory = runDirectory
        self.version = version
        self.log = log
        let entrance = OpenFlowEntrance(queue)
        sessions = SessionService { entrance.take($0) }
        entrance.watch(manager.vswitch.datapath.packetIns)
        entrance.service = self
    }

    // MARK: Configuration

    /// Makes connections as the configuration wants them; what can't be done is told in the log.
    public func reconcile() {
        var wanted: [String: (ControllerTarget, BridgeSettings, isService: Bool, isSnoop: Bool)] = [:]
        for bridge in manager.configuration.bridges {
            for target in bridge.controllers.targets {
                wanted[Self.name(bridge.name, target)] = (target, bridge, false, false)
            }
            let management = ControllerTarget.passiveUnix(path: "\(runDirectory)/\(bridge.name).mgmt")
            let snoop = ControllerTarget.passiveUnix(path: "\(runDirectory)/\(bridge.name).snoop")
            wanted[Self.name(bridge.name, management)] = (management, bridge, true, false)
            wanted[Self.name(bridge.name, snoop)] = (snoop, bridge, true, true)
        }
        updateAgents()
        for (name, open) in endpoints {
            if let (_, bridge, isService, _) = wanted[name], open.options == Self.options(bridge, isService: isService),
                open.tls == manager.configuration.tls || !open.endpoint.target.usesTLS
            {
                continue
            }
            open.endpoint.stop()
            endpoints[name] = nil
            lastErrors[name] = nil
        }
        for (name, (target, bridge, isService, isSnoop)) in wanted.sorted(by: { $0.key < $1.key })
        where endpoints[name] == nil {
            open(target, name: name, bridge: bridge, isService: isService, isSnoop: isSnoop)
        }
    }

    private func open(
        _ target: ControllerTarget, name: String, bridge: BridgeSettings, isService: Bool, isSnoop: Bool
    ) {
        let options = Self.options(bridge, isService: isService)
        let tls = manager.configuration.tls.map(TLSFiles.init)
        do {
            let endpoint = try sessions.open(
                target, name: name, options: options, tls: tls,
                snoopGroup: isService && !isSnoop ? nil : bridge.name, isSnoop: isSnoop)
            endpoints[name] = OpenEndpoint(
                bridge: bridge.name, isService: isService, options: options, tls: manager.configuration.tls,
                endpoint: endpoint)
            lastErrors[name] = nil
        } catch {
            lastErrors[name] = "\(error)"
            log.error("no OpenFlow there", metadata: ["bridge": "\(bridge.name)", "reason": "\(error)"])
        }
    }

    private static func name(_ bridge: String, _ target: ControllerTarget) -> String { "\(bridge) \(target)" }

    /// By the names that configurations use.
    private static let versions: [String: OpenFlowVersion] = [
        "OpenFlow10": .v10, "OpenFlow13": .v13, "OpenFlow14": .v14, "OpenFlow15": .v15,
    ]

    private static func name(_ version: OpenFlowVersion) -> String {
        versions.first { $0.value == version }?.key ?? "\(version)"
    }

    private static func options(_ bridge: BridgeSettings, isService: Bool) -> SessionOptions {
        var options = SessionOptions()
        if isService {
            options.inactivityProbeSeconds = 0
            return options
        }
        options.versions = VersionSet(bridge.controllers.versions.compactMap { Self.versions[$0] })
        options.inactivityProbeSeconds = bridge.controllers.inactivityProbeSeconds
        options.maximumBackoffMilliseconds = bridge.controllers.maximumBackoffMilliseconds
        return options
    }

    /// An agent for each bridge that there is.
    private func updateAgents() {
        for (name, agent) in agents where manager.vswitch.bridge(named: name) !== agent.bridge { agents[name] = nil }
        for bridge in manager.vswitch.bridges {
            if agents[bridge.name] == nil {
                agents[bridge.name] = BridgeAgent(
                    bridge: bridge, vswitch: manager.vswitch, software: "evs \(version)",
                    performEffects: { [unowned self] in performEffects() })
            }
            agents[bridge.name]?.notePorts()
        }
    }

    // MARK: Events

    /// Deals with what happened on a connection.
    public func handle(_ event: SessionEvent) {
        switch event {
        case .opened(let session):
            guard let open = endpoints[session.endpoint], let agent = agents[open.bridge] else {
                return session.close()
            }
            bridgeOfSession[session.id] = open.bridge
            agent.open(session, isService: open.isService)
            updateFailMode(open.bridge)
            if !open.isService {
                log.notice(
                    "controller connected",
                    metadata: [
                        "bridge": "\(open.bridge)", "peer": "\(session.peer)",
                        "version": "\(Self.name(session.version))",
                    ])
            }
        case .received(let session, let items):
            guard let bridge = bridgeOfSession[session.id], let agent = agents[bridge] else { return session.close() }
            agent.receive(items, on: session)
        case .closed(let session, let reason):
            guard let bridge = bridgeOfSession.removeValue(forKey: session.id) else { return }
            agents[bridge]?.close(session)
            if endpoints[session.endpoint]?.isService == false {
                lastErrors[session.endpoint] = reason
                log.notice(
                    "controller gone",
                    metadata: ["bridge": "\(bridge)", "peer": "\(session.peer)", "reason": "\(reason)"])
            }
        case .failed(let endpoint, let reason):
            if endpoints[endpoint]?.isService == true { return }
            lastErrors[endpoint] = reason
            log.warning("no controller", metadata: ["endpoint": "\(endpoint)", "reason": "\(reason)"])
        }
    }

    /// Takes packets for controllers out of the data path, a bounded number at a time, and does what packets ask for.
    public func takePackets() {
        for (bridge, packet) in manager.vswitch.takePacketIns(limit: 256) { agents[bridge.name]?.tell(packet) }
        performEffects()
    }

    /// Does what packets asked for, such as learning flows; controllers hear of flows that came or went by it.
    private func performEffects() {
        for (bridge, outcome) in manager.vswitch.performEffects() {
            guard let agent = agents[bridge.name] else { continue }
            agent.note(outcome, xid: nil, by: nil)
            agent.settle()
        }
    }

    /// Flows whose time is over go, ports whose link has changed are told of, and flows that packets still learn are
    /// kept alive.
    public func tick() {
        for agent in agents.values {
            agent.expire()
            agent.noteLinks()
        }
        for bridge in agents.keys { updateFailMode(bridge) }
        relearnIfDue()
    }

    private func updateFailMode(_ bridge: String) {
        guard let settings = manager.configuration.bridge(named: bridge),
            let failsOpen = agents[bridge]?.updateFailMode(settings)
        else { return }
        let text = failsOpen ? "no controller is there: packets are forwarded by NORMAL" : "flows are in force again"
        log.notice("\(text)", metadata: ["bridge": "\(bridge)"])
    }

    private func relearnIfDue() {
        if MonotonicTime.now < relearnsAt { return }
        relearnsAt = MonotonicTime.now + 500_000_000
        for bridge in manager.vswitch.bridges where bridge.hasLearned { bridge.creditCounters() }
        performEffects()
    }

    /// For how long nothing needs to be done.
    public var quietMilliseconds: Int {
        let now = MonotonicTime.now
        let next = agents.values.compactMap(\.bridge.nextExpiry).min()
        let wait = next.map { $0 > now ? Int(($0 - now) / 1_000_000) + 1 : 0 } ?? .max
        return min(wait, 200)
    }

    // MARK: For operators

    /// The connections of a bridge.
    public func controllers(of bridge: String) -> [ControllerReport] {
        let targets = manager.configuration.bridge(named: bridge)?.controllers.targets ?? []
        let connections = agents[bridge]?.controllers ?? []
        return targets.flatMap { target -> [ControllerReport] in
            let own = connections.filter { $0.session.endpoint == Self.name(bridge, target) }
                .sorted { $0.session.id < $1.session.id }
            let lastError = lastErrors[Self.name(bridge, target)]
            if own.isEmpty { return [ControllerReport(target: "\(target)", isConnected: false, lastError: lastError)] }
            return own.map { connection in
                ControllerReport(
                    target: "\(target)", isConnected: true, peer: connection.session.peer,
                    version: Self.name(connection.session.version), role: "\(connection.role)",
                    droppedPackets: connection.droppedPacketIns, lastError: lastError)
            }
        }
    }

    /// Why a target of a bridge's can't even be tried; `nil`: it can, or is none of its targets.
    func fault(of target: ControllerTarget, at bridge: String) -> String? {
        let name = Self.name(bridge, target)
        let isWanted = manager.configuration.bridge(named: bridge)?.controllers.targets.contains(target) == true
        return isWanted && endpoints[name] == nil ? lastErrors[name] : nil
    }

    /// Tells a bridge's controllers of flows that came, went or changed by other means.
    public func tell(_ outcome: FlowModOutcome, of bridge: String) {
        agents[bridge]?.note(outcome, xid: nil, by: nil)
        agents[bridge]?.settle()
    }

    /// Ends all connections. No file is left.
    public func close() {
        for open in endpoints.values { open.endpoint.stop() }
        endpoints = [:]
        sessions.close()
    }
}

/// A connection to a controller, for operators.
public struct ControllerReport: Sendable, Codable, Equatable {
    public var target: String
    public var isConnected: Bool
    public var peer: String?
    public var version: String?
    public var role: String?
    /// Packets that were not sent to it, as it had left too much unread.
    public var droppedPackets: UInt64 = 0
    /// Why there is no connection, or why the last one ended.
    public var lastError: String?
}

/// The clock of flows' timeouts.
enum MonotonicTime {
    static var now: UInt64 { MonotonicClock.nanoseconds }
}
