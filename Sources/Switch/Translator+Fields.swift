import Datapath
import OpenFlow
import Packet

extension Translator {
    /// Executes an action that changes the packet or what goes with it.
    mutating func change(_ action: Action) {
        switch action {
        case .setField(let field, let value, let mask): if meetsPrerequisite(Field[field]) { set(field, value, mask) }
        case .load(let value, let slice): write(UInt128(value), to: slice)
        case .move(let source, let destination): write(read(source), to: destination)
        case .pushVLAN(let type): pushTag(type)
        case .popVLAN: popTag()
        case .modVLANVID(let identifier): setTagOrPush(UInt64(identifier), mask: 0x0fff)
        case .modVLANPCP(let priority): setTagOrPush(UInt64(priority) << 13, mask: 0xe000)
        case .modField(let field, let value): modify(field, value)
        case .decrementTTL: flowIsOver = !decrementTTL([0])
        case .decrementTTLNotifying(let controllers): flowIsOver = !decrementTTL(controllers)
        case .pushMPLS(let type): pushLabel(type)
        case .popMPLS(let type): popLabel(type)
        case .setMPLSTTL(let hops): if meetsPrerequisite(Field[.mplsTTL]) { set(.mplsTTL, UInt128(hops), 0xff) }
        case .decrementMPLSTTL: flowIsOver = !decrementLabelTTL()
        case .copyTTLOut: copyTTLOut()
        case .copyTTLIn: copyTTLIn()
        case .pushPBB: pushServiceInstance()
        case .popPBB: popServiceInstance()
        default: break
        }
    }

    /// Writes a value into part of a field, if the packet has the field.
    mutating func write(_ value: UInt128, to slice: FieldSlice) {
        if meetsPrerequisite(Field[slice.field]) { set(slice.field, value << UInt128(slice.firstBit), slice.mask) }
    }

    /// Sets bits of a field, in the key and, where the field is the packet's, in the program.
    mutating func set(_ id: FieldID, _ value: UInt128, _ mask: UInt128) {
        let field = Field[id]
        switch id {
        case .vlanTCI, .vlanVID, .vlanPCP:
            return setTag(id, value, mask)
        default:
            let old = key[field]
            key[field] = old & ~mask | value & mask
            hideBehind(id, old)
        }
        // Registers, metadata and the like are the pipeline's own.
        if field.word >= KeyLayout.tunnelID || id == .inPort { return }
        // RARP shows its fields to matches as an extension; only ARP's can be set (OpenFlow 1.3.5 §7.2.3.8).
        if field.prerequisite == .arp, key[.ethType] != UInt128(EtherType.arp) { return }
        emit(Instruction(.rewrite, detail: id.rawValue, value: UInt64(truncatingIfNeeded: value)))
        emit(Instruction(.operand, value: UInt64(truncatingIfNeeded: mask)))
        if field.width > 64 {
            emit(Instruction(.operand, value: UInt64(truncatingIfNeeded: value >> 64)))
            emit(Instruction(.operand, value: UInt64(truncatingIfNeeded: mask >> 64)))
        }
    }

    /// What is behind a type or a protocol that was changed is something else now.
    private mutating func hideBehind(_ id: FieldID, _ old: UInt128) {
        if id != .ethType && id != .ipProto || key[id] == old { return }
        examine(id)
        hide(id == .ethType ? Self.payloadBits : Self.transportBits)
    }

    /// OpenFlow 1.0's way to set a field: only if the packet has it, whatever the flow matched.
    mutating func modify(_ id: FieldID, _ value: UInt32) {
        var id = id
        if id == .tcpSrc || id == .tcpDst {
            examine(.ethType)
            examine(.ipProto)
            let isSource = id == .tcpSrc
            switch UInt8(truncatingIfNeeded: key[.ipProto]) {
            case IPProtocol.tcp: break
            case IPProtocol.udp: id = isSource ? .udpSrc : .udpDst
            case IPProtocol.sctp: id = isSource ? .sctpSrc : .sctpDst
            default: return
            }
        }
        if meetsPrerequisite(Field[id]) { set(id, UInt128(value), Field[id].allOnes) }
    }

    /// One hop less to live.
    /// - Returns: Whether the packet's flow goes on: not if there was no hop left (OpenFlow 1.3.5 §5.12, invalid TTL).
    mutating func decrementTTL(_ controllers: [UInt16]) -> Bool {
        if !isIP() { return true }
        var whole = FlowMask()
        whole[.ipTTL] = 0xff
        reveal(whole)
        let old = key[.ipTTL]
        // That one bit above the lowest is set shows that there is a hop left; that none is, the contrary. A second
        // decrement depends on what the first one left.
        let highest: UInt128 = 0x80 >> UInt128(UInt8(old).leadingZeroBitCount)
        let bits: UInt128 = timeToLiveBits != nil ? 0xff : old > 1 ? highest : 0xfe
        if timeToLiveBits == nil { timeToLiveBits = translation.mask[.ipTTL] | bits }
        examine(.ipTTL, bits: bits)
        if old <= 1 {
            tellInvalidTTL(controllers)
            return false
        }
        key[.ipTTL] = old - 1
        emit(Instruction(.decrementTTL))
        return true
    }
}
