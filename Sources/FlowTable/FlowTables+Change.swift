import OpenFlow
import Packet

extension FlowTables {
    /// What adding a flow did.
    public struct Addition: Sendable {
        public let entry: FlowEntry
        /// The flow with the same match and priority that had to go; OpenFlow sends no flow-removed for it.
        public let replaced: FlowEntry?
    }

    /// Adds a flow (OpenFlow 1.3.5 §6.4, OFPFC_ADD).
    ///
    /// A flow with the same match and priority in the same table is replaced, and its counts are kept unless the new
    /// flow has the flag `resetCounts`. With the flag `checkOverlap`, a flow that overlaps with one of the same
    /// priority is refused.
    @discardableResult
    public mutating func add(_ flow: Flow) throws(FlowTableError) -> Addition {
        guard flow.table <= Flow.lastTable else { throw .badTable(flow.table) }
        if flow.flags.contains(.checkOverlap), let other = checkOverlap(flow) { throw .overlap(id: other.id) }
        own()
        return try model.add(flow)
    }

    /// Removes flows (OFPFC_DELETE, OFPFC_DELETE_STRICT).
    ///
    /// - Returns: the flows removed, by table, and best first.
    @discardableResult
    public mutating func remove(_ selection: FlowSelection) -> [FlowEntry] {
        let chosen = flows(selection)
        guard !chosen.isEmpty else { return [] }
        own()
        for entry in chosen { model.remove(entry) }
        return chosen
    }

    /// Removes one flow, such as one that has expired.
    ///
    /// - Returns: whether it was still there, as this or a modified entry.
    @discardableResult
    public mutating func remove(_ entry: FlowEntry) -> Bool {
        let flow = entry.flow
        guard self.flow(in: flow.table, match: flow.match, priority: flow.priority)?.id == entry.id else {
            return false
        }
        own()
        model.remove(entry)
        return true
    }

    /// Gives flows other instructions (OFPFC_MODIFY, OFPFC_MODIFY_STRICT). Cookie, timeouts, flags and counts stay,
    /// but for the counts if they are to be reset.
    ///
    /// - Returns: the flows as they are now, by table, and best first; none if none was meant, for OpenFlow 1.3 adds
    ///   nothing then.
    @discardableResult
    public mutating func modify(
        _ selection: FlowSelection, instructions: InstructionSet, resetsCounts: Bool = false
    ) -> [FlowEntry] {
        let chosen = flows(selection)
        guard !chosen.isEmpty else { return [] }
        own()
        return chosen.map { model.modify($0, instructions: instructions, resetsCounts: resetsCounts) }
    }
}
