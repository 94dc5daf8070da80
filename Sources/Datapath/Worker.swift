import DPDK
import Packet
import Synchronization

/// A port that a worker polls.
struct PolledInput {
    /// Index of the port.
    let port: UInt16
    /// The in_port that flows see.
    let number: UInt32
    let input: PortInput
    let bridge: UnsafeMutablePointer<BridgeState>
}

/// What one worker owns: the ports that it polls, the caches, a burst's worth of scratch, the counters.
///
/// Lives at a fixed address; its thread alone touches it while it runs (``WorkerMailbox`` lets others ask).
struct Worker: ~Copyable {
    let index: Int
    let core: Int?
    let pool: OpaquePointer
    let mailbox: UnsafeMutablePointer<WorkerMailbox>
    let idleSleepMicroseconds: UInt32
    let waitsForBuffers: Bool

    let inputs: UnsafeMutablePointer<PolledInput>
    var inputCount = 0
    let egresses: UnsafeMutablePointer<Egress>
    var egressCount = 0
    /// By index of port; the last is ``Limits/injectionPort``.
    let ports: UnsafeMutablePointer<PortState>
    var counters = WorkerCounters()

    // The burst in hand.
    let packets: PacketPointers
    let lengths: UnsafeMutablePointer<UInt32>
    let keys: UnsafeMutablePointer<FlowKey>
    let layouts: UnsafeMutablePointer<PacketLayout>
    /// Whether the burst was parsed whole from the beginning, so that each packet has its layout. The depth may have
    /// grown since, for the bursts to come.
    var isParsedWhole = false
    let hashes: UnsafeMutablePointer<UInt64>
    let found: UnsafeMutablePointer<MegaflowPointer?>
    /// Ports with packets waiting to be sent.
    let touchedPorts: UnsafeMutablePointer<UInt16>
    var touchedPortCount = 0
    /// Patch ports with packets waiting to cross.
    let waitingPatches: UnsafeMutablePointer<UInt16>
    var waitingPatchCount = 0
    /// Packets taken from a patch port, and their numbers in the burst that they came with.
    let patchPackets: PacketPointers
    let patchOrigins: UnsafeMutablePointer<UInt8>
    /// Whether the burst in hand crosses a patch; then, of each of its packets, the number in the burst it came with.
    var isCrossing = false
    let crossingOrigins: UnsafeMutablePointer<UInt8>
    /// Packets of the burst that were handed to a port, and those that a port took.
    var attemptedBits: UInt32 = 0
    var deliveredBits: UInt32 = 0
    var transmitDropReason = DropReason.transmitQueueFull
    /// Why the burst's packets that were handed to a port and not delivered were refused, by number in the burst.
    let refusalReasons: UnsafeMutablePointer<DropReason>
    /// Whether a packet of the burst may have a checksum to be completed, or be one to cut into segments.
    var hasOffloads = false
    /// Segments of a long packet under way.
    let segments: PacketPointers
    /// The port that the burst came from.
    var arrivalPort: UInt16 = 0
    var nowCycles: UInt64 = 0
    var normalMemory = NormalMemory()
    /// The key of a packet that is parsed again.
    let passKey: UnsafeMutablePointer<FlowKey>
    /// Where packets to controllers go.
    let packetIns: UnsafeMutablePointer<PacketInRing>
    /// Side effects under way, if replays are to wait for them.
    let awaitedEffects: UnsafeMutablePointer<Atomic<Int>>?

    /// Tables for SCTP's checksum.
    let crc: UnsafePointer<CRC32C>

    init(
        index: Int, core: Int?, pool: PacketPool, mailbox: UnsafeMutablePointer<WorkerMailbox>,
        packetIns: UnsafeMutablePointer<PacketInRing>, effects: SideEffectQueue, options: DatapathOptions
    ) {
        self.index = index
        self.core = core
        self.pool = pool.raw
        self.mailbox = mailbox
        idleSleepMicroseconds = UInt32(options.idleSleepMicroseconds)
        waitsForBuffers = options.waitsForBuffers
        inputs = .allocate(capacity: Limits.ports)
        egresses = .allocate(capacity: Limits.ports)
        self.packetIns = packetIns
        awaitedEffects = options.waitsForEffects ? effects.pendingCount : nil
        ports = .allocate(capacity: Limits.ports + 1)
        for port in 0...Limits.ports { (ports + port).initialize(to: PortState()) }
        packets = .allocate(capacity: Limits.burst)
        lengths = .allocate(capacity: Limits.burst)
        keys = .allocate(capacity: Limits.burst)
        keys.initialize(repeating: FlowKey(), count: Limits.burst)
        layouts = .allocate(capacity: Limits.burst)
        layouts.initialize(repeating: PacketLayout(), count: Limits.burst)
        hashes = .allocate(capacity: Limits.burst)
        found = .allocate(capacity: Limits.burst)
        found.initialize(repeating: nil, count: Limits.burst)
        touchedPorts = .allocate(capacity: Limits.ports)
        refusalReasons = .allocate(capacity: Limits.burst)
        refusalReasons.initialize(repeating: .transmitQueueFull, count: Limits.burst)
        waitingPatches = .allocate(capacity: Limits.ports)
        patchPackets = .allocate(capacity: PortState.pendingCapacity)
        patchOrigins = .allocate(capacity: PortState.pendingCapacity)
        crossingOrigins = .allocate(capacity: Limits.burst)
        segments = .allocate(capacity: Limits.burst)
        passKey = .allocate(capacity: 1)
        passKey.initialize(to: FlowKey())
        let tables = UnsafeMutablePointer<CRC32C>.allocate(capacity: 1)
        tables.initialize(to: CRC32C())
        crc = UnsafePointer(tables)
    }

    deinit {
        inputs.deallocate()
        for index in 0..<egressCount { egresses[index].free() }
        egresses.deallocate()
        for port in 0...Limits.ports { ports[port].free() }
        ports.deallocate()
        packets.deallocate()
        lengths.deallocate()
        keys.deallocate()
        layouts.deallocate()
        hashes.deallocate()
        found.deallocate()
        touchedPorts.deallocate()
        refusalReasons.deallocate()
        waitingPatches.deallocate()
        patchPackets.deallocate()
        patchOrigins.deallocate()
        crossingOrigins.deallocate()
        segments.deallocate()
        passKey.deallocate()
        crc.deallocate()
    }
}

extension Worker {
    /// Polls a port no more and sends nothing to it.
    mutating func detach(_ port: UInt16) {
        ports[Int(port)].output = .absent
        for index in (0..<inputCount).reversed() where inputs[index].port == port {
            inputs[index] = inputs[inputCount - 1]
            inputCount -= 1
        }
        for index in (0..<egressCount).reversed() where egresses[index].port == port {
            egresses[index].free()
            egresses[index] = egresses[egressCount - 1]
            egressCount -= 1
        }
    }
}

typealias WorkerPointer = UnsafeMutablePointer<Worker>

/// The way to a running worker: it looks here between bursts.
///
/// While it sleeps for want of packets, whoever asks borrows what it owns instead of waiting until it wakes.
struct WorkerMailbox: ~Copyable {
    /// Whether the worker is to end.
    let isStopped = Atomic<Bool>(false)
    /// The address of a ``WorkerRequest``, or zero.
    let request = Atomic<UInt>(0)
    private let rest = Atomic<UInt8>(Self.awake)

    private static var awake: UInt8 { @_noLocks get { 0 } }
    private static var asleep: UInt8 { @_noLocks get { 1 } }
    private static var borrowed: UInt8 { @_noLocks get { 2 } }

    /// The worker touches nothing that it owns until ``wakeUp()`` says that it may.
    @_noLocks
    func fallAsleep() { rest.store(Self.asleep, ordering: .releasing) }

    /// Whether the worker may go on: nobody has borrowed what it owns.
    @_noLocks
    func wakeUp() -> Bool {
        rest.compareExchange(expected: Self.asleep, desired: Self.awake, ordering: .acquiring).exchanged
    }

    /// Whether the worker sleeps, and what it owns is the caller's until ``giveBack()``.
    func borrow() -> Bool {
        // Only looked at while the worker is awake, whose cache line it is.
        rest.load(ordering: .relaxed) == Self.asleep
            && rest.compareExchange(expected: Self.asleep, desired: Self.borrowed, ordering: .acquiring).exchanged
    }

    func giveBack() { rest.store(Self.asleep, ordering: .releasing) }
}

/// Something that the control side wants done with what a worker owns.
///
/// Not an object: the compiler may count a reference later than where its address is handed over. Whoever asks has the
/// memory, and frees it once it is done; then the other thread touches it no more.
struct WorkerRequest: ~Copyable {
    private let body: (WorkerPointer) -> Void
    private let isDone = Atomic<Bool>(false)

    init(_ body: @escaping (WorkerPointer) -> Void) { self.body = body }

    func run(_ worker: WorkerPointer) {
        body(worker)
        isDone.store(true, ordering: .releasing)
    }

    var done: Bool { isDone.load(ordering: .acquiring) }
}
