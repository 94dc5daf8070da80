import OpenFlow
import Packet

/// Gathers a match from extensible match fields, OpenFlow's or Nicira's (OpenFlow 1.3.5 §7.2.3; ovs-fields(7)).
struct MatchReader {
    private var key = FlowKey()
    private var mask = FlowMask()
    private(set) var cookie: UInt64 = 0
    private(set) var cookieMask: UInt64 = 0
    /// Whether NXM_NX_COOKIE may stand among the fields.
    private let takesCookie: Bool
    /// Whether prerequisites are asked for and unknown fields refused, as for flows. What tells of packets is not.
    private let isStrict: Bool

    init(takesCookie: Bool = false, isStrict: Bool = true) {
        self.takesCookie = takesCookie
        self.isStrict = isStrict
    }

    var match: Match { Match(key: key, mask: mask) }

    /// Reads fields up to the end of `reader`.
    mutating func read(_ reader: inout WireReader) throws(OpenFlowError) {
        while !reader.isAtEnd {
            let header = try reader.fieldHeader(.badMatch(.badLength, "a match field is cut short"))
            try reader.require(header.payload, .badMatch(.badLength, "a match field is cut short"))
            if takesCookie && header.isCookie {
                try readCookie(&reader, header)
            } else if let field = header.field {
                try read(field, header, &reader)
            } else if isStrict {
                throw .badMatch(.badField, "no field has class \(header.fieldClass) and number \(header.number)")
            } else {
                try reader.skip(header.payload)
            }
        }
    }

    private mutating func readCookie(_ reader: inout WireReader, _ header: FieldHeader) throws(OpenFlowError) {
        if cookieMask != 0 { throw .badMatch(.duplicateField, "the cookie is given twice") }
        cookie = try reader.uint64()
        cookieMask = header.hasMask ? try reader.uint64() : .max
        if cookie & ~cookieMask != 0 {
            throw .badMatch(.badWildcards, "the cookie has bits outside its mask")
        }
    }

    private mutating func read(
        _ field: WireField, _ header: FieldHeader, _ reader: inout WireReader
    ) throws(OpenFlowError) {
        if !header.isWellSized {
            throw .badMatch(.badLength, "\(Field[field.id].name) has \(field.byteCount) bytes, not \(header.payload)")
        }
        if field.width > 64 { return try readWide(field, header.hasMask, &reader) }
        var value = try reader.number(bytes: field.byteCount)
        var bits = field.lowOnes
        if header.hasMask {
            var given = try reader.number(bytes: field.byteCount)
            if value & ~given != 0 { throw outsideMask(field) }
            if field.form == .typeOfService { given >>= 2 }
            bits &= given
            if !field.isMaskable && bits != 0 && bits != field.lowOnes && field.form != .port16 { throw badMask(field) }
        }
        switch field.form {
        case .value: break
        case .port16: value = UInt64(PortNumber(openFlow10: UInt16(truncatingIfNeeded: value)).rawValue)
        case .typeOfService:
            if value & 3 != 0 { throw badValue(field) }
            value >>= 2
        }
        if value & ~field.lowOnes != 0 { throw badValue(field) }
        try checkPrerequisite(field)
        let place = bits << field.shift
        if mask[field.word] & place != 0 { throw twice(field) }
        key[field.word] |= (value & bits) << field.shift
        mask[field.word] |= place
    }

    private mutating func readWide(
        _ field: WireField, _ hasMask: Bool, _ reader: inout WireReader
    ) throws(OpenFlowError) {
        let (high, low) = (try reader.uint64(), try reader.uint64())
        var (highMask, lowMask) = (UInt64.max, UInt64.max)
        if hasMask {
            (highMask, lowMask) = (try reader.uint64(), try reader.uint64())
            if high & ~highMask != 0 || low & ~lowMask != 0 { throw outsideMask(field) }
        }
        try checkPrerequisite(field)
        if mask[field.word - 1] & highMask != 0 || mask[field.word] & lowMask != 0 { throw twice(field) }
        key[field.word - 1] |= high
        key[field.word] |= low
        mask[field.word - 1] |= highMask
        mask[field.word] |= lowMask
    }

    private func checkPrerequisite(_ field: WireField) throws(OpenFlowError) {
        guard isStrict else { return }
        if field.prerequisite != .none && !MatchedProtocols(key: key, mask: mask).satisfy(field.prerequisite) {
            throw .badMatch(.badPrerequisite, "\(Field[field.id].name) stands without what it needs before it")
        }
        // OpenFlow 1.3.5 §7.2.3.7, table 11.
        if field.id == .inPhyPort && mask[KeyLayout.portAndTypes] >> 32 != 0xffff_ffff {
            throw .badMatch(.badPrerequisite, "in_phy_port stands without in_port before it")
        }
    }

    private func outsideMask(_ field: WireField) -> OpenFlowError {
        .badMatch(.badWildcards, "\(Field[field.id].name) has bits outside its mask")
    }

    private func badMask(_ field: WireField) -> OpenFlowError {
        .badMatch(.badMask, "\(Field[field.id].name) can't be masked")
    }

    private func badValue(_ field: WireField) -> OpenFlowError {
        .badMatch(.badValue, "\(Field[field.id].name) can't have this value")
    }

    private func twice(_ field: WireField) -> OpenFlowError {
        .badMatch(.duplicateField, "\(Field[field.id].name) is given twice")
    }
}

extension WireReader {
    /// struct ofp_match: type, length, fields, padding (OpenFlow 1.3.5 §7.2.3.1).
    mutating func match(isStrict: Bool = true) throws(OpenFlowError) -> Match {
        try require(4, .badMatch(.badLength, "there is no match"))
        let (type, length) = (try uint16(), Int(try uint16()))
        if type != 1 { throw .badMatch(.badType, "match type \(type) is not supported; OXM (1) is") }
        let padded = (length + 7) & ~7
        if length < 4 || remaining < padded - 4 {
            throw .badMatch(.badLength, "the match's length of \(length) doesn't fit the message")
        }
        var fields = try part(length - 4)
        try skip(padded - length)
        var match = MatchReader(isStrict: isStrict)
        try match.read(&fields)
        return match.match
    }

    /// Nicira's match: `length` bytes of fields, and padding.
    mutating func niciraMatch(
        length: Int, takesCookie: Bool = false, isStrict: Bool = true
    ) throws(OpenFlowError) -> MatchReader {
        let padded = (length + 7) & ~7
        try require(padded, .badMatch(.badLength, "the match's length of \(length) doesn't fit the message"))
        var fields = try part(length)
        try skip(padded - length)
        var match = MatchReader(takesCookie: takesCookie, isStrict: isStrict)
        try match.read(&fields)
        return match
    }
}
