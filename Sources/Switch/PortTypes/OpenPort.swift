import DPDK
import Datapath
import VhostUser

/// A port's ends, open and ready for the data path, and how to let go of them.
struct OpenPort {
    var input = PortInput.none
    /// One for each worker.
    var outputs: [PortOutput]
    /// A ring that the polling worker empties to the device, where the device has fewer queues than there are workers.
    var egress: PacketRing?
    /// The capture that is played, if one is.
    var replay: UnsafeMutablePointer<ReplaySource>?
    /// The guest's side, if there is one.
    var vhost: (id: VhostService.PortID, link: VhostUserLink)?
    /// The device behind it, if there is one.
    var device: EthernetDevice?
    /// Ends what comes from outside, before the data path lets go of the port.
    var quiet: () -> Void = {}
    /// Finishes and frees; called when no worker uses the port any more.
    var close: () throws -> Void = {}
}

/// What a port type may use to open a port.
struct PortOpening {
    let name: String
    let environment: Environment
    let pool: PacketPool
    let workerCount: Int
}
