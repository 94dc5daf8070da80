import FlowTable
import OpenFlow

extension SwitchManager {
    /// Changes meters as a text says, one change a line, in ovs-ofctl's syntax; all of them or none.
    ///
    /// - Parameters:
    ///   - command: what is meant by a line without a command.
    ///   - file: the name to put into errors.
    /// - Throws: ``FlowTextError`` for a line that can't be read or done; then nothing has changed.
    public func changeMeters(
        _ text: String, as command: MeterMod.Command = .add, file: String? = nil, of bridge: String
    ) throws -> TableOutcome {
        let bridge = try self.bridge(bridge)
        let text = try TableText<MeterMod>(text, as: command, file: file)
        if text.changes.isEmpty {
            throw SwitchError("a meter was expected, such as meter=1,kbps,bands=type=drop,rate=1000")
        }
        return try bridge.change(text) { (mod, report) throws(OpenFlowError) in try bridge.apply(mod, &report) }
    }

    /// Removes meters, and the flows that use them.
    ///
    /// - Parameter selection: `meter=ID`; empty for all.
    /// - Throws: why it can't be done; then nothing has changed.
    public func removeMeters(_ selection: String, from bridge: String) throws -> TableOutcome {
        let bridge = try self.bridge(bridge)
        let mod = MeterMod(.delete, Meter(id: try Self.meterID(selection), flags: [], bands: []))
        var outcome = TableOutcome()
        outcome.flows = try bridge.apply(mod, &outcome.report)
        bridge.publishChanges()
        return outcome
    }

    /// Meters with their counters, by number.
    ///
    /// - Parameter selection: as for ``removeMeters(_:from:)``.
    public func meters(_ selection: String = "", of bridge: String) throws -> [MeterReport] {
        let bridge = try self.bridge(bridge)
        let id = try Self.meterID(selection)
        if id == Meter.all { return bridge.meterStatistics().compactMap { Self.report($0, of: bridge) } }
        guard let one = bridge.statistics(ofMeter: id), let report = Self.report(one, of: bridge) else {
            let known = bridge.meters.entries.keys.sorted().map { "\($0)" }
            throw SwitchError("there is no meter \(id); " + SwitchManager.list(known))
        }
        return [report]
    }

    /// The meter that a text names; ``Meter/all``: none in particular.
    private static func meterID(_ text: String) throws -> UInt32 {
        let mods = try MeterText.parseMods(text, as: .delete)
        guard mods.count <= 1, mods.allSatisfy({ $0.command == .delete }) else {
            throw SwitchError("'\(text)' names no meter: write meter=ID, or nothing for all")
        }
        return mods.first?.meter.id ?? Meter.all
    }

    private static func report(_ statistics: MeterStatistics, of bridge: Bridge) -> MeterReport? {
        bridge.meters.entries[statistics.id].map { entry in
            let meter = entry.meter
            return MeterReport(
                id: meter.id, flags: meter.flagNames, packets: statistics.packets, bytes: statistics.bytes,
                references: statistics.flows, age: statistics.age / .seconds(1),
                bands: zip(meter.bandDescriptions, statistics.bands).map { band, counts in
                    PartReport(packets: counts.packets, bytes: counts.bytes, text: band)
                },
                meter: meter.description)
        }
    }
}

extension Bridge {
    /// Makes a change and counts it.
    fileprivate func apply(
        _ mod: MeterMod, _ report: inout TableChangeReport
    ) throws(OpenFlowError) -> FlowModOutcome {
        let before = meters.entries.count
        let outcome = try apply(mod)
        switch mod.command {
        case .add: report.added += 1
        case .modify: report.modified += 1
        case .delete: report.removed += before - meters.entries.count
        }
        report.removedFlows += outcome.removed.count
        return outcome
    }
}
