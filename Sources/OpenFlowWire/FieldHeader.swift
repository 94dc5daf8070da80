import OpenFlow
import Packet

/// What stands before a field's value (OpenFlow 1.3.5 §7.2.3.2).
struct FieldHeader {
    let fieldClass: UInt16
    let number: UInt8
    let hasMask: Bool
    /// Bytes of value and mask.
    let payload: Int
    /// `nil`: not known here.
    let field: WireField?

    /// Whether the payload is as long as the field wants it.
    var isWellSized: Bool {
        guard let field else { return true }
        return payload == (hasMask ? 2 : 1) * field.byteCount
    }

    /// Whether it is NXM_NX_COOKIE, no field but a condition on a flow's cookie.
    var isCookie: Bool {
        fieldClass == FieldCode.niciraOne && number == FieldCodes.cookieNumber && payload == (hasMask ? 16 : 8)
    }
}

extension WireReader {
    /// `error`: what to throw when the header is cut short.
    mutating func fieldHeader(
        _ error: @autoclosure () -> OpenFlowError
    ) throws(OpenFlowError) -> FieldHeader {
        try require(4, error())
        let header = try uint32()
        let fieldClass = UInt16(truncatingIfNeeded: header >> 16)
        let number = UInt8(truncatingIfNeeded: header >> 9 & 0x7f)
        var payload = Int(header & 0xff)
        var isMeant = true
        if fieldClass == FieldCode.experimenter {
            if payload < 4 { throw error() }
            try require(4, error())
            isMeant = try uint32() == Experimenter.onf
            payload -= 4
        }
        return FieldHeader(
            fieldClass: fieldClass, number: number, hasMask: header & 0x100 != 0, payload: payload,
            field: isMeant ? FieldCodes.field(fieldClass, number) : nil)
    }

    /// A field's header alone, where an action names a field.
    mutating func fieldName() throws(OpenFlowError) -> (field: WireField, byteCount: Int) {
        let header = try fieldHeader(.badAction(.badLength, "the name of a field is cut short"))
        guard let field = header.field, !header.hasMask else {
            throw .badAction(.badSetType, "no field has the header \(header.fieldClass), \(header.number)")
        }
        if !header.isWellSized {
            throw .badAction(.badSetLength, "\(Field[field.id].name) has \(field.byteCount) bytes")
        }
        return (field, header.payload)
    }
}

extension WireWriter {
    /// The header of a field, with experimenter.
    mutating func fieldHeader(_ code: FieldCode, byteCount: Int, hasMask: Bool = false) {
        uint32(code.header(byteCount: byteCount, hasMask: hasMask))
        if code.experimenterID != 0 { uint32(code.experimenterID) }
    }
}
