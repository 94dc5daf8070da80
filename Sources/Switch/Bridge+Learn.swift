import Datapath
import FlowTable
import OpenFlow
import Packet

/// Where learned flows are counted: those with one cookie in one table.
struct LearningPlace: Hashable, Sendable {
    let table: UInt8
    let cookie: UInt64

    init(_ action: LearnAction) {
        table = action.table
        cookie = action.cookie
    }

    var selection: FlowSelection {
        var selection = FlowSelection(table: table)
        (selection.cookie, selection.cookieMask) = (cookie, .max)
        return selection
    }
}

/// What packets have a bridge do with its tables.
extension Bridge {
    /// Does what packets asked for; in force from the next ``publishChanges()`` on.
    func perform(_ effect: any SideEffect) -> FlowModOutcome {
        switch effect {
        case let learning as Learning:
            hasLearned = true
            // A flow that went since has nothing to say any more.
            if let learner = learning.learner, !tables.contains(learner) { return FlowModOutcome() }
            // A table that is full: the flow is tried again with later packets.
            return (try? learn(learning.action, key: learning.key)) ?? FlowModOutcome()
        case let end as ConnectionEnd:
            tables.shortenTimeouts(of: end.flow, idleSeconds: end.idleSeconds, hardSeconds: end.hardSeconds)
            return FlowModOutcome()
        default:
            return FlowModOutcome()
        }
    }

    /// Learns a flow from a packet (ovs-actions(7), learn).
    func learn(_ action: LearnAction, key: FlowKey) throws(OpenFlowError) -> FlowModOutcome {
        let mod = action.flowMod(for: key)
        let known = tables.flow(in: mod.flow.table, match: mod.flow.match, priority: mod.flow.priority)
        if let known, known.flow.instructions == mod.flow.instructions, known.flow.cookie == mod.flow.cookie {
            return try renew(known, mod.flow)
        }
        if known == nil, action.limit > 0 {
            let place = LearningPlace(action)
            let isFull = tables.flows(place.selection).count >= Int(action.limit)
            setFull(isFull, place)
            if isFull { return FlowModOutcome() }
        }
        return try apply(mod)
    }

    /// The timeouts of a flow that is learned again begin anew.
    private func renew(_ known: FlowEntry, _ flow: Flow) throws(OpenFlowError) -> FlowModOutcome {
        let now = MonotonicClock.nanoseconds
        known.touch(at: now)
        // A hard timeout begins anew with another flow in the place; not for every packet, but often enough that it is
        // never felt.
        let hard = UInt64(known.flow.hardTimeoutSeconds) * 1_000_000_000
        if hard == 0 || known.duration(at: now) < min(hard / 4, 1_000_000_000) { return FlowModOutcome() }
        return try apply(FlowMod(.add, flow))
    }

    private func setFull(_ isFull: Bool, _ place: LearningPlace) {
        if fullLearnings.contains(place) == isFull { return }
        if isFull { fullLearnings.insert(place) } else { fullLearnings.remove(place) }
        // Decisions tell packets whether the flow was let in.
        needsWholePublication = true
    }

    /// Flows learned go with the flow that learned them, where it says so and no other does the same.
    func removeLearned(by outcome: FlowModOutcome) -> [FlowRemoval] {
        let gone = outcome.removed.map(\.entry) + outcome.replaced + outcome.modified.map(\.before)
        let places = Set(gone.flatMap { $0.flow.instructions.placesToClear })
        if places.isEmpty { return [] }
        let kept = Set(tables.flows(FlowSelection()).flatMap { $0.flow.instructions.placesToClear })
        let now = MonotonicClock.nanoseconds
        return places.subtracting(kept).flatMap { place in
            tables.remove(place.selection).map {
                FlowRemoval(entry: $0, reason: .delete, durationNanoseconds: $0.duration(at: now))
            }
        }
    }
}

extension InstructionSet {
    /// Where flows are that were learned and go with the flow.
    fileprivate var placesToClear: [LearningPlace] {
        apply.compactMap { if case .learn(let action) = $0, action.deletesLearned { LearningPlace(action) } else { nil } }
    }
}

extension VirtualSwitch {
    /// Does what packets have asked for since, such as learning flows, and puts it in force. To be called when
    /// ``packetInDescriptor`` becomes readable.
    ///
    /// - Returns: what it did to the flows.
    @discardableResult
    public func performEffects() -> [(bridge: Bridge, outcome: FlowModOutcome)] {
        let effects = datapath.effects.takeAll()
        if effects.isEmpty { return [] }
        var outcomes: [Int: FlowModOutcome] = [:]
        for (number, effect) in effects {
            guard let bridge = bridges.first(where: { $0.number == number }) else { continue }
            outcomes[number, default: FlowModOutcome()] += bridge.perform(effect)
        }
        let result = outcomes.compactMap { number, outcome in
            bridges.first { $0.number == number }.map { ($0, outcome) }
        }
        for (bridge, _) in result { bridge.publishChanges() }
        datapath.effects.finish(effects.count)
        return result
    }
}
