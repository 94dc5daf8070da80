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

/// A flow that is there, by what tells it from others in its table.
struct LearnedFlow: Hashable, Sendable {
    let match: Match
    let priority: UInt16

    init(_ flow: Flow) {
        match = flow.match
        priority = flow.priority
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
        guard action.limit > 0 else { return try apply(mod) }
        let place = LearningPlace(action)
        let count = tables.flows(place.selection).count
        if known == nil, count >= Int(action.limit) {
            noteFull(place)
            return FlowModOutcome()
        }
        let outcome = try apply(mod)
        if known == nil, count + 1 >= Int(action.limit) { noteFull(place) }
        return outcome
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

    /// No further flow is learned there; packets are told so.
    private func noteFull(_ place: LearningPlace) {
        let flows = Set(tables.flows(place.selection).map { LearnedFlow($0.flow) })
        if fullLearnings[place] == flows { return }
        fullLearnings[place] = flows
        needsWholePublication = true
    }

    /// Where flows have gone, others may be learned.
    func forgetFullLearnings(_ removed: [FlowRemoval]) {
        if fullLearnings.isEmpty { return }
        for place in fullLearnings.keys where removed.contains(where: { place.selection.includes($0.entry.flow) }) {
            fullLearnings[place] = nil
            needsWholePublication = true
        }
    }

    /// Flows learned go with the flow that learned them, where it says so and no other does the same.
    func removeLearned(by outcome: FlowModOutcome) -> [FlowRemoval] {
        var places: Set<LearningPlace> = []
        for removal in outcome.removed { removal.entry.flow.instructions.addPlacesToClear(to: &places) }
        for entry in outcome.replaced { entry.flow.instructions.addPlacesToClear(to: &places) }
        for change in outcome.modified { change.before.flow.instructions.addPlacesToClear(to: &places) }
        if places.isEmpty { return [] }
        var kept: Set<LearningPlace> = []
        for entry in tables.flows(FlowSelection()) { entry.flow.instructions.addPlacesToClear(to: &kept) }
        let now = MonotonicClock.nanoseconds
        return places.subtracting(kept).flatMap { tables.remove($0.selection, reason: .delete, now: now) }
    }
}

extension InstructionSet {
    /// Whether packets change the tables.
    var changesTables: Bool {
        apply.flattened.contains {
            switch $0 {
            case .learn, .finTimeout: true
            default: false
            }
        }
    }

    /// Where flows are that were learned and go with the flow.
    fileprivate func addPlacesToClear(to places: inout Set<LearningPlace>) {
        for case .learn(let action) in apply.flattened where action.deletesLearned {
            places.insert(LearningPlace(action))
        }
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
