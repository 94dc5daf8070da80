import OpenFlow

extension InstructionSet {
    /// Whether the actions suit packets of a match: a field is set only in packets that have it (OpenFlow 1.3.5
    /// §7.4.4.3, OFPBAC_MATCH_INCONSISTENT). In 1.0, actions that name no field skip packets that
    /// they don't suit.
    public func checkConsistency(with match: Match, version: OpenFlowVersion) throws(OpenFlowError) {
        if apply.isEmpty && write.isEmpty { return }
        let rules: ActionCheck.Rules = version == .v10 ? .openFlow10 : .openFlow11
        if let found = ActionCheck.inconsistency(of: self, with: match, rules: rules) { throw found.openFlowError }
    }
}
