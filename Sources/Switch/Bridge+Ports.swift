import OpenFlow

/// What controllers set of ports, and what ports tell (OpenFlow 1.3.5 §7.2.1).
extension Bridge {
    /// What a port is forbidden.
    public func flags(ofPort number: UInt32) -> PortFlags { portFlags[number] ?? [] }

    /// Forbids a port things, or allows them again; in force from the next ``publishChanges()`` on.
    public func setFlags(_ flags: PortFlags, ofPort number: UInt32) {
        if self.flags(ofPort: number) == flags { return }
        portFlags[number] = flags.isEmpty ? nil : flags
        needsWholePublication = true
    }

    /// Tells whether the link of a port is up: buckets of groups that watch it live or die with it, from the next
    /// ``publishChanges()`` on.
    public func setLink(_ isUp: Bool, ofPort number: UInt32) {
        if isUp == !portsWithoutLink.contains(number) { return }
        if isUp { portsWithoutLink.remove(number) } else { portsWithoutLink.insert(number) }
        needsWholePublication = true
    }
}
