import DPDK
import Synchronization

/// Packets on their way to controllers, from all workers. One thread at a time may take them out, any thread.
// Safe: rings have one reader, for which `lock` is held; what workers touch is atomic.
public final class PacketInQueue: @unchecked Sendable {
    /// By index of worker.
    let rings: UnsafeMutablePointer<PacketInRing>
    private let count: Int
    private let armed: UnsafeMutablePointer<Atomic<Bool>>
    private let lock = Mutex(0)
    /// Readable while packets wait and ``take(limit:)`` had found none before.
    public let descriptor: CInt

    init(workerCount: Int) throws(DPDKError) {
        count = workerCount
        let event = evs_event_create()
        if event < 0 { throw DPDKError("no event for packets to controllers", code: event) }
        descriptor = event
        armed = .allocate(capacity: 1)
        armed.initialize(to: Atomic(true))
        rings = .allocate(capacity: workerCount)
        for index in 0..<workerCount {
            guard let ring = PacketInRing(byteCount: Limits.packetInQueueBytes, armed: armed, event: event) else {
                (rings).deinitialize(count: index)
                rings.deallocate()
                armed.deinitialize(count: 1)
                armed.deallocate()
                evs_event_close(event)
                throw DPDKError("no memory for packets to controllers")
            }
            (rings + index).initialize(to: ring)
        }
    }

    deinit {
        rings.deinitialize(count: count)
        rings.deallocate()
        armed.deinitialize(count: 1)
        armed.deallocate()
        evs_event_close(descriptor)
    }

    /// Takes out up to `limit` packets, from each worker in turn. When it gives fewer, the descriptor becomes readable
    /// as soon as there are more.
    public func take(limit: Int) -> [PacketIn] {
        lock.withLock { next in
            var result: [PacketIn] = []
            evs_event_clear(descriptor)
            while result.count < limit {
                if takeRound(limit, from: &next, into: &result) { continue }
                armed.pointee.store(true, ordering: .relaxed)
                atomicMemoryFence(ordering: .sequentiallyConsistent)
                if (0..<count).allSatisfy({ rings[$0].isEmpty }) { return result }
                armed.pointee.store(false, ordering: .relaxed)
            }
            // More may wait, of which nobody would tell.
            evs_event_signal(descriptor)
            return result
        }
    }

    /// Makes the descriptor readable.
    func wake() { evs_event_signal(descriptor) }

    /// One packet from each worker; whether there was any.
    private func takeRound(_ limit: Int, from next: inout Int, into result: inout [PacketIn]) -> Bool {
        var found = false
        for _ in 0..<count where result.count < limit {
            let packet = rings[next].take { header, words, bytes in
                PacketIn(
                    bridge: Int(header.bridge), bytes: Array(bytes), length: Int(header.length),
                    message: ControllerMessage(words: words))
            }
            next = (next + 1) % count
            guard let packet else { continue }
            result.append(packet)
            found = true
        }
        return found
    }
}
