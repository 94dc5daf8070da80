import CDPDK

/// Tells when no worker can still be using what was taken out of its sight (rte_rcu_qsbr).
///
/// Each worker calls ``quiescent(_:_:)`` between bursts; whoever replaced something calls ``synchronize()`` and may then free it.
public final class QuiescentState: Sendable {
    /// Safe: DPDK's quiescent-state variable is made for use from several threads.
    public nonisolated(unsafe) let raw: OpaquePointer

    public init(threads: Int) throws(DPDKError) {
        guard let rcu = evs_rcu_create(CUnsignedInt(threads)) else {
            throw DPDKError("no memory for quiescent-state tracking of \(threads) threads")
        }
        raw = rcu
    }

    deinit { evs_rcu_destroy(raw) }

    /// The calling thread begins to read shared state.
    public func join(thread: Int) { evs_rcu_join(raw, CUnsignedInt(thread)) }

    /// The calling thread reads no more.
    public func leave(thread: Int) { evs_rcu_leave(raw, CUnsignedInt(thread)) }

    /// Waits until each joined thread has been between bursts once. Sleeps, so never on a worker.
    public func synchronize() { evs_rcu_synchronize(raw) }
}
