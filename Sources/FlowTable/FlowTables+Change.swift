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
    /// flow has the flag `resetCounts`; its duration begins anew. With the flag `checkOverlap`, a flow that overlaps
    /// with one of the same priority is refused.
    ///
    /// - Parameters:
    ///   - now: nanoseconds of the monotonic clock.
    ///   - evicted: is told of flows that a full table let go, if it does that.
    @discardableResult
    public mutating func add(
        _ flow: Flow, now: UInt64 = 0, evicted: (FlowEntry) -> Void = { _ in }
    ) throws(FlowTableError) -> Addition {
        guard flow.table <= Flow.lastTable else { throw .badTable(flow.table) }
        if flow.flags.contains(.checkOverlap), let other = checkOverlap(flow) { throw .overlap(id: other.id) }
        own()
        return try model.add(flow, now: now, evicted: evicted)
    }

    /// Removes flows (OFPFC_DELETE, OFPFC_DELETE_STRICT).
    ///
    /// - Returns: the flows removed, by table, and best first.
    @discardableResult
    public mutating func remove(_ selection: FlowSelection) -> [FlowEntry] {
        own()
        let chosen = model.select(selection)
        model.remove(chosen)
        return FlowTables.ordered(chosen)
    }

    /// The same, with why and after how long.
    public mutating func remove(
        _ selection: FlowSelection, reason: FlowRemovedReason, now: UInt64
    ) -> [FlowRemoval] {
        remove(selection).map { FlowRemoval(entry: $0, reason: reason, durationNanoseconds: $0.duration(at: now)) }
    }

    /// Removes one flow, such as one that has expired.
    ///
    /// - Returns: whether it was still there, as this or a modified entry.
    @discardableResult
    public mutating func remove(_ entry: FlowEntry) -> Bool {
        own()
        guard let rule = model.rule(of: entry), rule.entry.id == entry.id else { return false }
        model.remove(rule)
        return true
    }

    /// Gives flows other instructions (OFPFC_MODIFY, OFPFC_MODIFY_STRICT). Timeouts, flags and counts stay, but for the
    /// counts if they are to be reset.
    ///
    /// - Parameter cookie: another cookie for them; `nil`: they keep theirs.
    /// - Returns: the flows as they are now, by table, and best first; none if none was meant.
    @discardableResult
    public mutating func modify(
        _ selection: FlowSelection, instructions: InstructionSet, cookie: UInt64? = nil, resetsCounts: Bool = false
    ) -> [FlowModOutcome.Modification] {
        own()
        let chosen = model.select(selection).sorted { FlowTables.precedes($0.entry, $1.entry) }
        return chosen.map {
            FlowModOutcome.Modification(
                before: $0.entry,
                after: model.modify($0, instructions: instructions, cookie: cookie, resetsCounts: resetsCounts))
        }
    }

    /// Does all that `body` does, or nothing if it throws. Not to be nested.
    public mutating func transaction<Result, Failure: Error>(
        _ body: (inout FlowTables) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        beginTransaction()
        do throws(Failure) {
            let result = try body(&self)
            commitTransaction()
            return result
        } catch {
            rollBackTransaction()
            throw error
        }
    }

    /// Begins what ``commitTransaction()`` or ``rollBackTransaction()`` ends. Not to be nested.
    public mutating func beginTransaction() {
        own()
        model.beginTransaction()
    }

    /// Keeps what was changed since the transaction began.
    public mutating func commitTransaction() { model.commit() }

    /// Takes back what was changed since the transaction began.
    public mutating func rollBackTransaction() { model.rollBack() }

    /// Removes the flows with a property, by table, and best first.
    public mutating func remove(
        reason: FlowRemovedReason, now: UInt64, where condition: (Flow) -> Bool
    ) -> [FlowRemoval] {
        own()
        let chosen = model.select(FlowSelection()).filter { condition($0.entry.flow) }
        model.remove(chosen)
        return FlowTables.ordered(chosen).map {
            FlowRemoval(entry: $0, reason: reason, durationNanoseconds: $0.duration(at: now))
        }
    }

    static func ordered(_ rules: [RuleIndex.Rule]) -> [FlowEntry] {
        rules.count < 2 ? rules.map(\.entry) : rules.map(\.entry).sorted(by: precedes)
    }

    static func precedes(_ left: FlowEntry, _ right: FlowEntry) -> Bool {
        left.flow.table != right.flow.table ? left.flow.table < right.flow.table : left.rank > right.rank
    }
}
