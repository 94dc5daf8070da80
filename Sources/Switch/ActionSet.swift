import Datapath
import OpenFlow
import Packet

/// The actions that a packet gathers on its way and that are executed when the way ends (OpenFlow 1.3.5 §5.10).
///
/// At most one of each kind; a later one replaces an earlier. They are executed in the standard's order, not in the
/// order of writing.
struct ActionSet {
    /// Kinds of which a set has one, in the order of execution.
    private enum Kind: Int, CaseIterable {
        case copyTTLIn, popVLAN, popPBB, popMPLS, pushMPLS, pushPBB, pushVLAN, copyTTLOut, decrementTTL
        case decrementMPLSTTL, set, queue, group, output, resubmit

        /// `nil`: not for action sets.
        init?(_ action: Action) {
            switch action {
            case .copyTTLIn: self = .copyTTLIn
            case .popVLAN: self = .popVLAN
            case .popPBB: self = .popPBB
            case .popMPLS: self = .popMPLS
            case .pushMPLS: self = .pushMPLS
            case .pushPBB: self = .pushPBB
            case .pushVLAN: self = .pushVLAN
            case .copyTTLOut: self = .copyTTLOut
            case .decrementTTL, .decrementTTLNotifying: self = .decrementTTL
            case .decrementMPLSTTL: self = .decrementMPLSTTL
            case .setField, .load, .move, .modVLANVID, .modVLANPCP, .modField, .setMPLSTTL: self = .set
            case .setQueue: self = .queue
            case .group: self = .group
            case .output, .outputField, .controller, .outputTruncated, .enqueue: self = .output
            case .resubmit: self = .resubmit
            case .meter, .popQueue, .learn, .conjunction, .note, .push, .pop, .exit, .finTimeout, .multipath,
                .bundle, .clone:
                return nil
            }
        }
    }

    private var one: [Kind: Action] = [:]
    /// Everything that sets a field, one for each field, in the order of first writing.
    private var sets: [Action] = []

    init() {}

    var isEmpty: Bool { one.isEmpty }

    /// A set of these actions.
    init(_ actions: [Action]) { for action in actions { write(action) } }

    mutating func write(_ action: Action) {
        guard let kind = Kind(action) else { return }
        if kind == .set {
            sets.removeAll { $0.settles(sameAs: action) }
            sets.append(action)
        } else {
            one[kind] = action
        }
    }

    /// In the order of OpenFlow 1.3.5 §5.10. Of group and output, a group goes first, and the other is ignored; without
    /// either the set does nothing.
    var actions: [Action] {
        guard let end = one[.group] ?? one[.output] ?? one[.resubmit] else { return [] }
        var result: [Action] = []
        for kind in Kind.allCases where kind.rawValue < Kind.group.rawValue {
            if kind == .set { result += sets } else if let action = one[kind] { result.append(action) }
        }
        return result + [end]
    }
}

extension Action {
    /// Whether two actions set the same thing, so that the later replaces the earlier.
    fileprivate func settles(sameAs other: Action) -> Bool {
        switch (self, other) {
        case (.modVLANVID, .modVLANVID), (.modVLANPCP, .modVLANPCP), (.setMPLSTTL, .setMPLSTTL): true
        case (.modField(let left, _), .modField(let right, _)): left == right
        // Different parts of one field may be set by two actions.
        case (.setField(let left, _, let mask), .setField(let right, _, let other)):
            left == right && mask & ~other == 0
        case (.load(_, let left), .load(_, let right)): left == right
        case (.move(_, let left), .move(_, let right)): left == right
        default: false
        }
    }
}
