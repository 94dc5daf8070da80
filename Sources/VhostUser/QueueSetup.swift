/// What a front-end has told of one virtqueue, checked: enough for a worker to begin.
public struct QueueSetup: Sendable {
    /// Even: what the guest sends to (its transmit queue is our odd index); as the protocol numbers them.
    public var index: Int
    /// Entries. A power of two from 2 to 32,768 for split rings, any number from 2 for packed ones.
    public var size: Int
    /// Where the parts of the ring are mapped here; wholly inside guest memory, and aligned as virtio 1.0 §2.6 asks.
    public var descriptors: UInt
    public var driverArea: UInt
    public var deviceArea: UInt
    /// Where to begin: available index (split) or offset and wrap counter (packed), as SET_VRING_BASE has them.
    public var base: UInt32
    /// Negotiated feature bits.
    public var features: UInt64
    /// Eventfd to interrupt the guest by, non-blocking; -1: none.
    public var callDescriptor: CInt
    /// Eventfd to tell the front-end by that the ring is broken, non-blocking; -1: none (VHOST_USER_SET_VRING_ERR).
    public var errorDescriptor: CInt
    /// Where in-flight descriptors are noted, or 0 (VHOST_USER_SET_INFLIGHT_FD).
    public var inflight: UInt
    /// Where writes to guest memory are logged during migration, or 0; a bit for each 4 KiB page.
    public var dirtyLog: UInt
    public var dirtyLogBytes: UInt64
    /// Guest-physical address of the used ring for logging.
    public var usedGuestAddress: UInt64

    public init(index: Int, size: Int) {
        self.index = index
        self.size = size
        descriptors = 0
        driverArea = 0
        deviceArea = 0
        base = 0
        features = 0
        callDescriptor = -1
        errorDescriptor = -1
        inflight = 0
        dirtyLog = 0
        dirtyLogBytes = 0
        usedGuestAddress = 0
    }
}
