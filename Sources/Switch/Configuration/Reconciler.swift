import FlowTable
import OpenFlow

/// Makes a running switch as a configuration wants it: touches only what differs, and all of it or nothing.
struct Reconciler {
    private let vswitch: VirtualSwitch
    /// What was done, for people: `port vm1 added to br0`.
    private(set) var changes: [String] = []
    /// What went wrong while things were taken away, which were taken away all the same.
    private(set) var notes: [String] = []
    /// Takes back what was done, last first.
    private var undo: [() throws -> Void] = []

    init(_ vswitch: VirtualSwitch) { self.vswitch = vswitch }

    /// A port with its number, in its bridge.
    private struct Place: Equatable {
        let bridge: String
        let port: PortSettings

        var slot: String { "\(bridge)#\(port.number ?? 0)" }
    }

    /// Brings the switch from one configuration, which it has, to another, which was found to be free of problems.
    ///
    /// - Throws: why something could not be done; then the switch is as it was.
    mutating func apply(from old: SwitchConfiguration, to new: SwitchConfiguration) throws {
        do { try step(from: old, to: new) } catch {
            let failures = takeBack()
            if failures.isEmpty { throw error }
            throw SwitchError("\(error); and while that was undone: " + failures.joined(separator: "; "))
        }
    }

    private mutating func step(from old: SwitchConfiguration, to new: SwitchConfiguration) throws {
        let remade = Set(
            new.bridges.filter { bridge in
                guard let before = old.bridge(named: bridge.name) else { return false }
                return bridge.datapathID != before.datapathID && bridge.datapathID != current(bridge.name)?.datapathID
            }.map(\.name))
        let before = places(old)
        let after = places(new)
        let gone = before.filter { remade.contains($0.bridge) || !after.contains($0) }
        let added = after.filter { remade.contains($0.bridge) || !before.contains($0) }
        // What stands in the way of something new goes first; the rest last, when nothing can fail any more.
        let names = Set(added.map(\.port.name))
        let slots = Set(added.map(\.slot))
        let endpoints = Set(added.compactMap(\.port.kind.endpoint))
        func isInTheWay(_ place: Place) -> Bool {
            remade.contains(place.bridge) || names.contains(place.port.name) || slots.contains(place.slot)
                || place.port.kind.endpoint.map(endpoints.contains) == true
        }
        for place in gone where isInTheWay(place) { try remove(place) }
        for bridge in old.bridges where remade.contains(bridge.name) { try remove(bridge) }
        for bridge in new.bridges where current(bridge.name) == nil { try add(bridge) }
        for place in added { try add(place) }
        for place in gone where !isInTheWay(place) { try remove(place) }
        for bridge in old.bridges where new.bridge(named: bridge.name) == nil { try remove(bridge) }
    }

    private func current(_ bridge: String) -> Bridge? { vswitch.bridge(named: bridge) }

    /// All ports in order, with the numbers that they have or are to have.
    private func places(_ configuration: SwitchConfiguration) -> [Place] {
        configuration.bridges.flatMap { bridge in
            let running = (current(bridge.name)?.ports ?? []).map { ($0.name, $0.number) }
            let numbered = bridge.numbered(running: Dictionary(running) { first, _ in first })
            return numbered.ports.map { Place(bridge: bridge.name, port: $0) }
        }
    }

    // MARK: Steps, each with what takes it back

    private mutating func add(_ settings: BridgeSettings) throws {
        let tables = try settings.startingTables()
        let bridge = try vswitch.addBridge(name: settings.name, datapathID: settings.datapathID)
        undo.append { [vswitch] in try vswitch.removeBridge(bridge) }
        try tables.install(in: bridge)
        changes.append("bridge \(settings.name) added")
    }

    /// Its ports are gone already.
    private mutating func remove(_ settings: BridgeSettings) throws {
        guard let bridge = current(settings.name) else { return }
        let flows = bridge.tables.flows(FlowSelection()).map(\.flow)
        let (groups, meters, datapathID) = (bridge.groups, bridge.meters, bridge.datapathID)
        do { try vswitch.removeBridge(bridge) } catch { notes.append("bridge \(settings.name): \(error)") }
        undo.append { [vswitch] in
            let bridge = try vswitch.addBridge(name: settings.name, datapathID: datapathID)
            (bridge.groups, bridge.meters) = (groups, meters)
            bridge.needsWholePublication = true
            try bridge.setFlows(flows)
        }
        changes.append("bridge \(settings.name) removed")
    }

    private mutating func add(_ place: Place) throws {
        try open(place)
        undo.append { [self] in try close(place) }
        changes.append("port \(place.port.name) added to \(place.bridge)")
    }

    private mutating func remove(_ place: Place) throws {
        do { try close(place) } catch { notes.append("port \(place.port.name): \(error)") }
        undo.append { [self] in try open(place) }
        changes.append("port \(place.port.name) removed from \(place.bridge)")
    }

    private func open(_ place: Place) throws {
        guard let bridge = current(place.bridge) else { throw SwitchError("there is no bridge '\(place.bridge)'") }
        let number = place.port.number == PortNumber.local.rawValue ? nil : place.port.number
        let opening = try place.port.opening(number: number, environment: vswitch.datapath.environment)
        try vswitch.addPort(opening, to: bridge, worker: place.port.worker)
    }

    private func close(_ place: Place) throws {
        guard let bridge = current(place.bridge), let port = bridge.port(named: place.port.name) else { return }
        try vswitch.removePort(port, from: bridge)
    }

    /// What could not be undone.
    private mutating func takeBack() -> [String] {
        var failures: [String] = []
        for step in undo.reversed() {
            do { try step() } catch { failures.append("\(error)") }
        }
        undo = []
        changes = []
        return failures
    }
}
