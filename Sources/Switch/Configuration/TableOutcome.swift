import FlowTable
import OpenFlow

/// What changes of a bridge's flows, groups or meters came to.
public struct TableOutcome: Sendable {
    /// In numbers, for people.
    public internal(set) var report = TableChangeReport()
    /// The flows that came, went or changed, for those who are to hear of them.
    public internal(set) var flows = FlowModOutcome()
}

extension Bridge {
    /// Makes the changes of a text, all of them or none. They are in force when this returns.
    ///
    /// - Parameter make: makes one and counts it.
    func change<Change>(
        _ text: TableText<Change>,
        _ make: (Change, inout TableChangeReport) throws(OpenFlowError) -> FlowModOutcome
    ) throws(FlowTextError) -> TableOutcome {
        let outcome = try transaction { () throws(FlowTextError) in
            var outcome = TableOutcome()
            try text.forEach { (change) throws(OpenFlowError) in
                outcome.flows += try make(change, &outcome.report)
            }
            return outcome
        }
        publishChanges()
        return outcome
    }
}
