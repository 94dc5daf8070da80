import DPDK
import Datapath

/// A running switch together with the configuration that it has: every change goes through here.
///
/// Changes come as whole configurations (``reload(_:)``) or one by one; either way the new configuration is checked as
/// a whole, and a change that can't be made leaves everything as it was. One control thread owns it.
public final class SwitchManager {
    /// What runs.
    public private(set) var configuration: SwitchConfiguration
    /// What its makers should know: that there were no hugepages, say.
    public private(set) var notes: [String] = []
    public let vswitch: VirtualSwitch
    let workerCores: [Int]
    /// Bridges and ports that came one by one. A reload leaves them.
    private var addedBridges: Set<String> = []
    private var addedPorts: Set<String> = []

    /// Starts a switch: DPDK, the workers, all bridges and ports.
    ///
    /// - Parameter environment: DPDK's, if this process has started it already; else it is started.
    /// - Throws: ``ConfigurationRefusal`` for a configuration with faults; else why it can't run on this machine.
    public init(_ configuration: SwitchConfiguration, environment: Environment? = nil) throws {
        let cores = Cores.available
        try ConfigurationRefusal.check(configuration, ConfigurationLimits(cores: cores))
        self.configuration = configuration
        workerCores = configuration.workerCores(from: cores)
        if let environment {
            vswitch = try VirtualSwitch(
                environment: environment, options: configuration.switchOptions(workerCores: workerCores))
        } else {
            let started = try Environment.start(configuration, workerCores: workerCores, cores: cores)
            notes = started.notes
            vswitch = try VirtualSwitch(
                environment: started.environment, options: configuration.switchOptions(workerCores: workerCores))
        }
        try vswitch.start()
        do {
            var reconciler = Reconciler(vswitch)
            try reconciler.apply(from: SwitchConfiguration(), to: configuration)
        } catch {
            try? vswitch.stop()
            throw error
        }
    }

    /// Ends the workers and closes all ports.
    ///
    /// - Throws: the first thing that went wrong; everything is closed all the same.
    public func stop() throws { try vswitch.stop() }

    private func limits(requiresPatchPeers: Bool = false) -> ConfigurationLimits {
        ConfigurationLimits(
            cores: Cores.available, workerCount: workerCores.count, requiresPatchPeers: requiresPatchPeers)
    }

    // MARK: Changes

    /// What a change came to.
    public struct Outcome: Sendable, Equatable {
        /// What was done, in order.
        public var changes: [String]
        /// What the operator should know.
        public var notes: [String]
    }

    /// Makes the switch as a file wants it. What was added one by one stays, unless the file names it.
    ///
    /// - Throws: ``ConfigurationRefusal``, or why a port can't be opened; then nothing has changed.
    public func reload(_ file: SwitchConfiguration) throws -> Outcome {
        try ConfigurationRefusal.check(file, limits(requiresPatchPeers: true))
        let merged = try merge(file)
        try ConfigurationRefusal.check(merged.configuration, limits())
        var outcome = try apply(merged.configuration)
        addedBridges = merged.bridges
        addedPorts = merged.ports
        outcome.notes += notesOnStart(file)
        return outcome
    }

    /// A file's configuration and what was added one by one and is not in it.
    private func merge(
        _ file: SwitchConfiguration
    ) throws -> (configuration: SwitchConfiguration, bridges: Set<String>, ports: Set<String>) {
        var merged = file
        // These are taken at start, and stay.
        merged.workers = configuration.workers
        merged.memory = configuration.memory
        merged.sockets = configuration.sockets
        merged.macTable = configuration.macTable
        let portsInFile = Set(file.bridges.flatMap(\.ports).map(\.name))
        var (bridges, ports): (Set<String>, Set<String>) = ([], [])
        for bridge in configuration.bridges {
            let own = bridge.ports.filter { addedPorts.contains($0.name) && !portsInFile.contains($0.name) }
            if let index = merged.bridges.firstIndex(where: { $0.name == bridge.name }) {
                merged.bridges[index].ports += own
            } else if addedBridges.contains(bridge.name) {
                var kept = bridge
                kept.ports = own
                merged.bridges.append(kept)
                bridges.insert(bridge.name)
            } else if let first = own.first {
                throw SwitchError(
                    "bridge '\(bridge.name)' is not in the file any more, but has port '\(first.name)', which was "
                        + "added with evs port add; remove the port first")
            }
            ports.formUnion(own.map(\.name))
        }
        return (merged, bridges, ports)
    }

    private func notesOnStart(_ file: SwitchConfiguration) -> [String] {
        var parts: [String] = []
        if file.workers != configuration.workers { parts.append("workers") }
        if file.memory != configuration.memory { parts.append("memory") }
        if file.sockets != configuration.sockets { parts.append("sockets") }
        if file.macTable != configuration.macTable { parts.append("mac-table") }
        return parts.map { "\($0) differs in the file; it is taken when evs is started again" }
    }

    private func apply(_ new: SwitchConfiguration) throws -> Outcome {
        var reconciler = Reconciler(vswitch)
        try reconciler.apply(from: configuration, to: new)
        configuration = new
        return Outcome(changes: reconciler.changes, notes: reconciler.notes)
    }

    /// Adds a bridge, with the ports that its settings name.
    public func addBridge(_ settings: BridgeSettings) throws {
        var new = configuration
        new.bridges.append(settings)
        try checkStep(to: new)
        _ = try apply(new)
        addedBridges.insert(settings.name)
        addedPorts.formUnion(settings.ports.map(\.name))
    }

    /// Removes a bridge with its ports.
    public func removeBridge(_ name: String) throws -> Outcome {
        let index = try bridgeIndex(name)
        var new = configuration
        let removed = new.bridges.remove(at: index)
        let outcome = try apply(new)
        addedBridges.remove(name)
        addedPorts.subtract(removed.ports.map(\.name))
        return outcome
    }

    /// Adds a port to a bridge.
    public func addPort(_ settings: PortSettings, to bridge: String) throws {
        let index = try bridgeIndex(bridge)
        var new = configuration
        new.bridges[index].ports.append(settings)
        try checkNumber(settings, in: bridge)
        try checkStep(to: new)
        _ = try apply(new)
        addedPorts.insert(settings.name)
    }

    /// Refuses what a single change makes wrong. What runs was checked when it came; a flow file may have gone since.
    private func checkStep(to new: SwitchConfiguration) throws(ConfigurationRefusal) {
        var limits = limits()
        limits.runningBridges = Set(configuration.bridges.map(\.name))
        try ConfigurationRefusal.check(new, limits, besides: configuration.problems(limits))
    }

    /// A number wanted may be one that another port was given by itself.
    private func checkNumber(_ settings: PortSettings, in bridge: String) throws {
        guard let number = settings.number,
            let other = vswitch.bridge(named: bridge)?.ports.first(where: { $0.number == number })
        else { return }
        throw SwitchError("port number \(number) is taken by '\(other.name)'; choose another or leave it out")
    }

    /// Gives a bridge other controllers.
    public func setControllers(_ controllers: ControllerSettings, of bridge: String) throws {
        let index = try bridgeIndex(bridge)
        var new = configuration
        new.bridges[index].controllers = controllers
        try checkStep(to: new)
        _ = try apply(new)
    }

    /// Removes a port from a bridge.
    public func removePort(_ name: String, from bridge: String) throws -> Outcome {
        let index = try bridgeIndex(bridge)
        guard let port = configuration.bridges[index].ports.firstIndex(where: { $0.name == name }) else {
            throw SwitchError("there is no port '\(name)' in bridge '\(bridge)'")
        }
        var new = configuration
        new.bridges[index].ports.remove(at: port)
        let outcome = try apply(new)
        addedPorts.remove(name)
        return outcome
    }

    /// What was asked for of a bridge.
    public func settings(of bridge: String) throws(SwitchError) -> BridgeSettings {
        configuration.bridges[try bridgeIndex(bridge)]
    }

    private func bridgeIndex(_ name: String) throws(SwitchError) -> Int {
        guard let index = configuration.bridges.firstIndex(where: { $0.name == name }) else {
            throw noBridge(name)
        }
        return index
    }

    private func noBridge(_ name: String) -> SwitchError {
        let names = configuration.bridges.map(\.name).joined(separator: ", ")
        return SwitchError(
            "there is no bridge '\(name)'; " + (names.isEmpty ? "there are none" : "there are: \(names)"))
    }

    /// The running bridge of that name.
    func bridge(_ name: String) throws(SwitchError) -> Bridge {
        guard let bridge = vswitch.bridge(named: name) else { throw noBridge(name) }
        return bridge
    }

    /// Whether a bridge or a port came one by one.
    func isAdded(bridge: String) -> Bool { addedBridges.contains(bridge) }
    func isAdded(port: String) -> Bool { addedPorts.contains(port) }
}

/// A configuration that was refused, with everything that is wrong with it.
public struct ConfigurationRefusal: Error, Sendable, CustomStringConvertible {
    public let problems: [ConfigurationProblem]

    /// The problems, one a line.
    public var description: String { problems.map(\.message).joined(separator: "\n") }

    /// Refuses a configuration that has problems besides those known.
    static func check(
        _ configuration: SwitchConfiguration, _ limits: ConfigurationLimits,
        besides known: [ConfigurationProblem] = []
    ) throws(ConfigurationRefusal) {
        let problems = configuration.problems(limits).filter { !known.contains($0) }
        if !problems.isEmpty { throw ConfigurationRefusal(problems: problems) }
    }
}
