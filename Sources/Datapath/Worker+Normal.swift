// Hot path: NORMAL, forwarding by MAC learning.
import DPDK
import Packet

/// What NORMAL decided last in this burst. The next packet is often between the same two hosts.
struct NormalMemory {
    private(set) var source: UInt64 = 0
    private(set) var destination: UInt64 = 0
    private(set) var decision = NormalDecision.drop(.tooShort)

    @inline(__always) @_noLocks
    mutating func forget() { source = 0 }

    @inline(__always) @_noLocks
    mutating func remember(source: UInt64, destination: UInt64, _ decision: NormalDecision) {
        self.source = source
        self.destination = destination
        self.decision = decision
    }
}

enum NormalDecision: BitwiseCopyable {
    case port(UInt16)
    case flood
    case drop(DropReason)
}

extension UnsafeMutablePointer where Pointee == Worker {
    /// NORMAL for a run of the burst's packets: those with the same decision go together.
    @inline(__always) @_noLocks
    func forwardRunNormally(from start: Int, to end: Int, _ bridge: UnsafeMutablePointer<BridgeState>) {
        let publication = bridge.pointee.publication
        var first = start
        while first < end {
            if hasOddTag(packet(first)) {
                forwardOddly(first, bridge)
                first &+= 1
                continue
            }
            let decision = decide(packet(first), publication, from: pointee.arrivalPort)
            var next = first &+ 1
            var bytes = UInt64(pointee.lengths[first])
            while next < end, isAsRemembered(packet(next)) {
                bytes &+= UInt64(pointee.lengths[next])
                next &+= 1
            }
            switch decision {
            case .port(let port):
                enqueueRun(from: first, to: next, bytes: bytes, port: port)
            case .drop(let reason):
                evs_mbuf_free_bulk(pointee.packets + first, UInt32(truncatingIfNeeded: next &- first))
                drop(from: first, to: next, reason)
            case .flood:
                floodRun(from: first, to: next, publication)
            }
            first = next
        }
    }

    /// Whether the packet is between the same hosts as the one before, so that its decision is the same.
    @inline(__always) @_noLocks
    private func isAsRemembered(_ packet: PacketBuffer) -> Bool {
        if packet.segmentLength < EthernetAddresses.headerBytes { return false }
        let addresses = EthernetAddresses(packet)
        if addresses.hasOddTag { return false }
        return MacTable.key(address: addresses.source, vlan: addresses.vlan) == pointee.normalMemory.source
            && MacTable.key(address: addresses.destination, vlan: addresses.vlan) == pointee.normalMemory.destination
    }

    @inline(never) @_noLocks
    private func floodRun(from start: Int, to end: Int, _ publication: UnsafePointer<BridgePublication>) {
        var index = start
        while index < end {
            var reason = DropReason.noReceiver
            flood(packet(index), index, publication, from: pointee.arrivalPort, reason: &reason)
            dropIfUntaken(index, reason)
            index &+= 1
        }
    }

    // MARK: Odd tags

    /// Whether the packet's outer tag is cut off, or says nothing: no VLAN and no priority.
    @inline(__always) @_noLocks
    private func hasOddTag(_ packet: PacketBuffer) -> Bool {
        packet.segmentLength >= EthernetAddresses.headerBytes && EthernetAddresses(packet).hasOddTag
    }

    /// One packet with an odd tag.
    @inline(never) @_noLocks
    private func forwardOddly(_ index: Int, _ bridge: UnsafeMutablePointer<BridgeState>) {
        var reason = DropReason.noReceiver
        forwardNormally(packet(index), index, bridge, from: pointee.arrivalPort, reason: &reason)
        dropIfUntaken(index, reason)
    }

    /// The packet, or a copy if others have it too, without the tag that says nothing: a bridge sends no packet with
    /// VLAN identifier 0 (IEEE 802.1Q §9.6), and Open vSwitch keeps such a tag only for a priority. `nil` if there is
    /// no buffer.
    @inline(never) @_noLocks
    private func withoutNullTag(_ packet: PacketBuffer) -> PacketBuffer? {
        if EthernetAddresses(packet).hasCutTag { return packet }
        var own = packet
        if packet.isShared {
            guard let copy = copy(packet) else { return nil }
            packet.free()
            own = copy
        }
        let front = own.data
        evs_move(front + VLANTag.length, front, EthernetHeader.etherType)
        _ = evs_mbuf_remove_front(own.raw, UInt16(truncatingIfNeeded: VLANTag.length))
        return own
    }

    /// Learns where the packet came from and sends it where its destination was last seen, or everywhere.
    ///
    /// The packet is the callee's. Learning is by the packet as it is now, after any change of tag or addresses, at the
    /// port `source`.
    @inline(__always) @_noLocks
    func forwardNormally(
        _ packet: PacketBuffer, _ index: Int, _ bridge: UnsafeMutablePointer<BridgeState>, from source: UInt16,
        reason: inout DropReason
    ) {
        let publication = bridge.pointee.publication
        var packet = packet
        // By the tags as they are: one that says nothing stands for no VLAN, whatever is behind it.
        let decision = decide(packet, publication, from: source)
        if hasOddTag(packet) {
            guard let fit = withoutNullTag(packet) else {
                reason = .noBuffer
                return packet.free()
            }
            packet = fit
        }
        switch decision {
        case .port(let port):
            enqueue(packet, index, port: port, reason: &reason)
        case .flood:
            flood(packet, index, publication, from: source, reason: &reason)
        case .drop(let why):
            reason = why
            packet.free()
        }
    }

    @inline(__always) @_noLocks
    private func decide(
        _ packet: PacketBuffer, _ publication: UnsafePointer<BridgePublication>, from arrival: UInt16
    ) -> NormalDecision {
        if packet.segmentLength < EthernetAddresses.headerBytes { return .drop(.tooShort) }
        let addresses = EthernetAddresses(packet)
        if addresses.hasCutTag { return .drop(.tooShort) }
        let source = MacTable.key(address: addresses.source, vlan: addresses.vlan)
        let destination = MacTable.key(address: addresses.destination, vlan: addresses.vlan)
        if arrival != pointee.arrivalPort {
            // What is learned at another port may make the memory wrong.
            pointee.normalMemory.forget()
            return decide(addresses, source, destination, publication, from: arrival)
        }
        if source == pointee.normalMemory.source, destination == pointee.normalMemory.destination {
            return pointee.normalMemory.decision
        }
        let decision = decide(addresses, source, destination, publication, from: arrival)
        pointee.normalMemory.remember(source: source, destination: destination, decision)
        return decision
    }

    @inline(__always) @_noLocks
    private func decide(
        _ addresses: EthernetAddresses, _ source: UInt64, _ destination: UInt64,
        _ publication: UnsafePointer<BridgePublication>, from arrival: UInt16
    ) -> NormalDecision {
        if addresses.isReserved { return .drop(.reservedAddress) }
        let now = MacTable.tick(cycles: pointee.nowCycles)
        let table = publication.pointee.macTable
        if addresses.source & EthernetAddresses.groupBit == 0, arrival != Limits.injectionPort {
            table.learn(source, port: arrival, now: now)
        }
        if addresses.destination & EthernetAddresses.groupBit != 0 { return floodDecision(publication, arrival) }
        guard let port = table.port(of: destination, now: now) else { return floodDecision(publication, arrival) }
        if port == arrival { return .drop(.samePort) }
        return publication.isBlocked(port) ? .drop(.portBlocked) : .port(port)
    }

    /// With two ports, everywhere is the other one.
    @inline(__always) @_noLocks
    private func floodDecision(
        _ publication: UnsafePointer<BridgePublication>, _ arrival: UInt16
    ) -> NormalDecision {
        let ports = publication.pointee.floodPorts
        if publication.pointee.floodPortCount != 2 { return .flood }
        if ports[0] == arrival { return .port(ports[1]) }
        return ports[1] == arrival ? .port(ports[0]) : .flood
    }

    /// To every port that floods but the one that it came from.
    @inline(never) @_noLocks
    private func flood(
        _ packet: PacketBuffer, _ index: Int, _ publication: UnsafePointer<BridgePublication>, from arrival: UInt16,
        reason: inout DropReason
    ) {
        let ports = publication.pointee.floodPorts
        let count = publication.pointee.floodPortCount
        var last = -1
        var position = 0
        while position < count {
            if ports[position] != arrival {
                if last >= 0 {
                    packet.share(1)
                    enqueue(packet, index, port: ports[last], reason: &reason)
                }
                last = position
            }
            position &+= 1
        }
        if last >= 0 { return enqueue(packet, index, port: ports[last], reason: &reason) }
        reason = .noReceiver
        packet.free()
    }
}

/// The addresses and the VLAN by which a bridge learns.
struct EthernetAddresses {
    /// 48 bits, right-aligned.
    let destination: UInt64
    let source: UInt64
    /// 0 for an untagged packet.
    let vlan: UInt64
    /// Whether the outer tag, or the EtherType after it, is cut off.
    let hasCutTag: Bool
    /// Whether the outer tag is cut off, or has neither identifier nor priority.
    let hasOddTag: Bool

    static var headerBytes: Int { @_noLocks get { 14 } }
    private static var tagBytes: Int { @_noLocks get { 4 } }
    /// The bit that tells group addresses from those of one host.
    static var groupBit: UInt64 { @_noLocks get { 0x0100_0000_0000 } }

    /// Safe: the caller has checked that the first segment holds an Ethernet header.
    @inline(__always) @_noLocks
    init(_ packet: PacketBuffer) {
        let bytes = UnsafeRawPointer(packet.data)
        destination = bytes.loadUnaligned(as: UInt64.self).bigEndian >> 16
        source = bytes.loadUnaligned(fromByteOffset: 4, as: UInt64.self).bigEndian & 0xffff_ffff_ffff
        let type = bytes.loadUnaligned(fromByteOffset: 12, as: UInt16.self).bigEndian
        let isTagged = type == 0x8100 || type == 0x88a8
        hasCutTag = isTagged && packet.segmentLength < Self.headerBytes + Self.tagBytes
        let control =
            isTagged && !hasCutTag
            ? UInt64(bytes.loadUnaligned(fromByteOffset: 14, as: UInt16.self).bigEndian) : 0
        vlan = control & 0xfff
        hasOddTag = isTagged && control & 0xefff == 0
    }

    /// Never forwarded by a bridge: 01:80:c2:00:00:00…0f (IEEE 802.1Q §8.6.3), and the addresses by which the switches
    /// of some vendors talk to their neighbours, which Open vSwitch does not forward either.
    var isReserved: Bool {
        @inline(__always) @_noLocks get {
            if destination & ~0xf == 0x0180_c200_0000 { return true }
            switch destination >> 24 {
            case 0x01000c:
                // Cisco: ISL; CDP, VTP and the like; PVST+; Uplink Fast; CFM.
                return destination == 0x0100_0c00_0000 || destination & ~1 == 0x0100_0ccc_cccc
                    || destination == 0x0100_0ccd_cdcd || destination & ~7 == 0x0100_0ccc_ccc0
            case 0x00e02b:
                // Extreme: EDP and EAPS.
                return destination == 0x00e0_2b00_0000 || destination & ~2 == 0x00e0_2b00_0004
            default:
                return false
            }
        }
    }
}
