/// What a front-end has told of one queue so far.
struct SessionQueue {
    var size: Int?
    var addresses: VhostRequest.RingAddresses?
    var base: UInt32 = 0
    /// Whether a kick descriptor, or the wish to be polled, has come. The descriptor itself isn't needed: queues are
    /// polled.
    var hasKick = false
    /// Interrupts the guest. Its number stays the same for as long as the queue runs.
    var call: FileDescriptor?
    /// Tells the front-end that the ring is broken.
    var error: FileDescriptor?
    var isEnabled = false
    var isRunning = false

    /// Back to the beginning but for what GET_VRING_BASE leaves: the ring must be kicked anew.
    mutating func reset() {
        hasKick = false
        isEnabled = false
    }

    /// Everything that a worker needs, checked; `nil` while something is missing.
    func setup(
        index: Int, features: UInt64, memory: MemoryTable, log: LogMapping?, inflight: InflightRegion?
    ) throws(VhostViolation) -> QueueSetup? {
        guard let size, let addresses else { return nil }
        let isPacked = features & VirtioFeatures.packedRing != 0
        guard isPacked || size & (size - 1) == 0 else { throw .ringSize(queue: index, size) }
        var setup = QueueSetup(index: index, size: size)
        setup.features = features
        setup.base = try checkedBase(index, size, isPacked)
        let layout = RingLayout(
            size: size, isPacked: isPacked, hasEventIndex: features & VirtioFeatures.eventIndex != 0)
        guard let descriptors = memory.place(user: addresses.descriptors, count: layout.descriptors),
            let driver = memory.place(user: addresses.driverArea, count: layout.driver),
            let device = memory.place(user: addresses.deviceArea, count: layout.device)
        else { throw .ringAddress(queue: index) }
        guard descriptors.pointer % 16 == 0, driver.pointer % layout.driverAlignment == 0, device.pointer % 4 == 0
        else { throw .ringAlignment(queue: index) }
        setup.descriptors = descriptors.pointer
        setup.driverArea = driver.pointer
        setup.deviceArea = device.pointer
        // The address that the front-end gives for logging isn't needed, and so can't be wrong.
        setup.usedGuestAddress = device.guest
        setup.callDescriptor = call?.number ?? -1
        setup.errorDescriptor = error?.number ?? -1
        setup.inflight = inflight?.pointer(queue: index, size: size) ?? 0
        if features & VirtioFeatures.logAll != 0, let log {
            try log.check(memory)
            setup.dirtyLog = log.pointer
            setup.dirtyLogBytes = log.size
        }
        return setup
    }

    private func checkedBase(_ index: Int, _ size: Int, _ isPacked: Bool) throws(VhostViolation) -> UInt32 {
        // Packed: the offset of the next available descriptor in the lower half and of the next used one in the upper,
        // each with its wrap counter above (vhost-user specification, "A vring state description").
        let halves = [base & 0x7fff, base >> 16 & 0x7fff]
        let isPossible = isPacked ? halves.allSatisfy { $0 < size } : base <= 0xffff
        guard isPossible else { throw .ringBase(queue: index, base) }
        return base
    }
}

/// Bytes and alignment of a ring's parts (virtio 1.1 §2.6 and §2.7).
private struct RingLayout {
    let descriptors: Int
    let driver: Int
    let device: Int
    let driverAlignment: UInt

    init(size: Int, isPacked: Bool, hasEventIndex: Bool) {
        let event = hasEventIndex ? 2 : 0
        descriptors = 16 * size
        driver = isPacked ? 4 : 4 + 2 * size + event
        device = isPacked ? 4 : 4 + 8 * size + event
        driverAlignment = isPacked ? 4 : 2
    }
}
