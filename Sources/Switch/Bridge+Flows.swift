import Datapath
import FlowTable
import OpenFlow

/// Changes of the flow tables. They are in force from the next ``Bridge/publishChanges()`` on.
extension Bridge {
    /// Does what a flow-mod message asks for (OpenFlow 1.3.5 §6.4). When it throws, nothing has changed.
    public func apply(_ mod: FlowMod) throws(OpenFlowError) -> FlowModOutcome {
        var outcome = try tables.apply(mod, now: MonotonicClock.nanoseconds, rules: flowRules)
        outcome.removed += removeLearned(by: outcome)
        note(outcome.removed)
        return outcome
    }

    /// Changes flows, groups, meters and ports in one step: all that `body` does, or nothing if it throws. Not to be
    /// nested, and nothing is to be published within.
    public func transaction<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let (groups, meters, portFlags) = (groups, meters, portFlags)
        beginTransaction()
        do throws(Failure) {
            let result = try body()
            commitTransaction()
            return result
        } catch {
            rollBackTransaction()
            (self.groups, self.meters, self.portFlags) = (groups, meters, portFlags)
            throw error
        }
    }

    /// Begins what ``commitTransaction()`` or ``rollBackTransaction()`` ends.
    public func beginTransaction() { tables.beginTransaction() }

    /// Keeps what was changed since the transaction began.
    public func commitTransaction() { tables.commitTransaction() }

    /// Takes back what was changed since the transaction began.
    public func rollBackTransaction() { tables.rollBackTransaction() }

    /// Puts all changes since the last publication in force. When this returns, no packet is treated by flows that
    /// went, and the counts of those whose removal controllers are to hear of are final.
    ///
    /// Costs what has changed, not what is there; nothing if nothing has changed.
    public func publishChanges() {
        if needsWholePublication { return publish() }
        let changes = tables.takeChanges()
        if case .some(let list) = changes, list.isEmpty { return }
        pipeline = makePipeline()
        datapath.publish(pipeline, changes: changes, on: number)
        creditLastCounts()
    }

    /// Removes the flows that use a group that goes; with ``Group/all``, those that use any (OpenFlow 1.3.5 §6.7).
    func removeFlows(usingGroup group: UInt32) -> FlowModOutcome {
        removeFlows(reason: .groupDelete) { action in
            if case .group(let id) = action { group == Group.all || id == group } else { false }
        }
    }

    /// Removes the flows that use a meter that goes; with ``Meter/all``, those that use any (OpenFlow 1.3.5 §6.7).
    func removeFlows(usingMeter meter: UInt32) -> FlowModOutcome {
        removeFlows(
            reason: .meterDelete, instructions: { $0.meter.map { meter == Meter.all || $0 == meter } ?? false },
            actions: { if case .meter(let id) = $0 { meter == Meter.all || id == meter } else { false } })
    }

    private func removeFlows(
        reason: FlowRemovedReason, instructions: (InstructionSet) -> Bool = { _ in false },
        actions: (Action) -> Bool
    ) -> FlowModOutcome {
        var outcome = FlowModOutcome()
        outcome.removed = tables.remove(reason: reason, now: MonotonicClock.nanoseconds) { flow in
            instructions(flow.instructions) || flow.instructions.apply.flattened.contains(where: actions)
                || flow.instructions.write.contains(where: actions)
        }
        outcome.removed += removeLearned(by: outcome)
        note(outcome.removed)
        return outcome
    }

    /// Gives a table another name, size or way of being full.
    public func set(_ settings: TableSettings, ofTable table: UInt8) { tables.set(settings, of: table) }

    // MARK: Timeouts

    /// When ``expire()`` is to be called next, in nanoseconds of ``MonotonicClock``; `nil`: no flow has a timeout.
    public var nextExpiry: UInt64? { tables.nextExpiry }

    /// Removes the flows whose time is over and puts that in force. The counts of the flows removed are final.
    public func expire() -> [FlowRemoval] {
        var outcome = FlowModOutcome()
        outcome.removed = tables.expire(now: MonotonicClock.nanoseconds) { datapath.creditFlows(ofBridge: number) }
        if outcome.removed.isEmpty { return [] }
        outcome.removed += removeLearned(by: outcome)
        note(outcome.removed)
        publishChanges()
        return outcome.removed
    }

    private func note(_ removed: [FlowRemoval]) {
        forgetFullLearnings(removed)
        if removed.contains(where: { $0.entry.flow.flags.contains(.sendFlowRemoved) }) { awaitsLastCounts = true }
    }

    /// After a publication, for workers may have counted on until then.
    func creditLastCounts() {
        guard awaitsLastCounts else { return }
        awaitsLastCounts = false
        datapath.creditFlows(ofBridge: number)
    }

    // MARK: Many at once

    /// Replaces all flows. They are in force when this returns, and the counts of the old ones final.
    ///
    /// - Throws: when they are too many; then nothing has changed.
    public func setFlows(_ flows: [Flow]) throws {
        let now = MonotonicClock.nanoseconds
        try tables.transaction { (tables: inout FlowTables) throws(FlowTableError) in
            tables.remove(FlowSelection())
            for flow in flows { try tables.add(flow, now: now) }
        }
        if !fullLearnings.isEmpty {
            fullLearnings = [:]
            needsWholePublication = true
        }
        awaitsLastCounts = true
        publishChanges()
    }

    /// All flows with their counters brought up to date, in the order of tables and priorities.
    public func flowsWithCounters() -> [FlowEntry] { flowsWithCounters(FlowSelection()) }

    /// The flows selected with their counters brought up to date, in the order of tables and priorities.
    public func flowsWithCounters(_ selection: FlowSelection) -> [FlowEntry] {
        datapath.creditFlows(ofBridge: number)
        return tables.flows(selection)
    }
}
