// Hot path: MPLS labels and backbone service instance tags put on and taken off.
import DPDK
import Packet

extension PacketEditor {
    // MARK: MPLS (RFC 3032)

    /// A new label stack entry in front of everything behind the Ethernet addresses, tags too (OpenFlow 1.3.5 §5.12.1).
    @inline(never) @_noLocks
    static func pushLabel(_ hand: inout PacketInHand, _ instruction: UnsafePointer<Instruction>) -> Bool {
        if hand.layout.etherTypeOffset == PacketLayout.absent { return true }
        var entry = newLabel(hand)
        let type = HeaderBytes(base: hand.packet.data).load16(EthernetHeader.etherType)
        if type != EtherType.mplsUnicast, type != EtherType.mplsMulticast { entry |= MPLSEntry.bottomOfStack }
        guard let front = evs_mbuf_prepend(hand.packet.raw, UInt16(truncatingIfNeeded: MPLSEntry.length)) else {
            hand.reason = .noHeadroom
            return false
        }
        evs_move(front, front + MPLSEntry.length, EthernetHeader.etherType)
        let bytes = HeaderBytes(base: front)
        bytes.store16(UInt16(truncatingIfNeeded: instruction.pointee.argument), EthernetHeader.etherType)
        bytes.store32(entry, EthernetHeader.length)
        hand.hasLayout = false
        return true
    }

    /// Label, traffic class and TTL of the entry that was the outermost, or the TTL of the IP header; else zeros
    /// (OpenFlow 1.3.5 §5.12.1, table 7).
    @inline(__always) @_noLocks
    private static func newLabel(_ hand: PacketInHand) -> UInt32 {
        let bytes = HeaderBytes(base: hand.packet.data)
        if hand.layout.mplsOffset != PacketLayout.absent {
            return bytes.load32(Int(hand.layout.mplsOffset)) & ~MPLSEntry.bottomOfStack
        }
        let header = Int(hand.layout.networkOffset)
        switch hand.layout.network {
        case .ipv4: return UInt32(bytes.load8(header &+ IPv4Header.timeToLive))
        case .ipv6: return UInt32(bytes.load8(header &+ IPv6Header.hopLimit))
        case .none, .arp: return 0
        }
    }

    /// Takes the outermost label stack entry away, if there is one.
    @inline(never) @_noLocks
    static func popLabel(_ hand: inout PacketInHand, _ instruction: UnsafePointer<Instruction>) {
        if hand.layout.mplsOffset == PacketLayout.absent { return }
        let front = hand.packet.data
        let type = Int(hand.layout.etherTypeOffset), entry = Int(hand.layout.mplsOffset)
        // An entry behind SNAP has its EtherType elsewhere, and stays.
        if entry != type &+ 2 { return }
        HeaderBytes(base: front).store16(UInt16(truncatingIfNeeded: instruction.pointee.argument), type)
        evs_move(front + MPLSEntry.length, front, entry)
        _ = evs_mbuf_remove_front(hand.packet.raw, UInt16(truncatingIfNeeded: MPLSEntry.length))
        pad(hand.packet)
        hand.hasLayout = false
    }

    /// Ethernet frames have at least 60 bytes without their check sequence (IEEE 802.3 §4A.4.2); one that a header was
    /// taken from may have fewer.
    @inline(__always) @_noLocks
    private static func pad(_ packet: PacketBuffer) {
        let missing = 60 &- packet.length
        // What is left to do on a packet is told by its end.
        if missing <= 0 || packet.next != nil || evs_mbuf_has_offload(packet.raw) { return }
        if missing > Int(evs_mbuf_tailroom(packet.raw)) { return }
        evs_zero(packet.data + packet.segmentLength, missing)
        evs_mbuf_extend(packet.raw, packet.raw, UInt16(truncatingIfNeeded: missing))
    }

    /// One hop less in the outermost entry; false when the packet's way ends here.
    @inline(__always) @_noLocks
    func decrementLabelTTL(_ reason: inout DropReason) -> Bool {
        if layout.mplsOffset == PacketLayout.absent { return true }
        let offset = Int(layout.mplsOffset) &+ 3
        let old = bytes.load8(offset)
        if old <= 1 {
            reason = .ttlExpired
            return false
        }
        bytes.store8(old &- 1, offset)
        return true
    }

    /// Copies the TTL between the outermost label stack entry and the header below it, which is another entry or IP.
    @inline(never) @_noLocks
    func copyTTL(outwards: Bool) {
        if layout.mplsOffset == PacketLayout.absent { return }
        let outer = Int(layout.mplsOffset) &+ 3
        let inner = Int(layout.mplsOffset) &+ MPLSEntry.length
        if bytes.load32(Int(layout.mplsOffset)) & MPLSEntry.bottomOfStack == 0 {
            if inner &+ MPLSEntry.length > packet.segmentLength { return }
            return copy(outwards, outer: outer, inner: inner &+ 3)
        }
        if inner &+ IPv4Header.minimumLength > packet.segmentLength { return }
        switch bytes.load8(inner) >> 4 {
        case 4:
            let word = inner &+ IPv4Header.timeToLive
            let old = bytes.load16(word)
            copy(outwards, outer: outer, inner: word)
            adjust(at: inner &+ IPv4Header.checksum, (UInt32(old), UInt32(bytes.load16(word))))
        case 6:
            copy(outwards, outer: outer, inner: inner &+ IPv6Header.hopLimit)
        default:
            break
        }
    }

    @inline(__always) @_noLocks
    private func copy(_ outwards: Bool, outer: Int, inner: Int) {
        bytes.store8(bytes.load8(outwards ? inner : outer), outwards ? outer : inner)
    }

    // MARK: Provider backbone bridging (IEEE 802.1Q §9.7)

    /// Bytes that a service instance tag and the backbone addresses take up.
    private static var backboneLength: Int {
        @_noLocks get { EthernetHeader.length &+ PBBTag.controlInformationLength }
    }

    /// Addresses and a service instance tag in front of the packet, whose own become the customer's. The priority is
    /// copied from the outer VLAN tag, the instance from a service instance tag (OpenFlow 1.3.5 §5.12.1, table 7).
    @inline(never) @_noLocks
    static func pushServiceInstance(_ hand: inout PacketInHand) -> Bool {
        if hand.layout.etherTypeOffset == PacketLayout.absent { return true }
        let old = HeaderBytes(base: hand.packet.data)
        var control: UInt32 = 0
        if hand.layout.vlanTagCount > 0 { control = UInt32(old.load16(EthernetHeader.length) & 0xe000) << 16 }
        let type = Int(hand.layout.etherTypeOffset)
        if old.load16(type) == EtherType.backboneTag,
            type &+ 2 &+ PBBTag.controlInformationLength <= hand.packet.segmentLength
        {
            control |= old.load32(type &+ 2) & 0xff_ffff
        }
        guard let front = evs_mbuf_prepend(hand.packet.raw, UInt16(truncatingIfNeeded: backboneLength)) else {
            hand.reason = .noHeadroom
            return false
        }
        evs_copy(front, front + backboneLength, EthernetHeader.etherType)
        let bytes = HeaderBytes(base: front)
        bytes.store16(EtherType.backboneTag, EthernetHeader.etherType)
        bytes.store32(control, EthernetHeader.length)
        hand.hasLayout = false
        return true
    }

    /// Takes a service instance tag away, if there is one: the customer's addresses are the packet's again. A backbone
    /// VLAN tag stays; flows take it off themselves (OpenFlow 1.3.5 §5.12.1).
    @inline(never) @_noLocks
    static func popServiceInstance(_ hand: inout PacketInHand) {
        if hand.layout.etherTypeOffset == PacketLayout.absent { return }
        let front = hand.packet.data
        let bytes = HeaderBytes(base: front)
        let type = Int(hand.layout.etherTypeOffset)
        let customer = type &+ 2 &+ PBBTag.controlInformationLength
        if bytes.load16(type) != EtherType.backboneTag { return }
        if customer &+ EthernetHeader.length > hand.packet.segmentLength { return }
        let destination = bytes.load48(customer), source = bytes.load48(customer &+ EthernetHeader.source)
        // The tags move to the front of what the customer's addresses were followed by.
        let tags = type &- EthernetHeader.etherType
        evs_move(front + (backboneLength &+ EthernetHeader.etherType), front + EthernetHeader.etherType, tags)
        bytes.store48(destination, backboneLength)
        bytes.store48(source, backboneLength &+ EthernetHeader.source)
        _ = evs_mbuf_remove_front(hand.packet.raw, UInt16(truncatingIfNeeded: backboneLength))
        pad(hand.packet)
        hand.hasLayout = false
    }
}
