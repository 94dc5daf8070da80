import DPDK
import Datapath

/// The rings by which pairs of ports are joined.
final class RingPairs {
    private var waiting: [String: Pair] = [:]

    private struct Pair {
        let forth: PacketRing
        let back: PacketRing
    }

    /// The rings for a port that names a ring: the first to name it gets one end, the second the other.
    ///
    /// - Throws: when both ends are taken or memory is short.
    func end(of name: String) throws -> (receive: PacketRing, transmit: PacketRing, end: Int) {
        if let pair = waiting.removeValue(forKey: name) { return (pair.forth, pair.back, 1) }
        let pair = Pair(
            forth: try PacketRing(name: "r-\(name)-a", capacity: 2048),
            back: try PacketRing(name: "r-\(name)-b", capacity: 2048))
        waiting[name] = pair
        return (pair.back, pair.forth, 0)
    }
}

extension PortOpening {
    /// `ring`: joined with the other port that names the same ring; what one sends the other receives.
    func openRing(_ name: String, pairs: RingPairs) throws -> OpenPort {
        let (receive, transmit, end) = try pairs.end(of: name)
        let device = try EthernetDevice(
            name: "ring-\(name)-\(end)", receive: receive, transmit: transmit, pool: pool)
        // Any worker may send: the ring takes several producers.
        return OpenPort(
            input: .device(port: device.port, queue: 0),
            outputs: Array(repeating: .device(port: device.port, queue: 0), count: workerCount),
            // The rings must outlive the device that uses them.
            close: { withExtendedLifetime((receive, transmit)) { device.close() } })
    }
}
