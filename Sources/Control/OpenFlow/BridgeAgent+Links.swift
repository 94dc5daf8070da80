import OpenFlow
import OpenFlowWire
import Switch

/// Ports that come, go, or whose link changes.
extension BridgeAgent {
    /// Tells of ports that are new or gone since the last time.
    func notePorts() {
        let known = knownPorts
        knownPorts = Dictionary(bridge.ports.map { ($0.index, description(of: $0)) }) { first, _ in first }
        guard hasNotedPorts else { return hasNotedPorts = true }
        for (index, description) in known where knownPorts[index]?.name != description.name {
            tell(PortStatus(.delete, description))
        }
        for (index, description) in knownPorts.sorted(by: { $0.key < $1.key })
        where known[index]?.name != description.name {
            tell(PortStatus(.add, description))
        }
    }

    /// Tells of links that went up or down since the last time, which fast-failover groups go by.
    func noteLinks() {
        for port in bridge.ports {
            let now = description(of: port)
            guard let before = knownPorts[port.index], before.state != now.state else { continue }
            knownPorts[port.index] = now
            bridge.setLink(!now.state.contains(.linkDown), ofPort: port.number)
            tell(PortStatus(.modify, now))
        }
        bridge.publishChanges()
    }

}
