// Hot path: from a guest's addresses to ours.

extension GuestMemoryMap {
    /// Where `count` bytes at a guest-physical address lie here; `nil` unless they are wholly inside one region.
    @_noLocks
    public func pointer(to guestAddress: UInt64, count: Int) -> UnsafeMutableRawPointer? {
        var index = 0
        while index < self.count {
            if let pointer = regions[index].pointer(to: guestAddress, count: count) { return pointer }
            index &+= 1
        }
        return nil
    }

    /// The same for an address of the front-end's own, by which it names rings.
    @_noLocks
    public func pointer(toUserAddress address: UInt64, count: Int) -> UnsafeMutableRawPointer? {
        var index = 0
        while index < self.count {
            var region = regions[index]
            region.guestStart = region.userStart
            if let pointer = region.pointer(to: address, count: count) { return pointer }
            index &+= 1
        }
        return nil
    }

    /// The guest-physical address of something in guest memory; `nil` if it is none of ours.
    @_noLocks
    public func guestAddress(of pointer: UnsafeRawPointer) -> UInt64? {
        var index = 0
        while index < self.count {
            let region = regions[index]
            let offset = UInt64(UInt(bitPattern: pointer) &- region.base)
            if offset < region.size { return region.guestStart &+ offset }
            index &+= 1
        }
        return nil
    }
}

extension GuestMemoryMap.Region {
    /// Where `count` bytes at a guest-physical address lie here; `nil` unless they are wholly inside.
    @inline(__always) @_noLocks
    func pointer(to guestAddress: UInt64, count: Int) -> UnsafeMutableRawPointer? {
        // An address below the region wraps to an offset beyond any size.
        let offset = guestAddress &- guestStart
        let wanted = UInt64(truncatingIfNeeded: count)
        if count < 0 || wanted > size || offset > size &- wanted { return nil }
        return UnsafeMutableRawPointer(bitPattern: base &+ UInt(offset))
    }
}
