import OpenFlow
import Packet

/// Actions that name fields.
extension ActionReader {
    /// OFPAT_SET_FIELD (OpenFlow 1.3.5 §7.2.5): one match field, without a mask before 1.5.
    func setField(_ body: inout WireReader) throws(OpenFlowError) -> Action {
        let action = try maskedField(&body, takesMask: version >= .v15)
        if case .setField(.inPort, _, _) = action {
            throw .badAction(.badSetArgument, "in_port can't be set by set-field")
        }
        return action
    }

    /// A match field with the mask that it may have, and padding.
    func maskedField(_ body: inout WireReader, takesMask: Bool) throws(OpenFlowError) -> Action {
        let header = try body.fieldHeader(Self.badLength("set-field is cut short"))
        guard let field = header.field else {
            throw .badAction(.badSetType, "no field has class \(header.fieldClass) and number \(header.number)")
        }
        if header.hasMask && !takesMask {
            throw .badAction(.badSetType, "set-field takes no mask before OpenFlow 1.5")
        }
        if !header.isWellSized {
            throw .badAction(
                .badSetLength, "\(Field[field.id].name) has \(field.byteCount) bytes, not \(header.payload)")
        }
        try body.require(header.payload, Self.badLength("set-field is cut short"))
        var value = try body.wideNumber(bytes: field.byteCount)
        var mask = header.hasMask ? try body.wideNumber(bytes: field.byteCount) : field.allOnes
        if !body.restIsZero { throw .badAction(.badSetArgument, "what follows set-field's value isn't zero") }
        switch field.form {
        case .value: break
        case .port16: value = UInt128(PortNumber(openFlow10: UInt16(truncatingIfNeeded: value)).rawValue)
        case .typeOfService:
            if value & 3 != 0 { throw badSet(field) }
            (value, mask) = (value >> 2, header.hasMask ? mask >> 2 : mask)
        }
        let present = UInt128(KeyLayout.vlanPresent)
        if value & ~field.allOnes != 0 || !field.isWritable { throw badSet(field) }
        mask &= field.allOnes
        // OpenFlow 1.5.1 §7.2.6.3: a VLAN identifier is set with OFPVID_PRESENT.
        let isWithoutTag = field.id == .vlanVID && value & mask & present == 0
        if value & ~mask != 0 || mask == 0 || isWithoutTag { throw badSet(field) }
        return .setField(field.id, value: value, mask: mask)
    }

    private func badSet(_ field: WireField) -> OpenFlowError {
        .badAction(.badSetArgument, "\(Field[field.id].name) can't be set to this")
    }

    /// A run of bits of a field. Of NXM_OF_IN_PORT and NXM_OF_IP_TOS, of that part which the field itself has.
    func slice(_ field: WireField, firstBit: Int, bitCount: Int) throws(OpenFlowError) -> FieldSlice {
        let form = field.form
        let first = form == .typeOfService ? firstBit - 2 : firstBit
        let width = form == .port16 ? 16 : field.width
        if bitCount == 0 || first < 0 || first + bitCount > width {
            throw .badAction(
                .badSetLength, "\(Field[field.id].name) has no bits \(firstBit) to \(firstBit + bitCount - 1)")
        }
        return FieldSlice(field.id, firstBit: first, bitCount: bitCount)
    }

    func requireWritable(_ field: WireField) throws(OpenFlowError) {
        if !field.isWritable { throw badSet(field) }
    }

    /// NXAST_REG_LOAD: (first bit << 6 | bits - 1), field, value.
    func load(_ body: inout WireReader) throws(OpenFlowError) -> Action {
        try Self.expect(14, body)
        let bits = Int(try body.uint16())
        let (firstBit, bitCount) = (bits >> 6, bits & 63 + 1)
        let field = try body.fieldName().field
        // No room for the eight bytes of an experimenter's field.
        try Self.expect(8, body)
        var value = try body.uint64()
        try requireWritable(field)
        if bitCount < 64 && value >> UInt64(bitCount) != 0 {
            throw Self.badArgument("load's value \(value) has more than \(bitCount) bits")
        }
        // The 16 bits of NXM_OF_IN_PORT stand for the port's whole number, the 8 of NXM_OF_IP_TOS for the code point.
        if field.form == .port16 && firstBit == 0 && bitCount == 16 {
            value = UInt64(PortNumber(openFlow10: UInt16(truncatingIfNeeded: value)).rawValue)
            return .load(value: value, to: FieldSlice(.inPort))
        }
        if field.form == .typeOfService && firstBit == 0 && bitCount == 8 {
            if value & 3 != 0 { throw badSet(field) }
            return .load(value: value >> 2, to: FieldSlice(.ipDSCP))
        }
        return .load(value: value, to: try slice(field, firstBit: firstBit, bitCount: bitCount))
    }

    /// NXAST_REG_MOVE and copy-field, whose numbers have come before.
    private func move(
        _ body: inout WireReader, from first: Int, to second: Int, bitCount: Int
    ) throws(OpenFlowError) -> Action {
        let source = try slice(try body.fieldName().field, firstBit: first, bitCount: bitCount)
        let field = try body.fieldName().field
        try requireWritable(field)
        return .move(from: source, to: try slice(field, firstBit: second, bitCount: bitCount))
    }

    func move(_ body: inout WireReader) throws(OpenFlowError) -> Action {
        let (bitCount, first, second) = (Int(try body.uint16()), Int(try body.uint16()), Int(try body.uint16()))
        return try move(&body, from: first, to: second, bitCount: bitCount)
    }

    /// OFPAT_COPY_FIELD (OpenFlow 1.5.1 §7.2.6.10), and ONF's before 1.5.
    func copyField(_ body: inout WireReader) throws(OpenFlowError) -> Action {
        let (bitCount, first, second) = (Int(try body.uint16()), Int(try body.uint16()), Int(try body.uint16()))
        try body.skip(2)
        return try move(&body, from: first, to: second, bitCount: bitCount)
    }

    /// NXAST_STACK_PUSH and NXAST_STACK_POP: first bit, field, bits.
    func stackSlice(_ body: inout WireReader, isWritten: Bool) throws(OpenFlowError) -> FieldSlice {
        let firstBit = Int(try body.uint16())
        let field = try body.fieldName().field
        if isWritten { try requireWritable(field) }
        return try slice(field, firstBit: firstBit, bitCount: Int(try body.uint16()))
    }

    /// NXAST_OUTPUT_REG and NXAST_OUTPUT_REG2, which differ in where the field's name stands.
    func outputField(_ body: inout WireReader, isSecond: Bool) throws(OpenFlowError) -> Action {
        try Self.expect(14, body)
        let bits = Int(try body.uint16())
        if isSecond { try body.skip(2) }
        let field = try body.fieldName().field
        return .outputField(try slice(field, firstBit: bits >> 6, bitCount: bits & 63 + 1))
    }
}
