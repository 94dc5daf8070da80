// Hot path: changing what stands before the network header.
import DPDK
import Packet

extension PacketEditor {
    /// Ethernet addresses and type.
    @inline(__always) @_noLocks
    func setEthernet(_ field: FieldID, _ value: UInt64, _ mask: UInt64) {
        // Without a type there is no whole Ethernet header.
        if layout.etherTypeOffset == PacketLayout.absent { return }
        if field == .ethType {
            _ = bytes.merge16(Int(layout.etherTypeOffset), value, mask)
            return
        }
        let offset = field == .ethDst ? EthernetHeader.destination : EthernetHeader.source
        _ = bytes.merge48(offset, value, mask)
    }

    /// Bits of the outer tag's control information.
    @inline(__always) @_noLocks
    func setTag(_ instruction: UnsafePointer<Instruction>) {
        if layout.vlanTagCount == 0 { return }
        _ = bytes.merge16(
            EthernetHeader.etherType &+ VLANTag.controlInformation, instruction.pointee.value,
            UInt64(instruction.pointee.argument))
    }

    /// A new outer tag behind the Ethernet addresses.
    @inline(__always) @_noLocks
    static func pushTag(_ hand: inout PacketInHand, _ instruction: UnsafePointer<Instruction>) -> Bool {
        if hand.layout.etherTypeOffset == PacketLayout.absent { return true }
        guard let front = evs_mbuf_prepend(hand.packet.raw, UInt16(truncatingIfNeeded: VLANTag.length)) else {
            hand.reason = .noHeadroom
            return false
        }
        evs_move(front, front + VLANTag.length, EthernetHeader.etherType)
        let bytes = HeaderBytes(base: front)
        bytes.store16(UInt16(truncatingIfNeeded: instruction.pointee.argument), EthernetHeader.etherType)
        bytes.store16(
            UInt16(truncatingIfNeeded: instruction.pointee.value),
            EthernetHeader.etherType &+ VLANTag.controlInformation)
        hand.layout.shift(by: VLANTag.length)
        hand.layout.vlanTagCount &+= 1
        return true
    }

    /// Takes the outer tag away, if there is one.
    @inline(__always) @_noLocks
    static func popTag(_ hand: inout PacketInHand) {
        if hand.layout.vlanTagCount == 0 { return }
        let front = hand.packet.data
        evs_move(front + VLANTag.length, front, EthernetHeader.etherType)
        _ = evs_mbuf_remove_front(hand.packet.raw, UInt16(truncatingIfNeeded: VLANTag.length))
        hand.layout.shift(by: -VLANTag.length)
        hand.layout.vlanTagCount &-= 1
    }

    /// Parts of the outermost MPLS label stack entry.
    @inline(__always) @_noLocks
    func setLabelStackEntry(_ field: FieldID, _ value: UInt64, _ mask: UInt64) {
        if layout.mplsOffset == PacketLayout.absent { return }
        let shift: UInt64
        switch field {
        case .mplsLabel: shift = 12
        case .mplsTC: shift = 9
        case .mplsBOS: shift = 8
        default: shift = 0
        }
        _ = bytes.merge32(Int(layout.mplsOffset), value << shift, mask << shift)
    }

    /// The service instance and the use-customer-address bit of a backbone tag.
    @inline(__always) @_noLocks
    func setServiceInstance(_ field: FieldID, _ value: UInt64, _ mask: UInt64) {
        if layout.etherTypeOffset == PacketLayout.absent { return }
        let type = Int(layout.etherTypeOffset)
        let end = type &+ 2 &+ PBBTag.controlInformationLength
        if bytes.load16(type) != EtherType.backboneTag || end > packet.segmentLength { return }
        let shift: UInt64 = field == .pbbUCA ? 27 : 0
        _ = bytes.merge32(type &+ 2 &+ PBBTag.controlInformation, value << shift, mask << shift)
    }
}

extension PacketLayout {
    /// Moves every header, after bytes were put in or taken out in front of them.
    @inline(__always) @_noLocks
    mutating func shift(by bytes: Int) {
        etherTypeOffset = PacketLayout.moved(etherTypeOffset, bytes)
        mplsOffset = PacketLayout.moved(mplsOffset, bytes)
        networkOffset = PacketLayout.moved(networkOffset, bytes)
        transportOffset = PacketLayout.moved(transportOffset, bytes)
    }

    @inline(__always) @_noLocks
    private static func moved(_ offset: UInt16, _ bytes: Int) -> UInt16 {
        offset == absent ? absent : offset &+ UInt16(truncatingIfNeeded: bytes)
    }
}
