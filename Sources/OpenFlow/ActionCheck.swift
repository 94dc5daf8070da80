import Packet

/// Whether actions suit the packets that a match selects: a field can be set only where its prerequisites hold, a tag
/// popped only where there is one (OpenFlow 1.3.5 §7.2.4, §7.4.4.3: OFPBAC_MATCH_INCONSISTENT).
///
/// It follows the packet through the list: after `pop_mpls:0x0800` it is IPv4, after `push_mpls:0x8847` it is not.
public struct ActionCheck {
    /// How strict to be.
    public enum Rules: Sendable {
        /// `mod_nw_src`, `dec_ttl`, `strip_vlan` and their kin do nothing to a packet that has not what they change,
        /// and may stand behind any match.
        case openFlow10
        /// Each action needs a match that guarantees what it changes (OpenFlow 1.1 and later).
        case openFlow11
    }

    /// An action that does not suit the match, or what went before.
    public struct Inconsistency: Error, Sendable, Hashable {
        public var action: Action
        /// Its place in the list.
        public var index: Int
        public var reason: Reason

        /// What a controller is told.
        public var openFlowError: OpenFlowError {
            reason.openFlowError("action \(index + 1), \(action): \(reason)")
        }
    }

    /// VLAN tags that the data path handles.
    static let mostVLANTags = 2

    let rules: Rules
    /// What the packet is known to be.
    var protocols: MatchedProtocols

    public init(_ match: Match, rules: Rules = .openFlow11) {
        protocols = MatchedProtocols(match)
        self.rules = rules
    }

    /// The first action of a list that does not suit; `nil`: all do.
    public static func inconsistency(
        of actions: [Action], with match: Match, rules: Rules = .openFlow11
    ) -> Inconsistency? {
        var check = ActionCheck(match, rules: rules)
        return check.firstInconsistency(of: actions)
    }

    /// The first action of a flow's instructions that does not suit; `nil`: all do.
    ///
    /// An action set is executed later, in an order of its own, on packets that other tables may have changed. So for
    /// it only fields to set count, and they may find their prerequisites in the order in which the actions stand there
    /// as well as in that of their execution.
    public static func inconsistency(
        of instructions: InstructionSet, with match: Match, rules: Rules = .openFlow11
    ) -> Inconsistency? {
        var check = ActionCheck(match, rules: rules)
        if let found = check.firstInconsistency(of: instructions.apply) { return found }
        var asWritten = ActionCheck(protocols: check.protocols, rules: .openFlow10)
        if let found = firstOutsideActionSet(instructions.write) { return found }
        guard let found = asWritten.firstInconsistency(of: instructions.write) else { return nil }
        var asExecuted = ActionCheck(protocols: check.protocols, rules: .openFlow10)
        let ordered = instructions.write.filter { !$0.isSetField } + instructions.write.filter(\.isSetField)
        return asExecuted.firstInconsistency(of: ordered) == nil ? nil : found
    }

    /// The first action of a list that no action set, and so no bucket, may hold; `nil`: all may stand there.
    public static func firstOutsideActionSet(_ actions: [Action]) -> Inconsistency? {
        for (index, action) in actions.enumerated() where !action.mayStandInActionSet {
            return Inconsistency(action: action, index: index, reason: .notInActionSet)
        }
        return nil
    }

    init(protocols: MatchedProtocols, rules: Rules) {
        self.protocols = protocols
        self.rules = rules
    }

    private mutating func firstInconsistency(of actions: [Action]) -> Inconsistency? {
        let isConjunctive = actions.contains(where: \.isConjunction)
        for (index, action) in actions.enumerated() {
            if isConjunctive && !action.maySupplementConjunction {
                return Inconsistency(action: action, index: index, reason: .besideConjunction)
            }
            do {
                try take(action)
            } catch {
                return Inconsistency(action: action, index: index, reason: error)
            }
        }
        return nil
    }
}

extension Action {
    var isConjunction: Bool { if case .conjunction = self { true } else { false } }

    /// Whether it may stand beside a conjunction (ovs-actions(7)).
    var maySupplementConjunction: Bool {
        switch self {
        case .conjunction, .note: true
        default: false
        }
    }

    /// Whether an action set may hold it (OpenFlow 1.3.5 §5.10, and `resubmit` as in Open vSwitch).
    var mayStandInActionSet: Bool {
        switch self {
        case .outputField, .meter, .popQueue, .enqueue, .controller, .learn, .conjunction, .note, .push, .pop, .exit,
            .finTimeout, .multipath, .bundle, .clone, .outputTruncated:
            false
        default: true
        }
    }

    /// Whether an action set executes it after the actions that add and remove headers (OpenFlow 1.3.5 §5.10).
    fileprivate var isSetField: Bool {
        switch self {
        case .setField, .load, .move, .modField, .modVLANVID, .modVLANPCP, .setMPLSTTL: true
        default: false
        }
    }
}
