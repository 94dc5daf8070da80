import Datapath
import Packet
import VhostUser

/// A port as an operator wants it.
public struct PortConfiguration: Sendable {
    /// Unique in the bridge.
    public var name: String
    /// The OpenFlow number; `nil`: the lowest that is free.
    public var number: UInt32?
    public var kind: Kind

    /// The types of port. Each is opened by the file of its name in PortTypes.
    public enum Kind: Sendable {
        /// Captures played in, and what leaves written to a file.
        case pcap(PcapOptions)
        /// Any DPDK device, by its arguments: `net_null0,size=64`, `net_pcap0,rx_pcap=…`, a PCI address.
        case dpdk(devargs: String)
        /// One end of a ring; the port that names the same ring is the other.
        case ring(name: String)
        /// A kernel tap interface of that name.
        case tap(interface: String)
        /// A kernel interface that exists, reached through AF_PACKET.
        case afPacket(interface: String)
        /// An interface of the host's own, to which it can give an address. One named as its bridge is the bridge's
        /// LOCAL port.
        case `internal`
        /// Joined with the port of that name in another bridge.
        case patch(peer: String)
        /// A virtual machine, by the vhost-user socket of its monitor.
        case vhostUser(VhostUserOptions)
        /// Takes everything, gives nothing.
        case null
    }

    public init(name: String, number: UInt32? = nil, kind: Kind) {
        self.name = name
        self.number = number
        self.kind = kind
    }
}

/// How a guest is reached, and what it is offered.
public struct VhostUserOptions: Sendable {
    public var endpoint: VhostEndpoint
    /// Pairs of queues, 1 to ``VhostSessionOptions/queuePairLimit``.
    public var queuePairs: Int

    public init(endpoint: VhostEndpoint, queuePairs: Int = 1) {
        self.endpoint = endpoint
        self.queuePairs = queuePairs
    }

    /// A guest whose monitor listens at a socket.
    public static func client(path: String) -> VhostUserOptions {
        VhostUserOptions(endpoint: .client(path: path))
    }
}

/// What a `pcap` port plays and writes.
public struct PcapOptions: Sendable {
    /// Played in one after the other. Safe to share: a capture never changes.
    public var capture: Capture?
    /// How often the capture is played; `nil`: until the switch stops.
    public var rounds: Int? = 1
    public var pace = ReplayPace.maximum
    /// Where to write what leaves the port; `nil`: it is counted and forgotten.
    public var outputPath: String?
    /// Of the timestamps written.
    public var precision = CapturePrecision.microseconds

    public init() {}
}
