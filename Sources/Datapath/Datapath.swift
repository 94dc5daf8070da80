import DPDK
import FlowTable
import Packet
import Synchronization

/// How a data path is made.
public struct DatapathOptions: Sendable {
    /// The core of each worker; `nil` for a worker that the kernel places. At least one.
    public var workerCores: [Int?] = [nil]
    /// Packet buffers in all.
    public var packetBuffers = 16384
    /// How long a worker that finds nothing sleeps at a time; 0: never.
    public var idleSleepMicroseconds = 50
    /// Whether a worker that finds no packet buffer for a copy waits for one, instead of dropping; for replays only.
    public var waitsForBuffers = false
    /// Whether packets may be answered from the caches; without them each is translated, which is slow and tests them.
    public var usesCaches = true
    /// Whether a worker takes the packets of a replay one by one, and each only once all side effects of those before
    /// are in force: slow, and the same each time. For replays with flows that learn only.
    public var waitsForEffects = false

    public init() {}
}

/// The data path: workers that poll ports and forward packets, seen from the control side.
///
/// Not thread-safe: one control thread owns it. Workers run from ``start()`` to ``stop()``.
public final class Datapath {
    public let environment: Environment
    public let options: DatapathOptions
    public let pool: PacketPool
    /// Packets on their way to controllers.
    public let packetIns: PacketInQueue
    /// What packets have the control side do.
    public let effects: SideEffectQueue
    private let workers: UnsafeMutablePointer<Worker>
    private let mailboxes: UnsafeMutablePointer<WorkerMailbox>
    /// Held while a worker is asked for something: the control side and the thread that serves guests both ask.
    private let asking = Mutex<Void>(())
    private var threads: [ThreadHandle] = []
    /// By number; `nil` where one was removed.
    private var bridges: [BridgeHandle?] = []
    private var portsInUse: Set<UInt16> = []
    var nextWorker = 0

    public var workerCount: Int { options.workerCores.count }

    public init(environment: Environment, options: DatapathOptions) throws(DPDKError) {
        self.environment = environment
        self.options = options
        let count = options.workerCores.count
        precondition(count > 0, "a data path has workers")
        let socket = options.workerCores[0].map(Cores.socket)
        pool = try PacketPool(
            name: "packets", count: options.packetBuffers, socket: environment.options.usesHugepages ? socket : nil)
        packetIns = try PacketInQueue(workerCount: count)
        effects = SideEffectQueue(wakingWith: packetIns)
        mailboxes = .allocate(capacity: count)
        workers = .allocate(capacity: count)
        for (index, core) in options.workerCores.enumerated() {
            (mailboxes + index).initialize(to: WorkerMailbox())
            (workers + index).initialize(
                to: Worker(
                    index: index, core: core, pool: pool, mailbox: mailboxes + index,
                    packetIns: packetIns.rings + index, effects: effects, options: options))
        }
    }

    deinit {
        stop()
        workers.deinitialize(count: workerCount)
        workers.deallocate()
        mailboxes.deinitialize(count: workerCount)
        mailboxes.deallocate()
        for bridge in bridges { bridge?.free() }
    }

    // MARK: Running

    /// Starts the workers' threads.
    public func start() throws(DPDKError) {
        for index in 0..<workerCount {
            mailboxes[index].isStopped.store(false, ordering: .relaxed)
            let handle = ThreadHandle()
            let worker = SendablePointer(workers + index)
            handle.thread = try PolledThread(name: "evs-worker\(index)", core: options.workerCores[index]) {
                handle.number.store(PolledThread.currentNumber, ordering: .relaxed)
                worker.pointer.run()
            }
            threads.append(handle)
        }
    }

    /// Ends the workers' threads, each after the burst in hand.
    public func stop() {
        for index in 0..<threads.count { mailboxes[index].isStopped.store(true, ordering: .relaxed) }
        for handle in threads {
            let thread = handle.thread.take()
            thread?.join()
        }
        threads.removeAll()
    }

    public var isRunning: Bool { !threads.isEmpty }

    /// Nanoseconds that a worker's thread has had on its core; 0 when the kernel does not tell.
    public func runNanoseconds(ofWorker index: Int) -> UInt64 {
        index < threads.count ? PolledThread.runNanoseconds(of: threads[index].number.load(ordering: .relaxed)) : 0
    }

    /// Rounds of waiting for a worker, at some 50 ns each, before the caller's core is left to others: a burst's time.
    private static let patientRounds = 400

    /// Has something done between two bursts of a worker, and waits for it: by the worker's thread, or by the caller
    /// while the worker sleeps.
    func perform(onWorker index: Int, _ body: @escaping (WorkerPointer) -> Void) {
        asking.withLock { _ in
            if !isRunning { return body(workers + index) }
            let request = UnsafeMutablePointer<WorkerRequest>.allocate(capacity: 1)
            request.initialize(to: WorkerRequest(body))
            defer {
                request.deinitialize(count: 1)
                request.deallocate()
            }
            mailboxes[index].request.store(UInt(bitPattern: request), ordering: .releasing)
            var rounds = 0
            while !request.pointee.done {
                if mailboxes[index].borrow() {
                    (workers + index).serveRequest()
                    mailboxes[index].giveBack()
                } else if rounds < Self.patientRounds {
                    evs_pause()
                } else {
                    PolledThread.sleep(microseconds: 20)
                }
                rounds += 1
            }
        }
    }

    // MARK: Bridges

    /// Adds a bridge; its number for the calls below.
    public func addBridge(pipeline: any Pipeline, macTable: MacTable) -> Int {
        let bridge = BridgeHandle(pipeline: pipeline, macTable: macTable)
        let usesCaches = options.usesCaches
        for index in 0..<workerCount {
            let socket = options.workerCores[index].map(Cores.socket)
            let number = bridges.count
            guard
                let state = BridgeState(
                    number: number, newest: bridge.slot, effects: effects, usesCaches: usesCaches, socket: socket)
            else { preconditionFailure("no address space for the caches of a bridge") }
            let place = UnsafeMutablePointer<BridgeState>.allocate(capacity: 1)
            place.initialize(to: state)
            bridge.states.append(place)
        }
        bridges.append(bridge)
        return bridges.count - 1
    }

    /// Takes a bridge away, with its MAC table. Its ports must have been removed.
    public func removeBridge(_ number: Int) {
        // No worker polls a port of it any more; each is asked once, so that none is still in a burst of it.
        for index in 0..<workerCount { perform(onWorker: index) { _ in } }
        bridges[number]?.free()
        bridges[number] = nil
    }

    func bridge(_ number: Int) -> BridgeHandle {
        guard let bridge = bridges[number] else { preconditionFailure("bridge \(number) was removed") }
        return bridge
    }

    /// Puts new tables in force. When it returns, every worker uses them: a packet that arrives later is theirs.
    ///
    /// - Parameter changes: what is different from the tables before. Decisions that few changes don't concern stay in
    ///   the caches, so all that their programs refer to must live on.
    public func publish(_ pipeline: any Pipeline, changes: TableChanges = .everything, on bridge: Int) {
        let bridge = self.bridge(bridge)
        bridge.pipeline = pipeline
        republish(bridge, changes)
    }

    private func republish(_ bridge: BridgeHandle, _ changes: TableChanges = .everything) {
        let old = bridge.publish(changes)
        // A worker may poll no port of the bridge for long, so each is asked to take the news up.
        for index in 0..<workerCount {
            let state = bridge.states[index]
            perform(onWorker: index) { _ in state.pointee.adopt() }
        }
        bridge.discard(old)
    }

    // MARK: Ports

    /// Attaches a port to a bridge.
    ///
    /// - Parameters:
    ///   - number: the port's OpenFlow number.
    ///   - outputs: how each worker sends to it.
    ///   - egress: a ring that the polling worker is to empty to the input's device.
    ///   - worker: which worker polls it; `nil`: they take turns.
    /// - Returns: the port's index, by which programs name it; `nil` when there are ``Limits/ports`` already.
    public func addPort(
        number: UInt32, input: PortInput, outputs: [PortOutput], egress: PacketRing? = nil, bridge: Int,
        worker: Int? = nil
    ) -> UInt16? {
        precondition(outputs.count == workerCount, "each worker has its way to the port")
        guard let port = (0..<UInt16(Limits.ports)).first(where: { !portsInUse.contains($0) }) else { return nil }
        portsInUse.insert(port)
        for index in 0..<workerCount {
            let output = outputs[index]
            perform(onWorker: index) {
                $0.pointee.ports[Int(port)].counters = PortCounters()
                $0.pointee.ports[Int(port)].output = output
            }
        }
        let bridge = self.bridge(bridge)
        bridge.ports.append(port)
        republish(bridge)
        if case .none = input { return port }
        let poller = worker ?? nextWorker
        if worker == nil { nextWorker = (nextWorker + 1) % workerCount }
        let polled = PolledInput(
            port: port, number: number, input: input, bridge: bridge.states[poller])
        perform(onWorker: poller) {
            ($0.pointee.inputs + $0.pointee.inputCount).initialize(to: polled)
            $0.pointee.inputCount += 1
            guard let egress, case .device(let device, let queue) = input else { return }
            ($0.pointee.egresses + $0.pointee.egressCount).initialize(
                to: Egress(port: port, ring: egress, device: device, queue: queue))
            $0.pointee.egressCount += 1
        }
        return port
    }

    /// Joins two ports: what is sent to one arrives on the other, in its bridge.
    public func joinPatch(_ one: PatchEnd, _ other: PatchEnd) {
        for (from, to) in [(one, other), (other, one)] {
            for index in 0..<workerCount {
                let state = bridge(to.bridge).states[index]
                perform(onWorker: index) {
                    $0.pointee.ports[Int(from.port)].output = .patch(
                        PatchTarget(port: to.port, number: to.number, bridge: state))
                }
            }
        }
    }

    /// Makes a patch port lead nowhere, before the other end goes.
    public func cutPatch(_ end: PatchEnd) {
        for index in 0..<workerCount {
            perform(onWorker: index) { $0.pointee.ports[Int(end.port)].output = .absent }
        }
    }

    /// Detaches a port. When it returns, no worker uses its ends, and no address is known to be behind it.
    public func removePort(_ port: UInt16, bridge number: Int) {
        let bridge = self.bridge(number)
        bridge.ports.removeAll { $0 == port }
        republish(bridge)
        for index in 0..<workerCount { perform(onWorker: index) { $0.pointee.detach(port) } }
        bridge.macTable.forget(port: port)
        portsInUse.remove(port)
    }

    /// The first worker's stages, one at a time.
    @_spi(Workbench)
    public func workbench(bridge number: Int) -> Workbench {
        precondition(!isRunning, "the worker's thread runs")
        return Workbench(worker: workers, bridge: bridge(number).states[0])
    }

    // MARK: Counters

    /// The sum over all workers.
    public var counters: WorkerCounters {
        (0..<workerCount).reduce(into: WorkerCounters()) { $0 += workers[$1].counters }
    }

    /// What one worker has counted.
    public func counters(ofWorker index: Int) -> WorkerCounters { workers[index].counters }

    /// What all workers have counted for a port.
    public func counters(ofPort port: UInt16) -> PortCounters {
        (0..<workerCount).reduce(into: PortCounters()) { $0 += workers[$1].ports[Int(port)].counters }
    }

    /// Megaflows kept by all workers for a bridge.
    public func megaflowCount(ofBridge bridge: Int) -> Int {
        var total = 0
        for index in 0..<workerCount {
            let state = self.bridge(bridge).states[index]
            perform(onWorker: index) { _ in total += state.pointee.megaflows.count }
        }
        return total
    }

    /// Brings the counters of the flows of a bridge up to date, and when they were last used.
    ///
    /// A worker does it in steps, lest a burst wait for a million megaflows. From the last megaflow to the first: one
    /// that moves meanwhile, because another goes, moves towards the first.
    public func creditFlows(ofBridge bridge: Int) {
        for index in 0..<workerCount {
            let state = self.bridge(bridge).states[index]
            var end = Int.max
            while end > 0 {
                perform(onWorker: index) { _ in
                    end = min(end, state.pointee.megaflows.count)
                    let start = max(0, end - Limits.creditedAtOnce)
                    state.pointee.megaflows.creditFlows(from: start, to: end)
                    end = start
                }
            }
            perform(onWorker: index) { _ in state.pointee.passMegaflows.creditFlows() }
        }
    }
}

/// One of the two ports of a patch between bridges.
public struct PatchEnd: Sendable {
    let port: UInt16
    let number: UInt32
    let bridge: Int

    /// - Parameters:
    ///   - port: the index by which the data path knows it.
    ///   - number: its OpenFlow number.
    ///   - bridge: the data path's number of its bridge.
    public init(port: UInt16, number: UInt32, bridge: Int) {
        self.port = port
        self.number = number
        self.bridge = bridge
    }
}

/// A worker's thread.
// Safe: `thread` is the control thread's; `number` is atomic.
private final class ThreadHandle: @unchecked Sendable {
    var thread: PolledThread?
    let number = Atomic<Int>(0)
}

/// A pointer handed to a thread that owns what it points at from then on.
// Safe: the control side keeps the worker alive until its thread was joined.
private struct SendablePointer: @unchecked Sendable {
    let pointer: WorkerPointer
    init(_ pointer: WorkerPointer) { self.pointer = pointer }
}
