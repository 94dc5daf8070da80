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
        return groups.entries[id].map { statistics(of: $0, references: groupUses()[id] ?? 0) }
    }

    /// What all groups have counted, by number.
    public func groupStatistics() -> [GroupStatistics] {
        creditCounters()
        let uses = groupUses()
        return groups.entries.values.sorted { $0.group.id < $1.group.id }.map {
            statistics(of: $0, references: uses[$0.group.id] ?? 0)
        }
    }

    /// How many flows and groups use each group.
    private func groupUses() -> [UInt32: Int] {
        var uses = flowUses(of: \.groups)
        for entry in groups.entries.values { for id in Set(entry.chained) { uses[id, default: 0] += 1 } }
        return uses
    }

    /// How many flows use each group or meter, in one look at all flows.
    func flowUses(of used: KeyPath<InstructionSet, Set<UInt32>>) -> [UInt32: Int] {
        var uses: [UInt32: Int] = [:]
        for entry in tables.flows(.init()) {
            for id in entry.flow.instructions[keyPath: used] { uses[id, default: 0] += 1 }
        }
        return uses
    }

    private func statistics(of entry: GroupEntry, references: Int) -> GroupStatistics {
        GroupStatistics(
            id: entry.group.id, references: references, packets: entry.counters.packets, bytes: entry.counters.bytes,
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
    /// The groups that packets go to.
    public var groups: Set<UInt32> {
        var found: Set<UInt32> = []
        for list in [apply, write] {
            for case .group(let id) in list.flattened { found.insert(id) }
        }
        return found
    }

    /// The meters that packets pass.
    public var meters: Set<UInt32> {
        var found: Set<UInt32> = []
        if let meter { found.insert(meter) }
        for case .meter(let id) in apply { found.insert(id) }
        return found
    }
}
