import OpenFlow

extension FlowTables {
    /// Whether a flow is still there, as this or a modified entry.
    public func contains(_ entry: FlowEntry) -> Bool { model.isCurrent(entry) }

    /// Gives a flow timeouts that are no longer than these (ovs-actions(7), fin_timeout). Nothing if it has gone.
    ///
    /// - Parameters:
    ///   - idleSeconds: 0: as before.
    ///   - hardSeconds: 0: as before.
    public mutating func shortenTimeouts(of entry: FlowEntry, idleSeconds: UInt16, hardSeconds: UInt16) {
        guard let rule = model.rule(of: entry), rule.entry.id == entry.id else { return }
        let flow = rule.entry.flow
        let idle = FlowTables.shorter(flow.idleTimeoutSeconds, idleSeconds)
        let hard = FlowTables.shorter(flow.hardTimeoutSeconds, hardSeconds)
        if idle == flow.idleTimeoutSeconds, hard == flow.hardTimeoutSeconds { return }
        own()
        model.setTimeouts(of: rule, idleSeconds: idle, hardSeconds: hard)
    }

    /// The shorter of two timeouts, of which 0 is the longest.
    private static func shorter(_ one: UInt16, _ other: UInt16) -> UInt16 {
        one == 0 ? other : other == 0 ? one : min(one, other)
    }
}
