import OpenFlow
import Packet

extension FlowTables {
    /// Does what a flow-mod message asks for (OpenFlow 1.3.5 §6.4). When it throws, nothing has changed.
    ///
    /// - Parameters:
    ///   - now: nanoseconds of the monotonic clock.
    ///   - rules: which groups and meters there are.
    public mutating func apply(
        _ mod: FlowMod, now: UInt64, rules: FlowModRules = FlowModRules()
    ) throws(OpenFlowError) -> FlowModOutcome {
        if mod.flow.flags.rawValue & ~Flow.Flags.known.rawValue != 0 {
            throw .flowModFailed(.badFlags, "unknown flags 0x" + String(mod.flow.flags.rawValue, radix: 16))
        }
        switch mod.command {
        case .add: return try applyAddition(of: mod.flow, now: now, rules: rules)
        case .modify, .modifyStrict: return try applyModification(mod, now: now, rules: rules)
        case .delete, .deleteStrict: return try applyDeletion(mod, now: now)
        }
    }

    private mutating func applyAddition(
        of flow: Flow, now: UInt64, rules: FlowModRules
    ) throws(OpenFlowError) -> FlowModOutcome {
        guard flow.table <= Flow.lastTable else {
            throw .flowModFailed(.badTableID, "a flow is added to a table from 0 to \(Flow.lastTable)")
        }
        try rules.check(flow.instructions, table: flow.table)
        var outcome = FlowModOutcome()
        do throws(FlowTableError) {
            let addition = try add(flow, now: now) { evicted in
                outcome.removed.append(
                    FlowRemoval(entry: evicted, reason: .eviction, durationNanoseconds: evicted.duration(at: now)))
            }
            outcome.added.append(addition.entry)
            if let replaced = addition.replaced { outcome.replaced.append(replaced) }
        } catch {
            throw error.openFlowError
        }
        return outcome
    }

    private mutating func applyModification(
        _ mod: FlowMod, now: UInt64, rules: FlowModRules
    ) throws(OpenFlowError) -> FlowModOutcome {
        let flow = mod.flow
        let table = flow.table == FlowMod.allTables ? nil : flow.table
        // Every table only where a message has no place for one: 1.0's, and Nicira's that goes by the cookie.
        guard table != nil || mod.addsWhenNoneIsModified || mod.cookieMask != 0 && !mod.setsCookie else {
            throw .flowModFailed(.badTableID, "flows are modified in a table from 0 to \(Flow.lastTable)")
        }
        try rules.check(flow.instructions, table: table)
        var outcome = FlowModOutcome()
        outcome.modified = modify(
            mod.selection(isStrict: mod.command == .modifyStrict), instructions: flow.instructions,
            cookie: mod.setsCookie ? flow.cookie : nil, resetsCounts: flow.flags.contains(.resetCounts))
        guard outcome.modified.isEmpty, mod.addsWhenNoneIsModified else { return outcome }
        var added = flow
        added.table = table ?? 0
        return try applyAddition(of: added, now: now, rules: rules)
    }

    private mutating func applyDeletion(_ mod: FlowMod, now: UInt64) throws(OpenFlowError) -> FlowModOutcome {
        var outcome = FlowModOutcome()
        outcome.removed = remove(mod.selection(isStrict: mod.command == .deleteStrict)).map {
            FlowRemoval(entry: $0, reason: .delete, durationNanoseconds: $0.duration(at: now))
        }
        return outcome
    }
}

extension FlowMod {
    /// The flows that a modification or deletion means.
    func selection(isStrict: Bool) -> FlowSelection {
        let table = flow.table == FlowMod.allTables ? nil : flow.table
        var selection = FlowSelection(table: table, match: flow.match)
        if isStrict { selection.strictPriority = flow.priority }
        (selection.cookie, selection.cookieMask) = (flow.cookie, cookieMask)
        if command == .delete || command == .deleteStrict {
            selection.outputPort = outputPort == .any ? nil : outputPort
            selection.outputGroup = outputGroup == Group.any ? nil : outputGroup
        }
        return selection
    }
}

extension FlowTableError {
    /// The standard's error for it.
    var openFlowError: OpenFlowError {
        switch self {
        case .tableFull: .flowModFailed(.tableFull, description)
        case .overlap: .flowModFailed(.overlap, description)
        case .badTable: .flowModFailed(.badTableID, description)
        }
    }
}

extension Flow.Flags {
    /// Those that OpenFlow 1.3 knows.
    static let known: Flow.Flags = [.sendFlowRemoved, .checkOverlap, .resetCounts, .noPacketCounts, .noByteCounts]
}
