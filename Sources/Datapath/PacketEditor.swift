// Hot path: the actions that change packets.
import DPDK
import Packet

/// Executes the instructions that change a packet, keeping its checksums right.
///
/// A field whose header the packet does not have is left alone. Checksums follow incrementally (RFC 1624), so that a
/// wrong one stays wrong; SCTP's is corrected by the difference of the sums before and after.
struct PacketEditor {
    let bytes: HeaderBytes
    let layout: PacketLayout
    let packet: PacketBuffer
    /// Tables for SCTP's checksum.
    let crc: UnsafePointer<CRC32C>

    @inline(__always) @_noLocks
    init(_ hand: PacketInHand, crc: UnsafePointer<CRC32C>) { self.init(hand.packet, hand.layout, crc: crc) }

    @inline(__always) @_noLocks
    init(_ packet: PacketBuffer, _ layout: PacketLayout, crc: UnsafePointer<CRC32C>) {
        bytes = HeaderBytes(base: packet.data)
        self.layout = layout
        self.packet = packet
        self.crc = crc
    }

    /// Executes one instruction; whether the packet's program goes on.
    @inline(__always) @_noLocks
    static func apply(
        _ instruction: UnsafePointer<Instruction>, _ hand: inout PacketInHand, crc: UnsafePointer<CRC32C>
    ) -> Bool {
        switch instruction.pointee.opcode {
        case .pushVLAN:
            return pushTag(&hand, instruction)
        case .popVLAN:
            popTag(&hand)
        case .setVLAN:
            PacketEditor(hand, crc: crc).setTag(instruction)
        case .decrementTTL:
            return PacketEditor(hand, crc: crc).decrementTTL(&hand.reason)
        case .rewrite:
            PacketEditor(hand, crc: crc).rewrite(instruction)
            if instruction.pointee.rewritesType { hand.hasLayout = false }
        case .pushMPLS:
            return pushLabel(&hand, instruction)
        case .popMPLS:
            popLabel(&hand, instruction)
        case .decrementMPLSTTL:
            return PacketEditor(hand, crc: crc).decrementLabelTTL(&hand.reason)
        case .copyTTLOut:
            PacketEditor(hand, crc: crc).copyTTL(outwards: true)
        case .copyTTLIn:
            PacketEditor(hand, crc: crc).copyTTL(outwards: false)
        case .pushPBB:
            return pushServiceInstance(&hand)
        case .popPBB:
            popServiceInstance(&hand)
        case .output, .normal, .operand, .controller, .data, .truncatedOutput, .clone, .select, .bucket, .count,
            .meter, .recirculate:
            break
        }
        return true
    }

    /// Sets a field; see ``Instruction/Opcode/rewrite`` for the operands.
    @_noLocks
    func rewrite(_ instruction: UnsafePointer<Instruction>) {
        // Safe: the translator writes raw values of FieldID only.
        guard let field = FieldID(rawValue: instruction.pointee.detail) else { return }
        let value = instruction.pointee.value
        let mask = (instruction + 1).pointee.value
        switch field {
        case .ethDst, .ethSrc, .ethType:
            setEthernet(field, value, mask)
        case .mplsLabel, .mplsTC, .mplsBOS, .mplsTTL:
            setLabelStackEntry(field, value, mask)
        case .pbbISID, .pbbUCA:
            setServiceInstance(field, value, mask)
        case .arpOp, .arpSPA, .arpTPA, .arpSHA, .arpTHA:
            if layout.network == .arp { setARP(field, value, mask) }
        case .ipDSCP, .ipECN, .ipTTL, .ipProto, .ipv4Src, .ipv4Dst, .ipv6Label:
            setNetwork(field, value, mask)
        case .ipv6Src, .ipv6Dst, .ndTarget:
            let wideValue = UInt128((instruction + 2).pointee.value) << 64 | UInt128(value)
            let wideMask = UInt128((instruction + 3).pointee.value) << 64 | UInt128(mask)
            setIPv6Address(field, wideValue, wideMask)
        case .tcpSrc, .tcpDst, .udpSrc, .udpDst, .sctpSrc, .sctpDst, .icmpType, .icmpCode, .icmpv6Type, .icmpv6Code:
            setTransport(field, value, mask)
        case .ndSLL, .ndTLL:
            setLinkLayerOption(field, value, mask)
        default:
            break
        }
    }
}
