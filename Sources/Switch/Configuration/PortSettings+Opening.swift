import DPDK
import VhostUser

extension PortSettings {
    /// What the switch is to open.
    ///
    /// - Parameter number: the OpenFlow number; `nil` for LOCAL.
    /// - Throws: when ports of the type can't be opened here.
    func opening(number: UInt32?, environment: Environment) throws(SwitchError) -> PortConfiguration {
        let kind: PortConfiguration.Kind
        switch self.kind {
        case .vhostUserClient(let settings):
            kind = .vhostUser(VhostUserOptions(endpoint: .client(path: settings.path), queuePairs: settings.queues))
        case .vhostUser(let settings):
            let access = VhostEndpointAccess(
                user: settings.owner, group: settings.group, mode: settings.mode.map(UInt32.init) ?? 0o660)
            kind = .vhostUser(
                VhostUserOptions(
                    endpoint: .server(path: settings.path, access: access), queuePairs: settings.queues))
        case .dpdk(let devargs):
            if !devargs.hasPrefix("net_"), !environment.options.probesPCI {
                throw SwitchError(
                    "port '\(name)': PCI devices are looked for at start only: name '\(devargs)' in the "
                        + "configuration file and start evs again")
            }
            kind = .dpdk(devargs: devargs)
        case .ring(let ring): kind = .ring(name: ring)
        case .tap(let interface): kind = .tap(interface: interface)
        case .afPacket(let interface): kind = .afPacket(interface: interface)
        case .internal: kind = .internal
        case .patch(let peer): kind = .patch(peer: peer)
        case .null: kind = .null
        }
        return PortConfiguration(name: name, number: number, kind: kind)
    }
}
