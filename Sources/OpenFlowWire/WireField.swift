import Packet

/// What the codec must know of a field to read and write it at speed: a row of ``Field`` without its texts, and how
/// many bytes it has on the wire.
struct WireField: Sendable {
    /// What the bytes mean.
    enum Form: Sendable {
        /// The field's value.
        case value
        /// A port's number as 1.0 has it (NXM_OF_IN_PORT).
        case port16
        /// DSCP with two zero bits below (NXM_OF_IP_TOS).
        case typeOfService
    }

    let id: FieldID
    let form: Form
    let byteCount: Int
    let width: Int
    let word: Int
    let shift: UInt64
    let isMaskable: Bool
    let isWritable: Bool
    let prerequisite: Field.Prerequisite

    init(_ id: FieldID, _ form: Form = .value) {
        let field = Field[id]
        self.id = id
        self.form = form
        byteCount =
            switch form {
            case .port16: 2
            case .typeOfService: 1
            case .value: Self.byteCount(field)
            }
        width = field.width
        word = field.word
        shift = UInt64(field.shift)
        isMaskable = field.masks == .arbitrary
        isWritable = field.isWritable
        prerequisite = field.prerequisite
    }

    /// Flow labels have four bytes (OpenFlow 1.3.5 §7.2.3.7), as MPLS labels do; other fields as few as will hold them.
    private static func byteCount(_ field: Field) -> Int {
        field.id == .ipv6Label || field.id == .mplsLabel ? 4 : (field.width + 7) / 8
    }

    /// All ones over the width, or over the low 64 bits of it.
    var lowOnes: UInt64 { width >= 64 ? .max : (1 << UInt64(width)) - 1 }
    var allOnes: UInt128 { width == 128 ? .max : (1 << UInt128(width)) - 1 }
}

/// The number by which a field is known on the wire: class, field and, for experimenters' classes, whose.
struct FieldCode: Sendable, Equatable {
    static let niciraZero: UInt16 = 0x0000
    static let niciraOne: UInt16 = 0x0001
    static let openFlow: UInt16 = 0x8000
    static let packetRegisters: UInt16 = 0x8001
    static let experimenter: UInt16 = 0xffff

    let fieldClass: UInt16
    let number: UInt8
    /// ONF's number for the class `experimenter`; else 0.
    let experimenterID: UInt32

    init(_ fieldClass: UInt16, _ number: UInt8) {
        self.fieldClass = fieldClass
        self.number = number
        experimenterID = fieldClass == Self.experimenter ? Experimenter.onf : 0
    }

    /// The first 32 bits of a match field with so many bytes of value and, maybe, mask (OpenFlow 1.3.5 §7.2.3.2).
    func header(byteCount: Int, hasMask: Bool) -> UInt32 {
        let payload = (hasMask ? 2 : 1) * byteCount + (experimenterID == 0 ? 0 : 4)
        return UInt32(fieldClass) << 16 | UInt32(number) << 9 | (hasMask ? 1 << 8 : 0) | UInt32(payload)
    }
}

/// Who has extended OpenFlow.
enum Experimenter {
    static let nicira: UInt32 = 0x0000_2320
    static let onf: UInt32 = 0x4f4e_4600
}
