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
        meters.entries[id].map { statistics(of: $0, flows: meterUses([id])[id] ?? 0) }
    }

    /// What all meters have counted, by number.
    public func meterStatistics() -> [MeterStatistics] {
        let uses = meterUses(nil)
        return meters.entries.values.sorted { $0.meter.id < $1.meter.id }.map {
            statistics(of: $0, flows: uses[$0.meter.id] ?? 0)
        }
    }

    /// How many flows use each meter, in one look at all flows; `wanted`: only those meters.
    private func meterUses(_ wanted: Set<UInt32>?) -> [UInt32: Int] {
        var uses: [UInt32: Int] = [:]
        for entry in tables.flows(.init()) {
            for id in entry.flow.instructions.meters where wanted?.contains(id) ?? true { uses[id, default: 0] += 1 }
        }
        return uses
    }

    private func statistics(of entry: MeterEntry, flows: Int) -> MeterStatistics {
        return MeterStatistics(
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
