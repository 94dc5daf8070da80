import FlowTable
import OpenFlow

/// Meters (OpenFlow 1.3.5 §5.7).
extension Bridge {
    /// Changes the meters; in force from the next ``publishChanges()`` on. Flows that use a meter that goes go with it.
    ///
    /// - Throws: why it was refused; then nothing has changed.
    @discardableResult
    public func apply(_ mod: MeterMod) throws(OpenFlowError) -> FlowModOutcome {
        let removed = try meters.apply(mod)
        needsWholePublication = true
        if mod.command == .delete, mod.meter.id == Meter.all { return removeFlows(usingMeter: Meter.all) }
        var outcome = FlowModOutcome()
        for id in removed { outcome += removeFlows(usingMeter: id) }
        return outcome
    }

    /// What a meter has counted, exactly.
    public func statistics(ofMeter id: UInt32) -> MeterStatistics? {
        meters.entries[id].map { statistics(of: $0, flows: flowUses(of: \.meters)[id] ?? 0) }
    }

    /// What all meters have counted, by number.
    public func meterStatistics() -> [MeterStatistics] {
        let uses = flowUses(of: \.meters)
        return meters.entries.values.sorted { $0.meter.id < $1.meter.id }.map {
            statistics(of: $0, flows: uses[$0.meter.id] ?? 0)
        }
    }

    private func statistics(of entry: MeterEntry, flows: Int) -> MeterStatistics {
        MeterStatistics(
            id: entry.meter.id, flows: flows,
            packets: entry.shared.packets, bytes: entry.shared.bytes, age: entry.created.duration(to: .now),
            bands: entry.shared.bandCounts.map { .init(packets: $0.packets, bytes: $0.bytes) })
    }
}

/// What a meter has counted (OpenFlow 1.3.5 §7.3.5.12).
public struct MeterStatistics: Sendable {
    /// Packets and bytes.
    public struct Counts: Sendable, Equatable {
        public let packets: UInt64
        public let bytes: UInt64
    }

    public let id: UInt32
    /// Flows that use it.
    public let flows: Int
    /// Packets and bytes that came.
    public let packets: UInt64
    public let bytes: UInt64
    /// How long it has been there.
    public let age: Duration
    /// Packets and bytes that each band applied to, in the meter's order.
    public let bands: [Counts]
}
