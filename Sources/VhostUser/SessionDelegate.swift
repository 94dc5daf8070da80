/// The data path's end of a vhost-user port. Everything is called on the control thread, synchronously, and must
/// return soon: all vhost-user ports wait meanwhile.
///
/// The order is always `start` – `stop` – `start` … a queue; a new memory table, new features or new addresses stop
/// the queues that they concern and start them again at the same place. What `start` was given is valid until `stop`
/// returns. Nothing may be called back into the service from here.
public protocol VhostPortDelegate: AnyObject {
    /// A queue is complete and enabled: workers may use it from now on, and should interrupt the guest once, as the
    /// interrupt for what was used before a reconnect may be lost.
    func start(queue: QueueSetup, memory: GuestMemoryMap)

    /// Takes a queue from the workers. When this returns, none touches its ring nor guest memory through it.
    /// - Returns: where the ring has got to, as SET_VRING_BASE has it.
    func stop(queue index: Int) -> UInt32

    /// The guest can be reached (a queue pair is served), or no longer.
    /// - Parameters:
    ///   - features: negotiated feature bits; 0 when down.
    ///   - mtu: what the front-end has set, or `nil`.
    func linkChanged(isUp: Bool, features: UInt64, mtu: Int?)

    /// The guest has moved here and can't announce itself: send a RARP broadcast with this source address.
    /// - Parameter mac: the first octet is the highest of the lower 48 bits.
    func announce(mac: UInt64)

    /// A front-end has connected (`nil`) or is gone; for logs. By then all queues are stopped.
    func peerChanged(_ end: VhostSessionEnd?)
}

/// Why a connection has ended.
public enum VhostSessionEnd: Equatable, Sendable, CustomStringConvertible {
    /// The front-end closed it.
    case closedByPeer
    /// The port was removed.
    case removed
    /// The front-end said or did what it may not.
    case violation(VhostViolation)

    public var description: String {
        switch self {
        case .closedByPeer: "closed by the peer"
        case .removed: "port removed"
        case .violation(let violation): violation.description
        }
    }
}
