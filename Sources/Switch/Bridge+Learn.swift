import Datapath
import FlowTable
import OpenFlow
import Packet

extension Bridge {
    /// What learning from a packet did.
    public enum Learned: Sendable {
        /// The flow was there; its timeouts begin anew.
        case refreshed
        /// The tables have changed; ``publishChanges()`` puts that in force.
        case changed(FlowModOutcome)
        /// There are as many flows with the cookie in the table as the action allows.
        case limitReached
    }

    /// Learns a flow from a packet (ovs-actions(7), learn).
    public func learn(_ action: LearnAction, key: FlowKey) throws(OpenFlowError) -> Learned {
        let mod = action.flowMod(for: key)
        let known = tables.flow(in: mod.flow.table, match: mod.flow.match, priority: mod.flow.priority)
        if let known, known.flow.instructions == mod.flow.instructions, known.flow.cookie == mod.flow.cookie {
            guard known.flow.hardTimeoutSeconds > 0 else {
                known.touch(at: MonotonicClock.nanoseconds)
                return .refreshed
            }
            return .changed(try apply(FlowMod(.add, mod.flow)))
        }
        if known == nil, action.limit > 0 {
            var selection = FlowSelection(table: action.table)
            (selection.cookie, selection.cookieMask) = (action.cookie, .max)
            if tables.flows(selection).count >= Int(action.limit) { return .limitReached }
        }
        return .changed(try apply(mod))
    }
}
