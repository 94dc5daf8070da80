import FlowTable
import OpenFlow

/// Groups (OpenFlow 1.3.5 §5.6).
extension Bridge {
    /// Changes the groups; in force from the next ``publishChanges()`` on. Flows that use a group that goes go with it.
    ///
    /// - Throws: why it was refused; then nothing has changed.
    @discardableResult
    public func apply(_ mod: GroupMod) throws(OpenFlowError) -> FlowModOutcome {
        let removed = try groups.apply(mod)
        needsWholePublication = true
        var outcome = FlowModOutcome()
        if mod.group.id == Group.all, mod.command == .delete { return removeFlows(usingGroup: Group.all) }
        for id in removed { outcome += removeFlows(usingGroup: id) }
        return outcome
    }

    /// What a group has counted, exactly.
    public func statistics(ofGroup id: UInt32) -> GroupStatistics? {
        creditCounters()
        return groups.entries[id].map(statistics)
    }

    /// What all groups have counted, by number.
    public func groupStatistics() -> [GroupStatistics] {
        creditCounters()
        return groups.entries.values.sorted { $0.group.id < $1.group.id }.map(statistics)
    }

    private func statistics(of entry: GroupEntry) -> GroupStatistics {
        let id = entry.group.id
        let flows = tables.flows(.init()).filter { $0.flow.instructions.uses(group: id) }.count
        let groups = groups.entries.values.filter { $0.chained.contains(id) }.count
        return GroupStatistics(
            id: id, references: flows + groups, packets: entry.counters.packets, bytes: entry.counters.bytes,
            age: entry.created.duration(to: .now),
            buckets: entry.bucketCounters.map { .init(packets: $0.packets, bytes: $0.bytes) })
    }

    /// Brings the counters of flows, groups, tables and queues up to date.
    public func creditCounters() { datapath.creditFlows(ofBridge: number) }
}

/// What a group has counted (OpenFlow 1.3.5 §7.3.5.9).
public struct GroupStatistics: Sendable {
    /// Packets and bytes.
    public struct Counts: Sendable, Equatable {
        public let packets: UInt64
        public let bytes: UInt64
    }

    public let id: UInt32
    /// Flows and groups that use it.
    public let references: Int
    public let packets: UInt64
    public let bytes: UInt64
    /// How long it has been there.
    public let age: Duration
    /// By bucket, in the group's order.
    public let buckets: [Counts]
}

extension InstructionSet {
    /// Whether packets go to a group.
    public func uses(group: UInt32) -> Bool { (apply + write).contains { $0 == .group(group) } }

    /// Whether packets pass a meter.
    public func uses(meter: UInt32) -> Bool { self.meter == meter || apply.contains { $0 == .meter(meter) } }
}
