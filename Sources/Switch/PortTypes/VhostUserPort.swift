import DPDK
import Datapath
import Synchronization
import VhostUser

/// A guest's port: between the sessions of its socket, on the vhost service's thread, and the data path.
// Safe: `port` and `datapath` never change, and what the data path is asked here it takes from any thread.
final class VhostUserLink: VhostPortDelegate, @unchecked Sendable {
    private let datapath: Datapath
    let port: VhostPort

    init(datapath: Datapath, port: VhostPort) {
        self.datapath = datapath
        self.port = port
    }

    func start(queue: QueueSetup, memory: GuestMemoryMap) { datapath.startQueue(queue, memory: memory, of: port) }

    func stop(queue index: Int) -> UInt32 { datapath.stopQueue(index, of: port) ?? 0 }

    // What a guest has negotiated is with its queues; the state of the link is asked of the service.
    func linkChanged(isUp: Bool, features: UInt64, mtu: Int?) {}

    func peerChanged(_ end: VhostSessionEnd?) {}

    func announce(mac: UInt64) { datapath.announce(mac: mac, of: port) }
}

extension VirtualSwitch {
    /// `vhost-user` and `vhost-user-client`: the sockets of virtual machines. The port is there, and drops, before its
    /// guest is.
    func openVhostUser(
        _ options: VhostUserOptions, number: UInt32, bridge: Bridge, worker: Int?
    ) throws(SwitchError) -> (index: UInt16, open: OpenPort) {
        let service: VhostService
        let added: VhostPort?
        do {
            service = try startedVhostService()
            added = try datapath.addVhostPort(
                number: number, pairs: options.queuePairs, bridge: bridge.number, worker: worker)
        } catch { throw SwitchError("\(error)") }
        guard let added else { throw SwitchError("a switch has at most \(Limits.ports) ports") }
        let link = VhostUserLink(datapath: datapath, port: added)
        do {
            let session = VhostSessionOptions(queuePairs: options.queuePairs)
            let id = try service.add(options.endpoint, options: session, delegate: link)
            var open = OpenPort(outputs: [])
            open.quiet = { service.remove(id) }
            open.vhost = (id, link)
            return (added.port, open)
        } catch {
            datapath.removePort(added.port, bridge: bridge.number)
            throw SwitchError("\(error)")
        }
    }
}
