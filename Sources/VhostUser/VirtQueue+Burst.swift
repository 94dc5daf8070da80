// Hot path: a burst of frames taken from a guest, or of room for frames that go to it.
import CVhost

extension VirtQueue {
    /// Takes up to `limit` frames that the guest sends.
    ///
    /// - Returns: how many are in `frames`. Copy them, then call ``finish()``, also if there are none.
    @_noLocks
    public mutating func take(into frames: UnsafeMutablePointer<GuestFrame>, limit: Int) -> Int {
        startOfBurst = RingPosition(available: nextAvailable, wrap: availableWrap)
        var count = 0
        var bytes = 0
        var tried = 0
        while tried < limit, bytes < VirtQueue.burstBytes {
            tried &+= 1
            let first = segmentCount
            switch takeChain(writable: false) {
            case .none:
                return count
            case .good where makeFrame(frames + count, from: first):
                bytes &+= chainBytes
                count &+= 1
            case .good, .bad:
                segmentCount = first
                counters.badDescriptors &+= 1
            }
        }
        return count
    }

    /// Leaves the frames just taken for later, as if they had not been looked at.
    @_noLocks
    public mutating func undoTake() {
        nextAvailable = startOfBurst.available
        availableWrap = startOfBurst.wrap
        chainCount = 0
        segmentCount = 0
    }

    /// Finds room for frames of these lengths, in order.
    ///
    /// - Returns: for how many frames there is room in `frames`, which may have been stopped by the bounds of a
    ///   burst: try
    ///   the rest again. A frame that the guest's buffers can't hold at all has no segments there.
    @_noLocks
    public mutating func reserve(
        _ lengths: UnsafePointer<UInt32>, count: Int, into frames: UnsafeMutablePointer<GuestFrame>
    ) -> Int {
        var made = 0
        while made < count {
            if !reserveRoom(frames + made, length: Int(lengths[made])) { return made }
            made &+= 1
        }
        return made
    }

    /// Gives all buffers of the burst back to the guest, and interrupts it if it wants that.
    @_noLocks
    public mutating func finish() {
        if chainCount == 0 { return }
        if inflight != nil { noteReturning() }
        if isPacked { publishPacked() } else { publishSplit() }
        if inflight != nil { noteReturned() }
        if dirtyLog != nil { logBurst() }
        chainCount = 0
        segmentCount = 0
        notifyGuest()
    }

    @inline(__always) @_noLocks
    private mutating func takeChain(writable: Bool) -> ChainOutcome {
        if chainCount == VirtQueue.burstChains || segmentCount >= VirtQueue.burstSegments || isBroken { return .none }
        chainBytes = 0
        return isPacked ? takePackedChain(writable: writable) : takeSplitChain(writable: writable)
    }

    /// Makes a frame of the segments of a chain, without its header; false if there is none in it.
    @inline(__always) @_noLocks
    private mutating func makeFrame(_ frame: UnsafeMutablePointer<GuestFrame>, from first: Int) -> Bool {
        let length = chainBytes &- headerLength
        if length <= 0 || length > VirtQueue.frameLimit { return false }
        var start = first
        var header = VirtioNetHeader()
        let segment = segments + first
        if segment.pointee.count >= headerLength {
            if readsHeaders { header = VirtioNetHeader(at: segment.pointee.base) }
            if segment.pointee.count == headerLength {
                start &+= 1
            } else {
                segment.pointee.base += headerLength
                segment.pointee.count &-= headerLength
            }
        } else {
            header = gatherHeader(&start)
        }
        vhost_prefetch(segments[start].base)
        frame.initialize(
            to: GuestFrame(segments: segments + start, segmentCount: segmentCount &- start, length: length))
        frame.pointee.header = header
        return true
    }

    /// Reads a header that is spread over several segments; moves `start` behind it.
    @inline(never) @_noLocks
    private mutating func gatherHeader(_ start: inout Int) -> VirtioNetHeader {
        var bytes = (UInt64(0), UInt64(0))
        var copied = 0
        while copied < headerLength {
            let segment = segments + start
            let byte = UInt64(vhost_load8(segment.pointee.base))
            if copied < 8 {
                bytes.0 |= byte << UInt64(copied &* 8)
            } else {
                bytes.1 |= byte << UInt64((copied &- 8) &* 8)
            }
            copied &+= 1
            segment.pointee.base += 1
            segment.pointee.count &-= 1
            if segment.pointee.count == 0 { start &+= 1 }
        }
        if !readsHeaders { return VirtioNetHeader() }
        return withUnsafePointer(to: &bytes) { VirtioNetHeader(at: UnsafeRawPointer($0)) }
    }

    /// Room for one frame, from as many buffers as it takes if the guest can merge them; false when there is none now.
    @inline(__always) @_noLocks
    private mutating func reserveRoom(_ frame: UnsafeMutablePointer<GuestFrame>, length: Int) -> Bool {
        let total = length &+ headerLength
        var firstSegment = segmentCount
        var firstChain = chainCount
        var start = RingPosition(available: nextAvailable, wrap: availableWrap)
        var collected = 0
        while collected < total {
            let outcome = takeChain(writable: true)
            let isUsable = outcome.isGood && (collected > 0 || chainBytes >= headerLength)
            if isUsable {
                let last = chains + (chainCount &- 1)
                let written = min(chainBytes, total &- collected)
                last.pointee.written = UInt32(truncatingIfNeeded: written)
                collected &+= written
                if collected == total || isMergeable { continue }
            } else if !outcome.isNone {
                forgetRoom(from: firstChain, firstSegment)
                firstSegment = segmentCount
                firstChain = chainCount
                start = RingPosition(available: nextAvailable, wrap: availableWrap)
                collected = 0
                continue
            }
            // Nothing more now, or one buffer that is too small: what was taken for the frame stays where it was.
            nextAvailable = start.available
            availableWrap = start.wrap
            chainCount = firstChain
            segmentCount = firstSegment
            if outcome.isNone { return false }
            counters.oversized &+= 1
            frame.initialize(to: GuestFrame(segments: segments, segmentCount: 0, length: length))
            return true
        }
        let place = segments + firstSegment
        vhost_prefetch_write(place.pointee.base)
        frame.initialize(
            to: GuestFrame(segments: place, segmentCount: segmentCount &- firstSegment, length: length))
        frame.pointee.bufferCount = UInt16(truncatingIfNeeded: chainCount &- firstChain)
        return true
    }

    /// One of a frame's buffers makes no sense: all that were taken for it go back unused.
    @inline(never) @_noLocks
    private mutating func forgetRoom(from firstChain: Int, _ firstSegment: Int) {
        counters.badDescriptors &+= 1
        segmentCount = firstSegment
        var chain = firstChain
        while chain < chainCount {
            chains[chain].written = 0
            chain &+= 1
        }
    }

    /// Adds a stretch that a descriptor names to the segments; false if it is not wholly in guest memory.
    @inline(__always) @_noLocks
    mutating func addSegment(_ address: UInt64, _ count: UInt32) -> Bool {
        if count == 0 { return true }
        guard let base = pointer(to: address, count: count) else { return false }
        segments[segmentCount] = GuestSegment(base: base, count: Int(count))
        segmentCount &+= 1
        chainBytes &+= Int(count)
        return true
    }

    @inline(__always) @_noLocks
    mutating func pointer(to address: UInt64, count: UInt32) -> UnsafeMutableRawPointer? {
        if let pointer = nearRegion.pointer(to: address, count: Int(count)) { return pointer }
        return findPointer(to: address, count: count)
    }

    @inline(never) @_noLocks
    private mutating func findPointer(to address: UInt64, count: UInt32) -> UnsafeMutableRawPointer? {
        var region = 0
        while region < regionCount {
            if let pointer = regions[region].pointer(to: address, count: Int(count)) {
                nearRegion = regions[region]
                return pointer
            }
            region &+= 1
        }
        return nil
    }
}
