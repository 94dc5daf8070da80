// Hot path: one virtqueue as the worker that serves it sees it.
import CVhost

/// A virtqueue in use: takes buffers from the guest and gives them back, a burst at a time.
///
/// A plain value at a fixed address, used by one thread. Nothing that the guest writes is believed: what it says is
/// read once, and becomes a pointer only if it is wholly inside its memory. A chain of descriptors that makes no sense
/// is given back unused and counted; an index that makes none breaks the ring (``isBroken``), which is left alone then.
///
/// A burst of a sending queue is ``take(into:limit:)``, copying, ``finish()``; of a receiving queue
/// ``reserve(_:count:into:)``, copying, ``finish()``. Buffers go back in the order in which they came.
public struct VirtQueue {
    public let index: Int
    let size: Int
    let descriptors: UnsafeMutableRawPointer
    /// What the driver writes: available ring, or (packed) its wishes for interrupts.
    let driverArea: UnsafeMutableRawPointer
    /// What we write: used ring, or (packed) our wishes for notifications.
    let deviceArea: UnsafeMutableRawPointer
    let isPacked: Bool
    let hasEventIndex: Bool
    let isMergeable: Bool
    let acceptsIndirect: Bool
    let readsHeaders: Bool
    /// Negotiated feature bits.
    public let features: UInt64
    /// Bytes in front of each frame.
    public let headerLength: Int
    /// Eventfd to interrupt the guest by, non-blocking; -1: none.
    public var callDescriptor: CInt

    /// Guest memory, and the region that was last of use.
    let regions: UnsafeMutablePointer<GuestMemoryMap.Region>
    let regionCount: Int
    var nearRegion: GuestMemoryMap.Region

    /// Next to be taken. Split: a free-running index. Packed: a place, with `availableWrap`.
    var nextAvailable: UInt16 = 0
    /// The driver's index when last looked at (split).
    var seenAvailable: UInt16 = 0
    var nextUsed: UInt16 = 0
    /// Packed: the driver's and our round of the ring, 1 or 0.
    var availableWrap: UInt16 = 1
    var usedWrap: UInt16 = 1
    /// Where the ring stood when the guest was last asked whether it wants an interrupt.
    var signalledUsed: UInt16 = 0
    var hasSignalled = false

    // The burst in hand.
    let segments: UnsafeMutablePointer<GuestSegment>
    var segmentCount = 0
    let chains: UnsafeMutablePointer<TakenChain>
    var chainCount = 0
    /// Bytes of the chain taken last.
    var chainBytes = 0
    var startOfBurst = RingPosition(available: 0, wrap: 0)

    /// Where in-flight buffers are noted, and where written pages are; or nil.
    var inflight: UnsafeMutableRawPointer?
    /// Buffers that were in flight when an earlier process ended: given out first, the oldest last.
    let resubmitted: UnsafeMutablePointer<UInt16>
    var resubmittedCount = 0
    var inflightCounter: UInt64 = 0
    let dirtyLog: UnsafeMutableRawPointer?
    let dirtyLogBytes: UInt64
    let deviceAreaGuestAddress: UInt64
    let descriptorsGuestAddress: UInt64

    /// Whether the driver's index made no sense: the ring is not followed any more.
    public private(set) var isBroken = false
    private let errorDescriptor: CInt
    public internal(set) var counters = VirtQueueCounters()

    /// Descriptors in one chain, at most.
    static var chainLimit: Int { @_noLocks get { 1024 } }
    /// A burst ends when so many descriptors or bytes are in hand.
    static var burstSegments: Int { @_noLocks get { 1024 } }
    static var burstBytes: Int { @_noLocks get { 1 << 18 } }
    static var burstChains: Int { @_noLocks get { 1024 } }
    /// The longest frame, with header and tags.
    static var frameLimit: Int { @_noLocks get { 65550 } }

    /// Makes the queue ready where the guest or an earlier process left off.
    // Slow path: once, when a queue starts.
    public init(_ setup: QueueSetup, memory: GuestMemoryMap) {
        index = setup.index
        size = setup.size
        // Safe: the setup's addresses were checked to be inside guest memory.
        descriptors = UnsafeMutableRawPointer(bitPattern: setup.descriptors)!
        driverArea = UnsafeMutableRawPointer(bitPattern: setup.driverArea)!
        deviceArea = UnsafeMutableRawPointer(bitPattern: setup.deviceArea)!
        features = setup.features
        isPacked = features & VirtioFeatures.packedRing != 0
        hasEventIndex = features & VirtioFeatures.eventIndex != 0
        isMergeable = features & VirtioFeatures.mergeableBuffers != 0
        acceptsIndirect = features & VirtioFeatures.indirectDescriptors != 0
        readsHeaders = features & VirtioFeatures.checksum != 0
        let isLong = features & (VirtioFeatures.mergeableBuffers | VirtioFeatures.version1) != 0
        headerLength = isLong ? VirtioNetHeader.longSize : VirtioNetHeader.shortSize
        callDescriptor = setup.callDescriptor
        errorDescriptor = setup.errorDescriptor
        regionCount = memory.count
        regions = .allocate(capacity: max(regionCount, 1))
        for region in 0..<regionCount { (regions + region).initialize(to: memory.regions[region]) }
        nearRegion = memory.regions[0]
        segments = .allocate(capacity: VirtQueue.burstSegments + VirtQueue.chainLimit)
        chains = .allocate(capacity: VirtQueue.burstChains)
        resubmitted = .allocate(capacity: setup.size)
        inflight = UnsafeMutableRawPointer(bitPattern: setup.inflight)
        let logs = features & VirtioFeatures.logAll != 0
        dirtyLog = logs ? UnsafeMutableRawPointer(bitPattern: setup.dirtyLog) : nil
        dirtyLogBytes = setup.dirtyLogBytes
        let deviceAddress = memory.guestAddress(of: deviceArea) ?? .max
        deviceAreaGuestAddress = isPacked || setup.usedGuestAddress == 0 ? deviceAddress : setup.usedGuestAddress
        descriptorsGuestAddress = memory.guestAddress(of: descriptors) ?? .max
        if isPacked { startPacked(base: setup.base) } else { startSplit(base: setup.base) }
    }

    /// Frees what belongs to it. No burst may be in hand.
    // Slow path: once, when a queue stops.
    public func free() {
        regions.deallocate()
        segments.deallocate()
        chains.deallocate()
        resubmitted.deallocate()
    }

    /// Follows the ring no more, and tells the front-end.
    @inline(never) @_noLocks
    mutating func breakRing() {
        isBroken = true
        if errorDescriptor >= 0 { vhost_kick(errorDescriptor) }
    }

    /// Where another process would go on, as GET_VRING_BASE answers.
    public var base: UInt32 {
        if !isPacked { return UInt32(nextAvailable) }
        let available = UInt32(nextAvailable | availableWrap << 15)
        return available | UInt32(nextUsed | usedWrap << 15) << 16
    }
}

/// Where a burst began.
struct RingPosition: BitwiseCopyable {
    var available: UInt16
    var wrap: UInt16

    @inline(__always) @_noLocks
    init(available: UInt16, wrap: UInt16) {
        self.available = available
        self.wrap = wrap
    }
}

/// What became of the attempt to take a chain.
enum ChainOutcome: BitwiseCopyable {
    /// The driver has made none available, or the burst is full.
    case none
    /// It made no sense; it is on the list of chains to be given back, with nothing written.
    case bad
    /// Its segments are behind those of the chains before.
    case good

    // A comparison with `==` would not pass for free of locks.
    var isNone: Bool { @inline(__always) @_noLocks get { if case .none = self { true } else { false } } }
    var isGood: Bool { @inline(__always) @_noLocks get { if case .good = self { true } else { false } } }
}
