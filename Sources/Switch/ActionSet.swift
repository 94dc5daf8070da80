import Datapath
import OpenFlow
import Packet

/// The actions that a packet gathers on its way and that are executed when the way ends (OpenFlow 1.3.5 §5.10).
///
/// At most one of each kind; a later one replaces an earlier. They are executed in the standard's order, not in the
/// order of writing.
struct ActionSet {
    private var popVLAN = false
    private var pushVLAN: UInt16?
    private var decrementTTL = false
    /// Everything that sets a field, one for each field, in the order of first writing.
    private var sets: [Action] = []
    private var output: Action?

    mutating func write(_ action: Action) {
        switch action {
        case .popVLAN:
            popVLAN = true
        case .pushVLAN(let type):
            pushVLAN = type
        case .decrementTTL:
            decrementTTL = true
        case .output, .outputField:
            output = action
        case .setField, .load, .move, .modVLANVID, .modVLANPCP, .modField:
            sets.removeAll { $0.settles(sameAs: action) }
            sets.append(action)
        default:
            break
        }
    }

    /// In the order of OpenFlow 1.3.5 §5.10. Without an output the set does nothing.
    var actions: [Action] {
        guard let output else { return [] }
        var result: [Action] = popVLAN ? [.popVLAN] : []
        if let pushVLAN { result.append(.pushVLAN(etherType: pushVLAN)) }
        if decrementTTL { result.append(.decrementTTL) }
        return result + sets + [output]
    }
}

extension Action {
    /// Whether two actions set the same thing, so that the later replaces the earlier.
    fileprivate func settles(sameAs other: Action) -> Bool {
        switch (self, other) {
        case (.modVLANVID, .modVLANVID), (.modVLANPCP, .modVLANPCP): true
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
