import CDPDK

/// A queue of packets between threads, without locks (rte_ring); one consumer.
public final class PacketRing: Sendable {
    /// The rte_ring.
    // Safe: rings are made for use from several threads; it lives as long as this object.
    public nonisolated(unsafe) let raw: OpaquePointer

    /// - Parameters:
    ///   - name: for DPDK's own reports; need not be unique.
    ///   - capacity: a power of two; one slot stays empty.
    ///   - isSingleProducer: whether only one thread puts packets in.
    public init(name: String, capacity: Int, isSingleProducer: Bool = false, socket: Int? = nil) throws(DPDKError) {
        let ring = evs_ring_create(name, CUnsignedInt(capacity), CInt(socket ?? -1), isSingleProducer)
        guard let ring else { throw DPDKError("no memory for a ring of \(capacity) packets", code: evs_last_error()) }
        raw = ring
    }

    deinit { evs_ring_free(raw) }

    public var count: Int { Int(evs_ring_count(raw)) }
}

extension PacketRing {
    /// Takes up to `limit` packets out; how many there were.
    public func take(into packets: PacketPointers, limit: Int) -> Int {
        Int(evs_ring_dequeue(raw, packets, CUnsignedInt(limit)))
    }
}
