// Hot path: changing IPv4, IPv6 and ARP headers.
import Packet

extension PacketEditor {
    /// Fields of IPv4 and IPv6 that are not 128 bits wide.
    @inline(__always) @_noLocks
    func setNetwork(_ field: FieldID, _ value: UInt64, _ mask: UInt64) {
        switch layout.network {
        case .ipv4: setIPv4(Int(layout.networkOffset), field, value, mask)
        case .ipv6: setIPv6(Int(layout.networkOffset), field, value, mask)
        case .none, .arp: break
        }
    }

    @inline(__always) @_noLocks
    private func setIPv4(_ header: Int, _ field: FieldID, _ value: UInt64, _ mask: UInt64) {
        switch field {
        case .ipv4Src, .ipv4Dst:
            let offset = header &+ (field == .ipv4Src ? IPv4Header.source : IPv4Header.destination)
            let change = bytes.merge32(offset, value, mask)
            adjust(at: header &+ IPv4Header.checksum, change)
            adjustPseudoHeader(change)
        case .ipDSCP:
            setIPv4Half(header &+ IPv4Header.versionAndLength, header, value << 2, mask << 2)
        case .ipECN:
            setIPv4Half(header &+ IPv4Header.versionAndLength, header, value, mask)
        case .ipTTL:
            setIPv4Half(header &+ IPv4Header.timeToLive, header, value << 8, mask << 8)
        case .ipProto:
            let covering = addressChecksum()
            let offset = header &+ IPv4Header.timeToLive
            let old = bytes.load16(offset)
            setIPv4Half(offset, header, value, mask)
            adjustProtocol(covering, from: UInt8(truncatingIfNeeded: old), to: bytes.load8(offset &+ 1))
        default:
            break
        }
    }

    /// Bits of one 16-bit word of an IPv4 header.
    @inline(__always) @_noLocks
    private func setIPv4Half(_ offset: Int, _ header: Int, _ value: UInt64, _ mask: UInt64) {
        let change = bytes.merge16(offset, value, mask)
        adjust(at: header &+ IPv4Header.checksum, (UInt32(change.old), UInt32(change.new)))
    }

    @inline(__always) @_noLocks
    private func setIPv6(_ header: Int, _ field: FieldID, _ value: UInt64, _ mask: UInt64) {
        switch field {
        case .ipDSCP, .ipECN, .ipv6Label:
            let shift: UInt64 = field == .ipDSCP ? 22 : field == .ipECN ? 20 : 0
            _ = bytes.merge32(header &+ IPv6Header.versionAndFlow, value << shift, mask << shift)
        case .ipTTL:
            let offset = header &+ IPv6Header.hopLimit
            let old = UInt64(bytes.load8(offset))
            bytes.store8(UInt8(truncatingIfNeeded: old & ~mask | value & mask), offset)
        case .ipProto:
            let covering = addressChecksum()
            let offset = ExtensionHeaders(self).nextPlace
            let old = bytes.load8(offset)
            bytes.store8(UInt8(truncatingIfNeeded: UInt64(old) & ~mask | value & mask), offset)
            adjustProtocol(covering, from: old, to: bytes.load8(offset))
        default:
            break
        }
    }

    /// The protocol is part of the pseudo-header.
    @inline(__always) @_noLocks
    private func adjustProtocol(_ covering: AddressChecksum?, from old: UInt8, to new: UInt8) {
        guard old != new, let covering else { return }
        let sum = bytes.load16(covering.offset)
        covering.store(Checksum.update(sum, replacing: UInt16(old), with: UInt16(new)), over: sum, bytes)
    }

    /// Raises the drop precedence of an assured-forwarding class by some levels, to the highest at most (RFC 2597 §6).
    /// Other classes have none.
    @inline(__always) @_noLocks
    func raiseDropPrecedence(by levels: UInt8) {
        let header = Int(layout.networkOffset)
        let codePoint: UInt8
        switch layout.network {
        case .ipv4: codePoint = bytes.load8(header &+ IPv4Header.trafficClass) >> 2
        case .ipv6: codePoint = UInt8(truncatingIfNeeded: bytes.load16(header) >> 6) & 0x3f
        case .none, .arp: return
        }
        let precedence = codePoint >> 1 & 3
        if codePoint & 1 != 0 || codePoint >> 3 == 0 || codePoint >> 3 > 4 || precedence == 0 { return }
        let raised = min(Int(precedence) &+ Int(levels), 3)
        setNetwork(.ipDSCP, UInt64(codePoint & 0x38) | UInt64(raised << 1), 0x3f)
    }

    /// IPv6 addresses, and the target of neighbour discovery.
    @inline(__always) @_noLocks
    func setIPv6Address(_ field: FieldID, _ value: UInt128, _ mask: UInt128) {
        if layout.network != .ipv6 { return }
        var offset = Int(layout.networkOffset)
        if field == .ndTarget {
            guard let target = neighbourTargetOffset() else { return }
            offset = target
        } else {
            offset &+= field == .ipv6Src ? IPv6Header.source : IPv6Header.destination
        }
        let old = UInt128(bytes.load64(offset)) << 64 | UInt128(bytes.load64(offset &+ 8))
        let new = old & ~mask | value & mask
        bytes.store64(UInt64(truncatingIfNeeded: new >> 64), offset)
        bytes.store64(UInt64(truncatingIfNeeded: new), offset &+ 8)
        if field == .ipv6Dst, ExtensionHeaders(self).routesFurther { return }
        guard let checksum = addressChecksum() else { return }
        let sum = bytes.load16(checksum.offset)
        checksum.store(Checksum.update(sum, replacing: old, with: new), over: sum, bytes)
    }

    /// Addresses and operation of ARP.
    @inline(__always) @_noLocks
    func setARP(_ field: FieldID, _ value: UInt64, _ mask: UInt64) {
        let header = Int(layout.networkOffset)
        switch field {
        case .arpOp:
            _ = bytes.merge16(header &+ ARPHeader.operation, value, mask)
        case .arpSPA, .arpTPA:
            let offset = field == .arpSPA ? ARPHeader.senderProtocol : ARPHeader.targetProtocol
            _ = bytes.merge32(header &+ offset, value, mask)
        default:
            let offset = header &+ (field == .arpSHA ? ARPHeader.senderHardware : ARPHeader.targetHardware)
            _ = bytes.merge48(offset, value, mask)
        }
    }

    /// One hop less to live; false when the packet's way ends here.
    @inline(__always) @_noLocks
    func decrementTTL(_ reason: inout DropReason) -> Bool {
        let header = Int(layout.networkOffset)
        switch layout.network {
        case .none, .arp:
            return true
        case .ipv4:
            let offset = header &+ IPv4Header.timeToLive
            let old = bytes.load16(offset)
            if old >> 8 <= 1 { break }
            bytes.store16(old &- 0x100, offset)
            adjust(at: header &+ IPv4Header.checksum, (UInt32(old), UInt32(old &- 0x100)))
            return true
        case .ipv6:
            let offset = header &+ IPv6Header.hopLimit
            let old = bytes.load8(offset)
            if old <= 1 { break }
            bytes.store8(old &- 1, offset)
            return true
        }
        reason = .ttlExpired
        return false
    }

    /// Makes a checksum follow a change of data that it covers.
    @inline(__always) @_noLocks
    func adjust(at offset: Int, _ change: (old: UInt32, new: UInt32)) {
        if change.old == change.new { return }
        let checksum = bytes.load16(offset)
        bytes.store16(Checksum.update(checksum, replacing: change.old, with: change.new), offset)
    }
}
