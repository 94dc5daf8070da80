// Hot path: the log of pages written, kept while a guest is being migrated.
import CVhost

extension VirtQueue {
    /// Logs what the burst wrote: frames, and the ring.
    @inline(never) @_noLocks
    mutating func logBurst() {
        var chain = 0
        var slots = 0
        while chain < chainCount {
            logChain(chains[chain])
            slots &+= Int(chains[chain].slotCount)
            chain &+= 1
        }
        // The places given back end at `nextUsed`, and may begin before the ring's end.
        let isRing = isPacked ? descriptorsGuestAddress : deviceAreaGuestAddress &+ UInt64(SplitRing.entries)
        let width = isPacked ? 16 : 8
        let end = Int(nextUsed) % size
        let count = min(slots, size)
        if end >= count {
            log(isRing &+ UInt64((end &- count) &* width), count &* width)
        } else {
            log(isRing, end &* width)
            log(isRing &+ UInt64((end &- count &+ size) &* width), (count &- end) &* width)
        }
        log(deviceAreaGuestAddress, 4)
    }

    @inline(__always) @_noLocks
    private func logChain(_ chain: TakenChain) {
        var left = Int(chain.written)
        var segment = segments + Int(chain.firstSegment)
        while left > 0 {
            let count = min(left, segment.pointee.count)
            log(guestAddress(of: segment.pointee.base), count)
            left &-= count
            segment += 1
        }
    }

    @inline(__always) @_noLocks
    private func guestAddress(of pointer: UnsafeMutableRawPointer) -> UInt64 {
        var region = 0
        while region < regionCount {
            let offset = UInt64(UInt(bitPattern: pointer) &- regions[region].base)
            if offset < regions[region].size { return regions[region].guestStart &+ offset }
            region &+= 1
        }
        return .max
    }

    /// Sets the bits of the pages that these bytes lie in; what the log has no room for is left out.
    @inline(never) @_noLocks
    func log(_ guestAddress: UInt64, _ count: Int) {
        guard let dirtyLog, count > 0, guestAddress < UInt64.max &- UInt64(count) else { return }
        var page = guestAddress >> 12
        let last = (guestAddress &+ UInt64(count) &- 1) >> 12
        while page <= last, page >> 3 < dirtyLogBytes {
            vhost_log_set(dirtyLog + Int(page >> 3), 1 << UInt8(page & 7))
            page &+= 1
        }
    }
}
