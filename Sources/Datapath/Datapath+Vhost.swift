import DPDK
import VhostUser

/// A port to a guest: its pairs of queues, and the workers' ways to them.
///
/// The control side's; used from the data path's own control thread only.
public final class VhostPort {
    /// Index by which programs name the port.
    public let port: UInt16
    public let pairCount: Int
    let pairs: UnsafeMutablePointer<VhostQueuePair>
    /// The worker of each pair.
    let owners: [Int]
    /// From other workers to the owner of each pair.
    let rings: [PacketRing]
    let routes: UnsafeMutablePointer<VhostRoute>
    let workerCount: Int

    init(
        port: UInt16, pairs: UnsafeMutablePointer<VhostQueuePair>, owners: [Int], rings: [PacketRing],
        routes: UnsafeMutablePointer<VhostRoute>, workerCount: Int
    ) {
        self.port = port
        self.pairs = pairs
        pairCount = owners.count
        self.owners = owners
        self.rings = rings
        self.routes = routes
        self.workerCount = workerCount
    }

    // No worker uses the port any more: ``Datapath/removeVhostPort(_:bridge:)`` was called, or the workers have ended.
    deinit {
        for index in 0..<pairCount {
            for queue in [pairs[index].fromGuest, pairs[index].toGuest] {
                queue?.pointee.free()
                queue?.deallocate()
            }
            pairs[index].free()
            VhostPort.empty(rings[index])
        }
        pairs.deallocate()
        routes.deallocate()
    }

    /// Frees what is still on a ring.
    static func empty(_ ring: PacketRing) {
        let packets = PacketPointers.allocate(capacity: Limits.burst)
        defer { packets.deallocate() }
        while case let count = ring.take(into: packets, limit: Limits.burst), count > 0 {
            for index in 0..<count { PacketBuffer(packets[index]!).free() }
        }
    }
}

/// What has happened on the queues of a vhost port.
public struct VhostQueueReport: Sendable {
    /// As the protocol numbers it: even ones the guest receives from, odd ones it sends to.
    public let index: Int
    public let isBroken: Bool
    public let counters: VirtQueueCounters
}

extension Datapath {
    /// Adds a port to a guest, with no queue running: what is sent to it is dropped as ``DropReason/guestNotReady``.
    ///
    /// - Parameters:
    ///   - number: the port's OpenFlow number.
    ///   - pairs: pairs of queues at most; each has its worker, in turn.
    ///   - worker: the first pair's; `nil`: where ports take turns.
    /// - Returns: `nil` when there are as many ports as can be.
    public func addVhostPort(
        number: UInt32, pairs pairCount: Int, bridge: Int, worker: Int? = nil
    ) throws(DPDKError) -> VhostPort? {
        var rings: [PacketRing] = []
        for pair in 0..<pairCount { rings.append(try PacketRing(name: "guest-\(number)-\(pair)", capacity: 1024)) }
        let routes = UnsafeMutablePointer<VhostRoute>.allocate(capacity: workerCount)
        routes.initialize(repeating: VhostRoute(), count: workerCount)
        let outputs = (0..<workerCount).map { PortOutput.vhost(routes + $0) }
        guard let port = addPort(number: number, input: .none, outputs: outputs, bridge: bridge) else {
            routes.deallocate()
            return nil
        }
        let pairs = UnsafeMutablePointer<VhostQueuePair>.allocate(capacity: pairCount)
        var owners: [Int] = []
        for index in 0..<pairCount {
            (pairs + index).initialize(to: VhostQueuePair(pool: pool.raw))
            owners.append(((worker ?? nextWorker) + index) % workerCount)
        }
        if worker == nil { nextWorker = (nextWorker + pairCount) % workerCount }
        for (index, owner) in owners.enumerated() {
            let pair = pairs + index, ring = rings[index]
            let polled = PolledInput(
                port: port, number: number, input: .vhost(pair), bridge: self.bridge(bridge).states[owner])
            perform(onWorker: owner) {
                ($0.pointee.inputs + $0.pointee.inputCount).initialize(to: polled)
                $0.pointee.inputCount += 1
                ($0.pointee.egresses + $0.pointee.egressCount).initialize(
                    to: Egress(port: port, ring: ring, pair: pair))
                $0.pointee.egressCount += 1
            }
        }
        return VhostPort(
            port: port, pairs: pairs, owners: owners, rings: rings, routes: routes, workerCount: workerCount)
    }

    /// Takes the port away, with its queues. The guest's memory may go when it returns.
    public func removeVhostPort(_ port: VhostPort, bridge: Int) {
        for index in 0..<(2 * port.pairCount) { _ = stopQueue(index, of: port) }
        removePort(port.port, bridge: bridge)
    }

    /// Lets a worker serve a queue, from now on. One that runs already is stopped first.
    ///
    /// - Parameters:
    ///   - setup: its index is below twice the port's number of pairs.
    ///   - memory: must stay mapped until the queue was stopped.
    public func startQueue(_ setup: QueueSetup, memory: GuestMemoryMap, of port: VhostPort) {
        precondition(setup.index < 2 * port.pairCount, "a queue beyond the port's pairs")
        _ = stopQueue(setup.index, of: port)
        let queue = UnsafeMutablePointer<VirtQueue>.allocate(capacity: 1)
        queue.initialize(to: VirtQueue(setup, memory: memory))
        let pair = port.pairs + setup.index / 2
        perform(onWorker: port.owners[setup.index / 2]) { _ in
            // The guest may wait for an interrupt that an earlier process did not send.
            queue.pointee.interrupt()
            if setup.index & 1 == 0 { pair.pointee.toGuest = queue } else { pair.pointee.fromGuest = queue }
        }
        if setup.index & 1 == 0 { updateRoutes(of: port) }
    }

    /// Stops a queue. When this returns, no worker uses it or the guest's memory through it.
    ///
    /// - Returns: where it stopped, as GET_VRING_BASE answers; `nil` when it did not run.
    public func stopQueue(_ index: Int, of port: VhostPort) -> UInt32? {
        let pair = port.pairs + index / 2
        var stopped: UnsafeMutablePointer<VirtQueue>?
        perform(onWorker: port.owners[index / 2]) { _ in
            stopped = index & 1 == 0 ? pair.pointee.toGuest : pair.pointee.fromGuest
            if index & 1 == 0 { pair.pointee.toGuest = nil } else { pair.pointee.fromGuest = nil }
        }
        guard let stopped else { return nil }
        if index & 1 == 0 { updateRoutes(of: port) }
        let base = stopped.pointee.base
        stopped.pointee.free()
        stopped.deallocate()
        return base
    }

    /// Changes the eventfd by which a running queue's guest is interrupted. The old one may be closed afterwards.
    public func setCallDescriptor(_ descriptor: CInt, ofQueue index: Int, of port: VhostPort) {
        let pair = port.pairs + index / 2
        perform(onWorker: port.owners[index / 2]) { _ in
            guard let queue = index & 1 == 0 ? pair.pointee.toGuest : pair.pointee.fromGuest else { return }
            queue.pointee.callDescriptor = descriptor
            queue.pointee.interrupt()
        }
    }

    /// What has happened on the queues that run. Not while another thread starts or stops one.
    public func queueReports(of port: VhostPort) -> [VhostQueueReport] {
        (0..<port.pairCount).flatMap { index in
            [port.pairs[index].toGuest, port.pairs[index].fromGuest].compactMap(\.self).map {
                VhostQueueReport(index: $0.pointee.index, isBroken: $0.pointee.isBroken, counters: $0.pointee.counters)
            }
        }
    }

    /// What has happened on all pairs of queues, whichever run now.
    public func counters(of port: VhostPort) -> VhostPairCounters {
        (0..<port.pairCount).reduce(into: VhostPairCounters()) { $0 += port.pairs[$1].counters }
    }

    /// Tells each worker by which pair it sends: one of its own if it has any, else one of the others' in turn.
    private func updateRoutes(of port: VhostPort) {
        let running = (0..<port.pairCount).filter { port.pairs[$0].toGuest != nil }
        for worker in 0..<workerCount {
            let own = running.filter { port.owners[$0] == worker }
            var route = VhostRoute()
            if let pair = own.first {
                route.pair = port.pairs + pair
            } else if !running.isEmpty {
                route.ring = port.rings[running[worker % running.count]].raw
            }
            let place = port.routes + worker, new = route
            perform(onWorker: worker) { _ in place.pointee = new }
        }
    }
}

extension Datapath {
    /// Has a guest that has moved here announced, as it can't do that itself: a RARP request with its address comes in
    /// on its port (RFC 903), so that bridges learn where it is now.
    ///
    /// - Parameter mac: the address, right-aligned.
    public func announce(mac: UInt64, of port: VhostPort) {
        let octets = (0..<6).map { UInt8(truncatingIfNeeded: mac >> UInt64(40 - 8 * $0)) }
        let header = Array(repeating: UInt8(0xff), count: 6) + octets + [0x80, 0x35]
        let body: [UInt8] = [0, 1, 8, 0, 6, 4, 0, 3] + octets + [0, 0, 0, 0] + octets + [0, 0, 0, 0]
        let frame = header + body + Array(repeating: 0, count: 18)
        let pair = port.pairs
        perform(onWorker: port.owners[0]) { worker in
            guard let raw = evs_mbuf_allocate(worker.pointee.pool) else { return }
            evs_mbuf_set_length(raw, UInt16(frame.count))
            frame.withUnsafeBytes { evs_copy(PacketBuffer(raw).data, $0.baseAddress!, frame.count) }
            if let waiting = pair.pointee.announcement { PacketBuffer(waiting).free() }
            pair.pointee.announcement = raw
        }
    }
}
