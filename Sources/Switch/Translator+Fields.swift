import Datapath
import OpenFlow
import Packet

extension Translator {
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
            key[field] = key[field] & ~mask | value & mask
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
    mutating func decrementTTL() -> Bool {
        if !isIP() { return true }
        let old = key[.ipTTL]
        // That one bit above the lowest is set shows that there is a hop left; that none is, the contrary. A second
        // decrement depends on what the first one left.
        let highest: UInt128 = 0x80 >> UInt128(UInt8(old).leadingZeroBitCount)
        let bits: UInt128 = timeToLiveBits != nil ? 0xff : old > 1 ? highest : 0xfe
        if timeToLiveBits == nil { timeToLiveBits = translation.mask[.ipTTL] | bits }
        examine(.ipTTL, bits: bits)
        if old <= 1 {
            translation.dropReason = .ttlExpired
            return false
        }
        key[.ipTTL] = old - 1
        emit(Instruction(.decrementTTL))
        return true
    }

    // MARK: VLAN tags

    private var outerTag: UInt64 { key.words[KeyLayout.ethernetDestination] & 0xffff }
    private var innerTag: UInt64 { key.words[KeyLayout.ethernetSource] & 0xffff }

    private mutating func setTags(outer: UInt64, inner: UInt64) {
        let low: UInt64 = 0xffff
        key.words[KeyLayout.ethernetDestination] = key.words[KeyLayout.ethernetDestination] & ~low | outer
        key.words[KeyLayout.ethernetSource] = key.words[KeyLayout.ethernetSource] & ~low | inner
    }

    /// Whether the packet has a tag; what follows depends on it.
    private mutating func hasTag() -> Bool {
        examine(.vlanTCI, bits: UInt128(KeyLayout.vlanPresent))
        return outerTag & KeyLayout.vlanPresent != 0
    }

    /// Sets bits of the tag. Only `vlan_tci`, whose bit 12 says whether there is a tag, can add or remove one.
    private mutating func setTag(_ id: FieldID, _ value: UInt128, _ mask: UInt128) {
        let shift = UInt64(Field[id].shift)
        let bits = UInt64(truncatingIfNeeded: mask) << shift
        let had = hasTag()
        if !had, id != .vlanTCI { return }
        let new = outerTag & ~bits | UInt64(truncatingIfNeeded: value) << shift & bits
        let has = new & KeyLayout.vlanPresent != 0
        switch (had, has) {
        case (true, true), (false, false):
            if had { changeTag(new, bits & ~KeyLayout.vlanPresent) }
        case (false, true):
            insertTag(type: EtherType.customerTag, control: new)
        case (true, false):
            popTag()
        }
    }

    private mutating func changeTag(_ control: UInt64, _ bits: UInt64) {
        setTags(outer: control | KeyLayout.vlanPresent, inner: innerTag)
        emit(Instruction(.setVLAN, argument: UInt32(bits), value: control))
    }

    /// Sets part of the tag, or adds a tag with that part where there is none (OpenFlow 1.0).
    mutating func setTagOrPush(_ value: UInt64, mask: UInt64) {
        if hasTag() {
            changeTag(outerTag & ~mask | value, mask)
        } else {
            insertTag(type: EtherType.customerTag, control: value)
        }
    }

    /// A new outer tag takes identifier and priority from the one that was the outer (OpenFlow 1.3.5 §5.12.1).
    mutating func pushTag(_ type: UInt16) {
        // The tags change places, so what a later table sees as the inner one was the outer.
        examine(.vlanTCI)
        insertTag(type: type, control: outerTag & ~KeyLayout.vlanPresent)
    }

    private mutating func insertTag(type: UInt16, control: UInt64) {
        let control = control & ~KeyLayout.vlanPresent
        emit(Instruction(.pushVLAN, argument: UInt32(type), value: control))
        setTags(outer: control | KeyLayout.vlanPresent, inner: outerTag)
    }

    mutating func popTag() {
        if !hasTag() { return }
        // What a later table sees as the outer tag was the inner one.
        translation.mask.words[KeyLayout.ethernetSource] |= 0xffff
        setTags(outer: innerTag, inner: 0)
        emit(Instruction(.popVLAN))
    }

    // MARK: Prerequisites

    /// Whether the packet has a field (OpenFlow 1.3.5 §7.2.3.6); what follows depends on it.
    mutating func meetsPrerequisite(_ field: Field) -> Bool {
        switch field.prerequisite {
        case .none: true
        case .vlan: hasTag()
        case .mpls: isType(EtherType.mplsUnicast) || isType(EtherType.mplsMulticast)
        case .pbb: isType(EtherType.backboneTag)
        case .ipv4: isType(EtherType.ipv4)
        case .ipv6: isType(EtherType.ipv6)
        case .ip: isIP()
        case .arp: isType(EtherType.arp) || isType(EtherType.rarp)
        case .tcp: isIP() && isTransport(IPProtocol.tcp)
        case .udp: isIP() && isTransport(IPProtocol.udp)
        case .sctp: isIP() && isTransport(IPProtocol.sctp)
        case .icmpv4: isType(EtherType.ipv4) && isTransport(IPProtocol.icmpv4)
        case .icmpv6: isType(EtherType.ipv6) && isTransport(IPProtocol.icmpv6)
        case .neighbour:
            isNeighbour(ICMPv6Type.neighbourSolicitation) || isNeighbour(ICMPv6Type.neighbourAdvertisement)
        case .neighbourSolicitation: isNeighbour(ICMPv6Type.neighbourSolicitation)
        case .neighbourAdvertisement: isNeighbour(ICMPv6Type.neighbourAdvertisement)
        }
    }

    private mutating func isType(_ type: UInt16) -> Bool {
        examine(.ethType)
        return key[.ethType] == UInt128(type)
    }

    private mutating func isIP() -> Bool { isType(EtherType.ipv4) || isType(EtherType.ipv6) }

    /// Later fragments have no transport header.
    private mutating func isTransport(_ number: UInt8) -> Bool {
        examine(.ipProto)
        if key[.ipProto] != UInt128(number) { return false }
        examine(.ipFrag, bits: UInt128(KeyLayout.fragmentLater))
        return key[.ipFrag] & UInt128(KeyLayout.fragmentLater) == 0
    }

    private mutating func isNeighbour(_ type: UInt8) -> Bool {
        if !(isType(EtherType.ipv6) && isTransport(IPProtocol.icmpv6)) { return false }
        examine(.icmpv6Type)
        return key[.icmpv6Type] == UInt128(type)
    }
}
