import OpenFlow
import Packet

extension WireWriter {
    /// struct ofp_match: type, length, fields, padding (OpenFlow 1.3.5 §7.2.3.1).
    mutating func match(_ match: Match, _ version: OpenFlowVersion) {
        let start = count
        uint16(1)
        uint16(0)
        matchFields(match, version)
        patchLength(since: start, at: start + 2)
        pad(since: start)
    }

    /// Nicira's match and its padding; returns the length without it.
    @discardableResult
    mutating func niciraMatch(_ match: Match, cookie: UInt64 = 0, cookieMask: UInt64 = 0) -> Int {
        let start = count
        matchFields(match, .v10)
        if cookieMask != 0 {
            let code = FieldCode(FieldCode.niciraOne, FieldCodes.cookieNumber)
            fieldHeader(code, byteCount: 8, hasMask: cookieMask != .max)
            uint64(cookie & cookieMask)
            if cookieMask != .max { uint64(cookieMask) }
        }
        let length = count - start
        pad(since: start)
        return length
    }

    /// The fields of a match, each after what it needs, in the order of ``FieldID``.
    ///
    /// Bits of the mask that belong to no field whose prerequisite the match has can't be written, and are left out.
    mutating func matchFields(_ match: Match, _ version: OpenFlowVersion) {
        let protocols = MatchedProtocols(match)
        let rows = version == .v10 ? FieldCodes.nicira : FieldCodes.openFlow
        for (field, code) in rows {
            let bits = match.mask[field.word] >> field.shift & field.lowOnes
            if bits == 0 && field.width <= 64 { continue }
            switch field.id {
            // Written as what they are made of, or in parts.
            case .xreg0, .xreg1, .xreg2, .xreg3, .xreg4, .xreg5, .xreg6, .xreg7, .xxreg0, .xxreg1, .xxreg2, .xxreg3,
                .vlanVID, .vlanPCP:
                continue
            case .vlanTCI:
                vlan(match, version)
            case .inPort where version == .v10:
                fieldHeader(FieldCodes.inPort16, byteCount: 2)
                uint16(PortNumber(UInt32(truncatingIfNeeded: match.key[.inPort])).openFlow10)
            default:
                guard protocols.satisfy(field.prerequisite) else { continue }
                if field.width > 64 {
                    wide(field, code, match)
                } else if field.isMaskable || bits == field.lowOnes {
                    let value = UInt128(match.key[field.word] >> field.shift & field.lowOnes)
                    let own = version >= .v15 ? FieldCodes.code(field.id, version) : code
                    matchField(field, own, value, bits: UInt128(bits))
                }
            }
        }
    }

    private mutating func wide(_ field: WireField, _ code: FieldCode, _ match: Match) {
        let bits = match.mask(of: field.id)
        if bits != 0 { matchField(field, code, match.key[field.id], bits: bits) }
    }

    /// One field: header, value and, where not every bit counts, mask.
    mutating func matchField(_ field: WireField, _ code: FieldCode, _ value: UInt128, bits: UInt128) {
        let hasMask = bits != field.allOnes
        fieldHeader(code, byteCount: field.byteCount, hasMask: hasMask)
        number(value, bytes: field.byteCount)
        if hasMask { number(bits, bytes: field.byteCount) }
    }

    /// A VLAN tag: in Nicira's match the TCI; in OpenFlow's the identifier and the priority, unless they can't say it.
    private mutating func vlan(_ match: Match, _ version: OpenFlowVersion) {
        let (value, bits) = (match.key[.vlanTCI], match.mask(of: .vlanTCI))
        let (priority, identifier) = (bits & 0xe000, bits & 0x1fff)
        let hasTag = value & UInt128(KeyLayout.vlanPresent) != 0
        let isSayable = priority == 0 || (priority == 0xe000 && hasTag)
        if version == .v10 || !isSayable {
            let (field, code) = FieldCodes.nicira[Int(FieldID.vlanTCI.rawValue)]
            return matchField(field, code, value, bits: bits)
        }
        let (field, code) = FieldCodes.openFlow[Int(FieldID.vlanVID.rawValue)]
        matchField(field, code, value & 0x1fff, bits: identifier)
        if priority != 0 {
            let (field, code) = FieldCodes.openFlow[Int(FieldID.vlanPCP.rawValue)]
            matchField(field, code, value >> 13, bits: 7)
        }
    }
}
