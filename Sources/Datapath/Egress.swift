// Hot path: sending for workers that have no queue of their own at a device.
import DPDK

/// A ring into which all workers put packets for one device, and the device to which one worker sends them.
///
/// A packet on the ring counts as delivered, so it is never dropped here: what the device does not take now is kept
/// and tried again, and the ring that fills up meanwhile is where packets are refused.
struct Egress {
    /// Index of the port.
    let port: UInt16
    private let ring: OpaquePointer
    private let device: UInt16
    private let queue: UInt16
    /// A guest's queues, instead of a device.
    private let pair: UnsafeMutablePointer<VhostQueuePair>?
    private let held: PacketPointers
    private var heldCount = 0

    init(port: UInt16, ring: PacketRing, device: UInt16, queue: UInt16) {
        self.port = port
        self.ring = ring.raw
        self.device = device
        self.queue = queue
        pair = nil
        held = .allocate(capacity: Limits.burst)
    }

    /// Packets for a guest, whose receive queue the draining worker owns.
    init(port: UInt16, ring: PacketRing, pair: UnsafeMutablePointer<VhostQueuePair>) {
        self.port = port
        self.ring = ring.raw
        device = 0
        queue = 0
        self.pair = pair
        held = .allocate(capacity: Limits.burst)
    }

    /// Frees the packets that are still held.
    func free() {
        for index in 0..<heldCount { evs_mbuf_free(held[index]) }
        held.deallocate()
    }

    /// Sends what is on the ring; how many packets went.
    @inline(__always) @_noLocks
    mutating func drain() -> Int {
        if heldCount == 0 {
            heldCount = Int(evs_ring_dequeue(ring, held, UInt32(truncatingIfNeeded: Limits.burst)))
            if heldCount == 0 { return 0 }
        }
        let sent: Int
        if let pair {
            sent = pair.drain(held, heldCount)
        } else {
            sent = Int(evs_transmit(device, queue, held, UInt16(truncatingIfNeeded: heldCount)))
        }
        var index = sent
        while index < heldCount {
            held[index &- sent] = held[index]
            index &+= 1
        }
        heldCount &-= sent
        return sent
    }
}
