// Hot path: from packets to megaflows.
import DPDK
import Packet

extension UnsafeMutablePointer where Pointee == Worker {
    /// Fills the keys of the burst as far as the caches look into packets.
    @inline(__always) @_noLocks
    func parse(_ count: Int, _ bridge: UnsafeMutablePointer<BridgeState>, _ number: UInt32) {
        pointee.isParsedWhole = bridge.pointee.depth.isFull
        switch bridge.pointee.depth {
        case .port:
            pointee.keys[0].words[KeyLayout.portAndTypes] = UInt64(number) << 32
            pointee.keys[0].words[KeyLayout.physicalPort] = UInt64(number) << 32
        case .ethernet:
            var index = 0
            while index < count {
                prefetchData(index &+ 4, count)
                let packet = packet(index)
                _ = PacketParser.parseEthernet(
                    packet.data, count: packet.segmentLength, packetLength: packet.length, port: number,
                    into: pointee.keys + index)
                pointee.keys[index].words[KeyLayout.physicalPort] = UInt64(number) << 32
                index &+= 1
            }
        case .full:
            var index = 0
            while index < count {
                prefetchData(index &+ 4, count)
                parseWhole(index, number)
                index &+= 1
            }
        }
    }

    /// Fills one packet's key with every header.
    @inline(__always) @_noLocks
    func parseWhole(_ index: Int, _ number: UInt32) {
        let packet = packet(index)
        pointee.layouts[index] = PacketParser.parse(
            packet.data, count: packet.segmentLength, packetLength: packet.length, port: number,
            into: pointee.keys + index)
    }

    /// A packet of the burst in hand. Safe: `index` is below the burst's count, and the places up to it are filled.
    @inline(__always) @_noLocks
    func packet(_ index: Int) -> PacketBuffer { PacketBuffer(pointee.packets[index].unsafelyUnwrapped) }

    @inline(__always) @_noLocks
    private func prefetchData(_ index: Int, _ count: Int) {
        if index < count { evs_prefetch(packet(index).data) }
    }

    /// Looks the burst up in the exact-match cache; the bits of the packets that it does not know.
    @inline(__always) @_noLocks
    func probeExactMatch(_ count: Int, _ bridge: UnsafeMutablePointer<BridgeState>) -> UInt32 {
        let all = UInt32.max >> UInt32(truncatingIfNeeded: 32 &- count)
        if !bridge.pointee.usesCaches { return all }
        if bridge.pointee.depth.isPort {
            hashKey(0, bridge, bridge.pointee.relevant.count)
            let known = findExact(0, bridge)
            var index = 0
            while index < count {
                pointee.found[index] = known
                index &+= 1
            }
            if known == nil { return all }
            pointee.counters.exactMatchHits &+= UInt64(truncatingIfNeeded: count)
            return 0
        }
        // The usual widths as constants: then the loops over a key's words become straight code.
        switch bridge.pointee.relevant.count {
        case 3: return probeThreeWords(count, bridge)
        case 4: return probeFourWords(count, bridge)
        default: return probeBurst(count, bridge, bridge.pointee.relevant.count)
        }
    }

    @inline(never) @_noLocks
    private func probeThreeWords(_ count: Int, _ bridge: UnsafeMutablePointer<BridgeState>) -> UInt32 {
        probeBurst(count, bridge, 3)
    }

    @inline(never) @_noLocks
    private func probeFourWords(_ count: Int, _ bridge: UnsafeMutablePointer<BridgeState>) -> UInt32 {
        probeBurst(count, bridge, 4)
    }

    /// The same for keys of one width.
    @inline(__always) @_noLocks
    private func probeBurst(_ count: Int, _ bridge: UnsafeMutablePointer<BridgeState>, _ width: Int) -> UInt32 {
        var index = 0
        while index < count {
            hashKey(index, bridge, width)
            bridge.pointee.exactMatch.prefetch(pointee.hashes[index])
            index &+= 1
        }
        recallBurst(count, bridge)
        var missing: UInt32 = 0
        index = 0
        while index < count {
            if let known = pointee.found[index], isOwn(known, index, bridge, width) {
                index &+= 1
                continue
            }
            pointee.found[index] = nil
            missing |= bit(index)
            index &+= 1
        }
        pointee.counters.exactMatchHits &+= UInt64(truncatingIfNeeded: count &- missing.nonzeroBitCount)
        return missing
    }

    /// Notes what the exact-match cache remembers of each packet, and asks for the megaflows.
    @inline(__always) @_noLocks
    private func recallBurst(_ count: Int, _ bridge: UnsafeMutablePointer<BridgeState>) {
        var index = 0
        while index < count {
            let known = bridge.pointee.exactMatch.recall(hash: pointee.hashes[index])
            if let known { evs_prefetch_write(known) }
            pointee.found[index] = known
            index &+= 1
        }
    }

    /// Whether what is remembered is the packet's, and its decision was made for the tables as they are now.
    @inline(__always) @_noLocks
    private func isOwn(
        _ known: MegaflowPointer, _ index: Int, _ bridge: UnsafeMutablePointer<BridgeState>, _ width: Int
    ) -> Bool {
        known.pointee.stamp >= bridge.pointee.oldestStamp
            && bridge.pointee.megaflows.isFor(pointee.keys + index, known, width: width)
    }

    @inline(__always) @_noLocks
    private func hashKey(_ index: Int, _ bridge: UnsafeMutablePointer<BridgeState>, _ width: Int) {
        pointee.hashes[index] = bridge.pointee.relevant.hash(pointee.keys + index, bridge.pointee.hash, width: width)
    }

    @inline(__always) @_noLocks
    private func findExact(_ index: Int, _ bridge: UnsafeMutablePointer<BridgeState>) -> MegaflowPointer? {
        guard let known = bridge.pointee.exactMatch.recall(hash: pointee.hashes[index]),
            isOwn(known, index, bridge, 1)
        else { return nil }
        return known
    }

    /// Finds the megaflows of the packets that the exact-match cache does not know, translating where there is none.
    @inline(never) @_noLocks
    func resolve(
        _ missing: UInt32, _ bridge: UnsafeMutablePointer<BridgeState>, _ number: UInt32, _ count: Int
    ) {
        var left = missing
        let wasParsed = pointee.isParsedWhole
        while left != 0 {
            let index = left.trailingZeroBitCount
            left &= left &- 1
            if !wasParsed { parseWhole(index, number) }
            pointee.found[index] = resolve(index, bridge)
        }
        if bridge.pointee.exactMatch.isCrowded { growExactMatch(bridge) }
    }

    @inline(__always) @_noLocks
    private func resolve(_ index: Int, _ bridge: UnsafeMutablePointer<BridgeState>) -> MegaflowPointer {
        if !bridge.pointee.usesCaches {
            pointee.counters.translations &+= 1
            return translate(index, bridge)
        }
        // An earlier packet of this burst may have brought it in, and may have widened the key.
        hashKey(index, bridge, bridge.pointee.relevant.count)
        if let known = bridge.pointee.exactMatch.recall(hash: pointee.hashes[index]),
            bridge.pointee.megaflows.isFor(pointee.keys + index, known, width: 3), holds(known, index, bridge)
        {
            pointee.counters.exactMatchHits &+= 1
            return known
        }
        let megaflow: MegaflowPointer
        if let known = bridge.pointee.megaflows.find(pointee.keys + index, probes: &pointee.counters.megaflowProbes),
            holds(known, index, bridge)
        {
            pointee.counters.megaflowHits &+= 1
            megaflow = known
        } else {
            pointee.counters.translations &+= 1
            megaflow = translate(index, bridge)
            hashKey(index, bridge, bridge.pointee.relevant.count)
        }
        bridge.pointee.exactMatch.insert(hash: pointee.hashes[index], megaflow: megaflow)
        return megaflow
    }

    /// Whether what was decided holds for the tables as they are now. If not, the megaflow is gone.
    @inline(__always) @_noLocks
    private func holds(_ megaflow: MegaflowPointer, _ index: Int, _ bridge: UnsafeMutablePointer<BridgeState>) -> Bool {
        megaflow.pointee.stamp >= bridge.pointee.oldestStamp || renew(megaflow, index, bridge)
    }
}
