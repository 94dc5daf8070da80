import Foundation
import Logging
import OpenFlow
import Switch

/// Answers the requests of the control socket, one at a time, on the switch's control thread.
public final class SwitchService {
    let manager: SwitchManager
    let openFlow: OpenFlowService
    private let configurationFile: String?
    private let version: String
    private let start = ContinuousClock().now
    private let log: Logger

    public init(
        _ manager: SwitchManager, _ openFlow: OpenFlowService, configurationFile: String?, version: String, log: Logger
    ) {
        self.manager = manager
        self.openFlow = openFlow
        self.configurationFile = configurationFile
        self.version = version
        self.log = log
    }

    /// What a request came to.
    public struct Answer {
        /// One line of JSON, with its end.
        public var line: [UInt8]
        /// Whether the switch was asked to end.
        public var quits = false
    }

    /// Answers a request, which is one line of JSON.
    public func answer(_ line: [UInt8]) -> Answer {
        do {
            let request = try ControlRequest(line)
            let reply = try execute(request)
            if request.command.changesBridges { openFlow.reconcile() }
            return Answer(line: reply, quits: request.command == .quit)
        } catch {
            return Answer(line: SwitchService.refusal("\(error)"))
        }
    }

    /// The line that says why something was refused.
    public static func refusal(_ message: String) -> [UInt8] {
        let envelope = ControlEnvelope<ControlReply.Done>(error: message)
        return (try? encode(envelope)) ?? Array("{\"error\":\"\"}\n".utf8)
    }

    private static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    }

    func ok(_ reply: some Encodable) throws -> [UInt8] {
        try SwitchService.encode(ControlEnvelope(ok: reply))
    }

    /// Reads the configuration file again and makes the switch as it says.
    ///
    /// - Throws: what is wrong with the file, or why it can't be done; then nothing has changed.
    @discardableResult
    public func reload() throws -> SwitchManager.Outcome {
        guard let configurationFile else {
            throw ControlRequest.Fault(description: "evs was started without a configuration file (evs run --config)")
        }
        do {
            let outcome = try manager.reload(try ConfigurationFile.read(configurationFile))
            openFlow.reconcile()
            for change in outcome.changes { log.notice("\(change)") }
            for note in outcome.notes { log.warning("\(note)") }
            log.notice(
                "configuration read again",
                metadata: ["file": "\(configurationFile)", "changes": "\(outcome.changes.count)"])
            return outcome
        } catch {
            log.error("the configuration was refused; nothing has changed", metadata: ["reason": "\(error)"])
            throw error
        }
    }

    // MARK: Commands

    private func execute(_ request: ControlRequest) throws -> [UInt8] {
        switch request.command {
        case .show, .stats, .drops, .workerList, .reload, .quit, .bridgeList:
            var request = request
            try request.allow([])
            return try executeWhole(request.command)
        case .bridgeAdd, .bridgeRemove, .portAdd, .portRemove, .portList, .portShow:
            return try executeChange(request)
        case .flowAdd, .flowModify, .flowRemove, .flowList: return try executeFlow(request)
        case .groupAdd, .groupModify, .groupRemove, .groupList: return try executeGroup(request)
        case .meterAdd, .meterModify, .meterRemove, .meterList: return try executeMeter(request)
        case .macList, .macFlush: return try executeMAC(request)
        case .controllerAdd, .controllerRemove, .controllerList: return try executeController(request)
        }
    }

    /// Commands without arguments.
    private func executeWhole(_ command: ControlCommand) throws -> [UInt8] {
        switch command {
        case .show:
            return try ok(
                ControlReply.Show(
                    version: version, process: getpid(), uptime: (ContinuousClock().now - start) / .seconds(1),
                    configuration: configurationFile, bridges: manager.bridges(), workers: manager.workers()))
        case .bridgeList: return try ok(ControlReply.Bridges(bridges: manager.bridges()))
        case .stats: return try ok(manager.statistics())
        case .drops: return try ok(manager.drops())
        case .workerList: return try ok(ControlReply.Workers(workers: manager.workers()))
        case .reload:
            let outcome = try reload()
            return try ok(ControlReply.Changes(changes: outcome.changes, notes: outcome.notes))
        default: return try ok(ControlReply.Done())
        }
    }

    private func executeChange(_ request: ControlRequest) throws -> [UInt8] {
        var request = request
        switch request.command {
        case .bridgeAdd:
            let settings = try request.bridge()
            try manager.addBridge(settings)
            log.notice("bridge added", metadata: ["bridge": "\(settings.name)"])
            let report = manager.bridges().first { $0.name == settings.name }
            guard let report else { throw ControlRequest.Fault(description: "the bridge is gone already") }
            return try ok(ControlReply.OneBridge(bridge: report))
        case .bridgeRemove:
            try request.allow(["name"])
            return try changed(try manager.removeBridge(request.text("name")))
        case .portAdd:
            let bridge = try request.text("bridge")
            let settings = try request.port()
            try manager.addPort(settings, to: bridge)
            log.notice("port added", metadata: ["port": "\(settings.name)", "bridge": "\(bridge)"])
            return try ok(ControlReply.OnePort(port: manager.port(settings.name, of: bridge)))
        case .portRemove:
            try request.allow(["bridge", "name"])
            return try changed(try manager.removePort(request.text("name"), from: request.text("bridge")))
        case .portList:
            try request.allow(["bridge"])
            return try ok(ControlReply.Ports(ports: manager.ports(of: request.optionalText("bridge"))))
        default:
            try request.allow(["bridge", "name"])
            return try ok(ControlReply.OnePort(port: manager.port(request.text("name"), of: request.text("bridge"))))
        }
    }

    private func changed(_ outcome: SwitchManager.Outcome) throws -> [UInt8] {
        for change in outcome.changes { log.notice("\(change)") }
        for note in outcome.notes { log.warning("\(note)") }
        return try ok(ControlReply.Changes(changes: outcome.changes, notes: outcome.notes))
    }

    private func executeController(_ request: ControlRequest) throws -> [UInt8] {
        var request = request
        let bridge = try request.text("bridge")
        let before = try manager.settings(of: bridge).controllers
        if request.command == .controllerList {
            try request.allow(["bridge"])
            return try ok(ControlReply.Controllers(controllers: openFlow.controllers(of: bridge)))
        }
        try request.allow(["bridge", "target"])
        let target = try ControllerTarget(request.text("target"))
        var settings = before
        if request.command == .controllerAdd {
            settings.targets.append(target)
        } else {
            guard settings.targets.contains(target) else {
                let known = settings.targets.map { "\($0)" }
                throw ControlRequest.Fault(
                    description: "'\(target)' is no controller of bridge '\(bridge)'; " + SwitchManager.list(known))
            }
            settings.targets.removeAll { $0 == target }
        }
        try manager.setControllers(settings, of: bridge)
        openFlow.reconcile()
        if let fault = openFlow.fault(of: target, at: bridge) {
            try manager.setControllers(before, of: bridge)
            throw ControlRequest.Fault(description: fault)
        }
        return try ok(ControlReply.Done())
    }

    private func executeMAC(_ request: ControlRequest) throws -> [UInt8] {
        var request = request
        let bridge = try request.text("bridge")
        try request.allow(["bridge"])
        if request.command == .macList { return try ok(ControlReply.MACs(macs: manager.macs(of: bridge))) }
        try manager.flushMACs(of: bridge)
        return try ok(ControlReply.Done())
    }
}
