import OpenFlow

extension FlowTables {
    /// When flows are to be looked at next, in nanoseconds of the monotonic clock; `nil`: no flow has a timeout.
    public var nextExpiry: UInt64? { model.timeouts.nextDue }

    /// Removes the flows whose time is over (OpenFlow 1.3.5 §5.5).
    ///
    /// - Parameters:
    ///   - now: nanoseconds of the monotonic clock.
    ///   - refreshUse: called once if a flow may have been idle for long enough: brings up to date when flows were last
    ///     used.
    public mutating func expire(now: UInt64, refreshUse: () -> Void) -> [FlowRemoval] {
        guard let due = nextExpiry, due <= now else { return [] }
        own()
        var candidates: [FlowEntry] = []
        while let entry = model.timeouts.popDue(at: now) {
            if let current = model.rule(of: entry)?.entry, current.id == entry.id { candidates.append(current) }
        }
        if candidates.contains(where: { $0.flow.idleTimeoutSeconds > 0 }) { refreshUse() }
        var removed: [FlowRemoval] = []
        for entry in candidates {
            guard let expiry = entry.expiry() else { continue }
            if expiry.nanoseconds > now {
                model.timeouts.postpone(entry, to: expiry.nanoseconds)
            } else if remove(entry) {
                removed.append(
                    FlowRemoval(entry: entry, reason: expiry.reason, durationNanoseconds: entry.duration(at: now)))
            }
        }
        return removed
    }
}
