import DPDK
import Datapath

/// The rings by which pairs of ports are joined.
final class RingPairs {
    private var pairs: [String: Pair] = [:]

    private struct Pair {
        let forth: PacketRing
        let back: PacketRing
        var isTaken = [false, false]
    }

    /// The rings for a port that names a ring: a free end of it, of two.
    ///
    /// - Throws: when both ends are taken or memory is short.
    func takeEnd(of name: String) throws -> (receive: PacketRing, transmit: PacketRing, end: Int) {
        var pair: Pair
        if let known = pairs[name] {
            pair = known
        } else {
            pair = Pair(
                forth: try PacketRing(name: "r-\(name)-a", capacity: 2048),
                back: try PacketRing(name: "r-\(name)-b", capacity: 2048))
        }
        guard let end = pair.isTaken.firstIndex(of: false) else {
            throw SwitchError("both ends of the ring '\(name)' are taken")
        }
        pair.isTaken[end] = true
        pairs[name] = pair
        return end == 0 ? (pair.back, pair.forth, end) : (pair.forth, pair.back, end)
    }

    /// Gives an end back; its device is closed. What waits on the rings goes with the second end.
    func release(_ end: Int, of name: String) {
        guard var pair = pairs.removeValue(forKey: name) else { return }
        pair.isTaken[end] = false
        if pair.isTaken.contains(true) {
            pairs[name] = pair
        } else {
            for ring in [pair.forth, pair.back] { ring.dropAll() }
        }
    }
}

extension PacketRing {
    /// Frees all packets on the ring. No other thread may use it any more.
    fileprivate func dropAll() {
        withUnsafeTemporaryAllocation(of: OpaquePointer?.self, capacity: Limits.burst) { packets in
            guard let start = packets.baseAddress else { return }
            while true {
                let count = take(into: start, limit: Limits.burst)
                if count == 0 { return }
                for index in 0..<count { evs_mbuf_free(start[index]) }
            }
        }
    }
}

extension PortOpening {
    /// `ring`: joined with the other port that names the same ring; what one sends the other receives.
    func openRing(_ name: String, pairs: RingPairs) throws -> OpenPort {
        let (receive, transmit, end) = try pairs.takeEnd(of: name)
        let device: EthernetDevice
        do {
            device = try EthernetDevice(name: "ring-\(name)-\(end)", receive: receive, transmit: transmit, pool: pool)
        } catch {
            pairs.release(end, of: name)
            throw error
        }
        // Any worker may send: the ring takes several producers.
        return OpenPort(
            input: .device(port: device.port, queue: 0),
            outputs: Array(repeating: .device(port: device.port, queue: 0), count: workerCount),
            // The rings must outlive the device that uses them.
            close: {
                withExtendedLifetime((receive, transmit)) { device.close() }
                pairs.release(end, of: name)
            })
    }
}
