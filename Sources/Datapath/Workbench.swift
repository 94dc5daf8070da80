import DPDK
import Packet

/// A worker whose stages are run one at a time, to be measured. The workers' threads must not run.
@_spi(Workbench)
public struct Workbench {
    private let worker: WorkerPointer
    private let bridge: UnsafeMutablePointer<BridgeState>
    private let number: UInt32 = 1

    init(worker: WorkerPointer, bridge: UnsafeMutablePointer<BridgeState>) {
        self.worker = worker
        self.bridge = bridge
    }

    /// Puts packets in hand as if a port had just given them; at most ``Limits/burst``.
    public func receive(_ packets: [[UInt8]]) {
        precondition(packets.count <= Limits.burst)
        for (index, bytes) in packets.enumerated() {
            guard let raw = evs_mbuf_allocate(worker.pointee.pool) else { preconditionFailure("no packet buffer") }
            evs_mbuf_set_length(raw, UInt16(bytes.count))
            bytes.withUnsafeBytes { evs_copy(PacketBuffer(raw).data, $0.baseAddress!, bytes.count) }
            worker.pointee.packets[index] = raw
            worker.pointee.lengths[index] = UInt32(bytes.count)
        }
        worker.pointee.attemptedBits = 0
        worker.pointee.deliveredBits = 0
    }

    /// Fills the keys of the packets in hand.
    public func parse(_ count: Int) { worker.parse(count, bridge, number) }

    /// Looks the packets in hand up in the exact-match cache; how many it did not know.
    public func probeExactMatch(_ count: Int) -> Int { worker.probeExactMatch(count, bridge).nonzeroBitCount }

    /// Finds the megaflows of all packets in hand, translating where there is none.
    public func resolve(_ count: Int) {
        let missing = worker.probeExactMatch(count, bridge)
        if missing != 0 { worker.resolve(missing, bridge, number, count) }
    }

    /// Executes the programs of the packets in hand and sends them; they are gone then.
    public func execute(_ count: Int) {
        worker.execute(count, bridge)
        worker.send()
    }
}
