import OpenFlow
import Packet

/// Properties of groups (OpenFlow 1.5.1 §7.3.4.3.1). There is one, by which Open vSwitch says how a group chooses among
/// its buckets: NTRT_SELECTION_METHOD.
private enum GroupProperty {
    /// OFPGPT_EXPERIMENTER.
    static let experimenter: UInt16 = 0xffff
    static let netronome: UInt32 = 0x0000_154d
    /// What Open vSwitch 2.4 took for Netronome's number.
    static let formerNetronome: UInt32 = 0x0000_1540
    static let selectionMethod: UInt32 = 1
    /// Bytes of a method's name, with a zero at the end.
    static let nameSize = 16
}

extension Codec {
    /// A group's properties, up to the end of `reader`.
    func groupProperties(
        _ reader: inout WireReader, _ kind: Group.Kind, _ command: GroupMod.Command = .add
    ) throws(OpenFlowError) -> Group.Selection? {
        var selection: Group.Selection?
        while !reader.isAtEnd {
            var (type, value) = try reader.property()
            if type != GroupProperty.experimenter {
                throw .badProperty(.badType, "groups have no property \(type)")
            }
            try value.require(8, .badProperty(.badLength, "an experimenter's property is cut short"))
            let (experimenter, number) = (try value.uint32(), try value.uint32())
            if experimenter == 0 { throw .badProperty(.badExperimenter, "no experimenter has the number 0") }
            let isNetronome = experimenter == GroupProperty.netronome || experimenter == GroupProperty.formerNetronome
            if !isNetronome || number != GroupProperty.selectionMethod {
                throw .badProperty(
                    .badExperimenterType, "groups have no property \(number) of experimenter \(experimenter)")
            }
            if selection != nil { throw .badProperty(.duplicateType, "the selection method is given twice") }
            if kind != .select { throw .badProperty(.badValue, "only select groups have a selection method") }
            switch command {
            case .add, .modify, .addOrModify: break
            case .delete, .insertBuckets, .removeBuckets:
                throw .badProperty(.badValue, "only a whole group is given a selection method")
            }
            selection = try self.selection(&value)
        }
        return selection
    }

    private func selection(_ reader: inout WireReader) throws(OpenFlowError) -> Group.Selection {
        try reader.require(
            4 + GroupProperty.nameSize + 8, .badProperty(.badLength, "a selection method's property is cut short"))
        try reader.skip(4)
        let name = try reader.take(GroupProperty.nameSize)
        guard let end = name.firstIndex(of: 0),
            let method = Group.Selection.Method(rawValue: String(decoding: name[..<end], as: UTF8.self))
        else { throw .badProperty(.badValue, "there is no such selection method; there are hash and dp_hash") }
        let parameter = try reader.uint64()
        switch method {
        case .hash: return .hash(of: try hashFields(&reader), parameter: parameter)
        case .datapathHash:
            if !reader.isAtEnd { throw .badProperty(.badValue, "the method dp_hash has no fields") }
            return .datapathHash(parameter: parameter)
        }
    }

    /// Match fields whose values are masks.
    private func hashFields(_ reader: inout WireReader) throws(OpenFlowError) -> [FieldID: UInt128] {
        var fields: [FieldID: UInt128] = [:]
        while !reader.isAtEnd {
            let header = try reader.fieldHeader(.badMatch(.badLength, "a field is cut short"))
            try reader.require(header.payload, .badMatch(.badLength, "a field is cut short"))
            guard let field = header.field else {
                throw .badMatch(.badField, "no field has class \(header.fieldClass) and number \(header.number)")
            }
            let name = Field[field.id].name
            if header.hasMask { throw .badMatch(.badMask, "\(name)'s value is the mask: it has none besides") }
            if !header.isWellSized { throw .badMatch(.badLength, "\(name) has \(field.byteCount) bytes") }
            let mask = field.hashMask(try reader.wideNumber(bytes: field.byteCount))
            if mask == 0 || !field.isMaskable && mask != field.allOnes {
                throw .badMatch(.badMask, "\(name) can't have this mask")
            }
            if fields.updateValue(mask, forKey: field.id) != nil {
                throw .badMatch(.duplicateField, "\(name) is given twice")
            }
        }
        return fields
    }

    func write(_ selection: Group.Selection, _ out: inout WireWriter) {
        out.property(GroupProperty.experimenter) { out in
            out.uint32(GroupProperty.netronome)
            out.uint32(GroupProperty.selectionMethod)
            out.zeros(4)
            out.text(selection.method.rawValue, GroupProperty.nameSize)
            out.uint64(selection.parameter)
            for field in selection.fields { write(field, &out) }
        }
    }

    /// All ones over all bytes where all of the field counts, as Open vSwitch tells a field without a mask.
    private func write(_ field: Group.HashField, _ out: inout WireWriter) {
        let wire = FieldCodes.openFlow[Int(field.id.rawValue)].field
        // By the name in_port Open vSwitch means the one of 16 bits, in each version.
        let isPort = field.id == .inPort
        let byteCount = isPort ? 2 : wire.byteCount
        out.fieldHeader(isPort ? FieldCodes.inPort16 : FieldCodes.code(field.id, version), byteCount: byteCount)
        out.number(field.mask == wire.allOnes ? .max : field.mask, bytes: byteCount)
    }
}

extension WireField {
    /// The bits of the field that a value names. Bits beyond the field's width mean nothing.
    fileprivate func hashMask(_ value: UInt128) -> UInt128 {
        switch form {
        case .value: value & allOnes
        case .port16: value == 0xffff ? allOnes : value
        case .typeOfService: value >> 2
        }
    }
}
