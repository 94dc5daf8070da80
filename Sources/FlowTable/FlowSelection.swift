import OpenFlow
import Packet

/// Which flows a removal, a modification or a report is about (OpenFlow 1.3.5 §6.4).
public struct FlowSelection: Sendable, Hashable {
    /// `nil`: every table (OFPTT_ALL).
    public var table: UInt8?
    /// Not strict: flows with this match or a narrower one. Strict: flows with just this match.
    public var match: Match
    /// The priority of a strict selection; `nil`: not strict.
    public var strictPriority: UInt16?
    /// Flows whose cookie agrees with this in the bits of `cookieMask`.
    public var cookie: UInt64 = 0
    /// 0: any cookie.
    public var cookieMask: UInt64 = 0
    /// Flows that have an output to this port among their actions; `nil`: any flow (OFPP_ANY).
    public var outputPort: PortNumber?
    /// Flows that have this group among their actions; `nil`: any flow (OFPG_ANY).
    public var outputGroup: UInt32?

    /// Flows with this match or a narrower one, at any priority; without arguments, all flows.
    public init(table: UInt8? = nil, match: Match = Match()) {
        self.table = table
        self.match = match
    }

    /// The flow with just this match and priority.
    public init(table: UInt8?, strictly match: Match, priority: UInt16) {
        self.init(table: table, match: match)
        strictPriority = priority
    }

    /// Whether a flow is among those meant.
    public func includes(_ flow: Flow) -> Bool {
        if let table, flow.table != table { return false }
        if let strictPriority {
            guard flow.priority == strictPriority, flow.match == match else { return false }
        } else {
            guard match.mask.isSubset(of: flow.match.mask), match.matches(flow.match.key) else { return false }
        }
        return includesBesideMatch(flow)
    }

    /// Whether a flow whose table, match and priority are those meant is meant by all else too.
    func includesBesideMatch(_ flow: Flow) -> Bool {
        if (flow.cookie ^ cookie) & cookieMask != 0 { return false }
        if let outputPort, !flow.instructions.hasAction(where: { $0.outputs(to: outputPort) }) { return false }
        if let outputGroup, !flow.instructions.hasAction(where: { $0 == .group(outputGroup) }) { return false }
        return true
    }
}

extension FlowSelection {
    /// Whether table, match and priority alone tell which flows are meant.
    var isOfMatchAlone: Bool { cookieMask == 0 && outputPort == nil && outputGroup == nil }
}

extension InstructionSet {
    /// Whether an action, executed at once or at the end, has a property. Groups' buckets are not looked into.
    func hasAction(where condition: (Action) -> Bool) -> Bool {
        apply.flattened.contains(where: condition) || write.contains(where: condition)
    }
}

extension Action {
    /// Whether the action outputs to a port that it names.
    fileprivate func outputs(to port: PortNumber) -> Bool {
        switch self {
        case .output(port, _), .outputTruncated(port, _), .enqueue(port, _): true
        case .controller: port == .controller
        default: false
        }
    }
}
