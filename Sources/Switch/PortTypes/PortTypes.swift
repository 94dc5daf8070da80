import Datapath

extension PortOpening {
    /// Opens a port of whatever type. A new type has a case in ``PortConfiguration/Kind``, a line here and a file
    /// beside this one.
    func open(_ kind: PortConfiguration.Kind, rings: RingPairs) throws -> OpenPort {
        switch kind {
        case .pcap(let options): try openPcap(options)
        case .dpdk(let devargs): try openDevice(devargs)
        case .ring(let name): try openRing(name, pairs: rings)
        case .tap(let interface): try openTap(interface)
        case .afPacket(let interface): try openAFPacket(interface)
        case .internal: try openTap(name)
        // Its queues come and go with the guest: see ``VirtualSwitch/openVhostUser(_:number:bridge:worker:)``.
        case .vhostUser: OpenPort(outputs: Array(repeating: .absent, count: workerCount))
        // It leads nowhere until its peer is there.
        case .patch: OpenPort(outputs: Array(repeating: .absent, count: workerCount))
        case .null: OpenPort(outputs: Array(repeating: .discard, count: workerCount))
        }
    }
}
