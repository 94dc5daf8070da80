import CDPDK

/// A pool of packet buffers of one size (rte_mempool).
public final class PacketPool: Sendable {
    /// The rte_mempool.
    // Safe: DPDK's pools may be used from any thread; it lives as long as this object.
    public nonisolated(unsafe) let raw: OpaquePointer
    public let count: Int

    /// - Parameters:
    ///   - name: for DPDK's own reports; need not be unique.
    ///   - count: buffers.
    ///   - socket: the NUMA node; `nil`: any.
    public init(name: String, count: Int, socket: Int? = nil) throws(DPDKError) {
        self.count = count
        let size = UInt16(PacketBuffer.dataRoom + PacketBuffer.headroom)
        let pool = evs_pool_create(name, CUnsignedInt(count), 256, size, CInt(socket ?? -1))
        guard let pool else {
            let megabytes = (count * (PacketBuffer.dataRoom + PacketBuffer.headroom + 192)) >> 20
            throw DPDKError(
                "no memory for \(count) packet buffers (\(megabytes) MB); give evs more memory or hugepages",
                code: evs_last_error())
        }
        raw = pool
    }

    /// Frees the memory of all buffers. No device, ring or thread may hold one any more that it will still touch.
    deinit { evs_pool_free(raw) }

    /// Buffers that nobody holds. For reports: it counts each thread's cache.
    public var available: Int { Int(evs_pool_available(raw)) }
}
