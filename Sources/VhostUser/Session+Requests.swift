/// What each request does.
extension VhostSession {
    /// - Returns: whether the request was answered.
    func perform(
        _ request: VhostRequest, _ header: VhostMessageHeader, _ descriptors: [FileDescriptor]
    ) throws(VhostViolation) -> Bool {
        switch request {
        case .getFeatures, .getProtocolFeatures, .getQueueCount, .getStatus, .getRingBase, .getInflight:
            try answer(request, header)
            return true
        case .setLogBase(let size, let offset):
            let new = try LogMapping(file: descriptors[0], offset: offset, size: size, wake: wake)
            if let memory { try new.check(memory) }
            try changeAll { log = new }
            // Front-ends wait for this answer with LOG_SHMFD, whether they asked for one or not.
            let isAwaited = protocolFeatures & VhostProtocolFeatures.logSharedMemory != 0
            if isAwaited { try answer(header, UInt64(0)) }
            return isAwaited
        case .setOwner, .setLogDescriptor: break
        case .resetOwner:
            for index in queues.indices {
                stop(index)
                queues[index].reset()
            }
        case .setFeatures(let bits): try setFeatures(bits)
        case .setProtocolFeatures(let bits):
            guard bits & ~options.protocolFeatures == 0 else { throw .protocolFeatures(bits) }
            protocolFeatures = bits
        case .setMemoryTable(let regions): return try setMemoryTable(regions, descriptors, header)
        case .advisePostCopy:
            try advisePostCopy(header)
            return true
        case .listenPostCopy: try listenPostCopy()
        case .endPostCopy:
            try endPostCopy()
            // Front-ends wait for this answer whether they asked for one or not.
            try answer(header, UInt64(0))
            return true
        case .announce(let mac): delegate.announce(mac: mac.byteSwapped >> 16)
        case .setMTU(let bytes): mtu = bytes
        case .setInflight(let announced):
            let new = try InflightRegion(
                announced, file: descriptors[0], queueLimit: queues.count, wake: wake)
            try changeAll { inflight = new }
        case .setStatus(let status): setStatus(status)
        default: try performRing(request, descriptors)
        }
        return false
    }

    private func performRing(_ request: VhostRequest, _ descriptors: [FileDescriptor]) throws(VhostViolation) {
        switch request {
        case .setRingSize(let queue, let size): try change(queue) { $0.size = size }
        case .setRingAddresses(let queue, let addresses): try change(queue) { $0.addresses = addresses }
        case .setRingBase(let queue, let base): try change(queue) { $0.base = base }
        case .setRingEnabled(let queue, let isEnabled):
            let index = try checkedIndex(queue)
            queues[index].isEnabled = isEnabled
            try refresh(index)
        case .setRingKick(let queue, _):
            let index = try checkedIndex(queue)
            try checkNotifier(descriptors.first, .setRingKick)
            queues[index].hasKick = true
            try refresh(index)
        case .setRingCall(let queue, _): try setCall(queue, descriptors.first)
        case .setRingError(let queue, _): try setError(queue, descriptors.first)
        default: preconditionFailure("not a request about a ring")
        }
    }

    private func checkNotifier(_ descriptor: FileDescriptor?, _ number: VhostRequestNumber) throws(VhostViolation) {
        if descriptor?.notifierKind == .other { throw .descriptorKind(request: number.rawValue) }
    }

    private func answer(_ request: VhostRequest, _ header: VhostMessageHeader) throws(VhostViolation) {
        switch request {
        case .getFeatures: try answer(header, options.features)
        case .getProtocolFeatures: try answer(header, options.protocolFeatures)
        case .getQueueCount: try answer(header, UInt64(options.queuePairs))
        case .getStatus: try answer(header, UInt64(deviceStatus))
        case .getRingBase(let queue):
            let base = try finish(queue)
            try answer(header, payload: VhostPayload.bytes(UInt32(queue)) + VhostPayload.bytes(base))
        case .getInflight(let announced):
            let (file, size) = try InflightRegion.make(announced, queueLimit: queues.count)
            let fields =
                VhostPayload.bytes(size) + VhostPayload.bytes(UInt64(0))
                + VhostPayload.bytes(UInt16(announced.queues)) + VhostPayload.bytes(UInt16(announced.queueSize))
            let padding = [UInt8](repeating: 0, count: announced.payloadSize - fields.count)
            try answer(header, payload: fields + padding, descriptor: file)
        default: preconditionFailure("not a question")
        }
    }

    private func setFeatures(_ bits: UInt64) throws(VhostViolation) {
        guard bits & ~options.features == 0 else { throw .features(bits) }
        // Multi-queue front-ends repeat it for each pair.
        guard bits != features else { return }
        try changeAll { features = bits }
    }

    private func setStatus(_ status: UInt8) {
        deviceStatus = status
        // Virtio 1.1 §2.1: zero resets the device.
        guard status == 0 else { return }
        for index in queues.indices {
            stop(index)
            queues[index].reset()
        }
    }
}
