import Switch

/// What a bridge does while none of its controllers is there (OpenFlow 1.3.5 §6.3.2): in secure mode go on with the
/// flows that it has, in standalone mode forward by NORMAL, whatever the flows say, until one is there again.
extension BridgeAgent {
    /// How long none must have been there, in units of the inactivity probe.
    private static let patience = 3.0
    /// Seconds between probes where there are none.
    private static let usualProbe = 5.0

    /// Looks at who is there.
    ///
    /// - Returns: whether the bridge fails open now, if that has changed.
    func updateFailMode(_ settings: BridgeSettings) -> Bool? {
        let now = MonotonicTime.now
        if settings.failMode == .secure || settings.controllers.targets.isEmpty || !controllers.isEmpty {
            lastAttended = now
        }
        let probe = settings.controllers.inactivityProbeSeconds
        let limit = Self.patience * (probe > 0 ? probe : Self.usualProbe)
        let isOpen = Double(now - lastAttended) > limit * 1e9
        if isOpen == bridge.failsOpen { return nil }
        bridge.failsOpen = isOpen
        settle()
        return isOpen
    }
}
