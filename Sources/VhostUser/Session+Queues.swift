import CVhost

/// When queues run. A queue runs while it is complete (size, addresses, memory, kick) and enabled,
/// and guest memory is not still on its way (``PostCopy``).
extension VhostSession {
    func checkedIndex(_ index: Int) throws(VhostViolation) -> Int {
        guard index < queues.count else { throw .queueIndex(UInt32(index)) }
        return index
    }

    func stop(_ index: Int) {
        guard queues[index].isRunning else { return }
        queues[index].base = delegate.stop(queue: index)
        queues[index].isRunning = false
    }

    /// Starts or stops a queue as its state now asks for.
    func refresh(_ index: Int) throws(VhostViolation) {
        // Without protocol features there is no message to enable a queue by: the kick does it.
        let isEnabled = queues[index].isEnabled || features & VirtioFeatures.protocolFeatures == 0
        let isResting = postCopy?.isListening == true
        guard queues[index].hasKick, isEnabled, !isResting, let memory else { return stop(index) }
        guard !queues[index].isRunning else { return }
        let setup = try queues[index].setup(
            index: index, features: features, memory: memory, log: log, inflight: inflight)
        guard let setup else { return }
        queues[index].isRunning = true
        delegate.start(queue: setup, memory: memory.map)
    }

    /// Changes what running queues are made of: they are stopped before and started again after it, at the same place.
    func change(_ indices: Range<Int>, _ change: () throws(VhostViolation) -> Void) throws(VhostViolation) {
        for index in indices { stop(index) }
        try change()
        var first: VhostViolation?
        for index in indices {
            do throws(VhostViolation) { try refresh(index) } catch { first = first ?? error }
        }
        if let first { throw first }
    }

    func changeAll(_ change: () throws(VhostViolation) -> Void) throws(VhostViolation) {
        try self.change(queues.indices, change)
    }

    func change(_ index: Int, _ change: (inout SessionQueue) -> Void) throws(VhostViolation) {
        let index = try checkedIndex(index)
        try self.change(index..<(index + 1)) { () throws(VhostViolation) in change(&queues[index]) }
    }

    /// Stops a queue for good (GET_VRING_BASE): it runs again only after a new kick.
    func finish(_ index: Int) throws(VhostViolation) -> UInt32 {
        let index = try checkedIndex(index)
        stop(index)
        queues[index].hasKick = false
        return queues[index].base
    }

    /// Takes the descriptor by which the front-end is told that a ring is broken; `nil`: it doesn't want to be told.
    func setError(_ index: Int, _ received: FileDescriptor?) throws(VhostViolation) {
        if received?.notifierKind == .other {
            throw .descriptorKind(request: VhostRequestNumber.setRingError.rawValue)
        }
        // One at which nobody listens is as good as none.
        let notifier = received?.nonBlockingNotifier()
        try change(index) { $0.error = notifier }
    }

    /// Takes a new interrupt descriptor. A running queue keeps the number it knows and needn't be stopped for it.
    func setCall(_ index: Int, _ received: FileDescriptor?) throws(VhostViolation) {
        let index = try checkedIndex(index)
        guard let received else {
            if queues[index].call != nil { try change(index) { $0.call = nil } }
            return
        }
        guard let notifier = received.nonBlockingNotifier() else {
            throw .descriptorKind(request: VhostRequestNumber.setRingCall.rawValue)
        }
        guard let current = queues[index].call else { return try change(index) { $0.call = notifier } }
        let result = evs_vhost_replace(notifier.number, current.number)
        guard result == 0 else { throw .mapping(errno: -result) }
        // What was used since the guest stopped listening to the old descriptor may be waiting.
        if queues[index].isRunning { current.signal() }
    }
}
