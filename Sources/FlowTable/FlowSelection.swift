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
    /// Flows that have an output to this port among their actions; `nil`: any flow (OFPP_ANY). For removals only.
    public var outputPort: PortNumber?

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
        if (flow.cookie ^ cookie) & cookieMask != 0 { return false }
        if let strictPriority {
            guard flow.priority == strictPriority, flow.match == match else { return false }
        } else {
            guard match.mask.isSubset(of: flow.match.mask), match.matches(flow.match.key) else { return false }
        }
        guard let outputPort else { return true }
        return (flow.instructions.apply + flow.instructions.write).contains { action in
            if case .output(outputPort, _) = action { true } else { false }
        }
    }
}
