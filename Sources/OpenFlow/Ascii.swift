/// The characters that flow text gives a meaning to.
enum Ascii {
    static let tab: UInt8 = 0x09
    static let newline: UInt8 = 0x0a
    static let carriageReturn: UInt8 = 0x0d
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let hash: UInt8 = 0x23
    static let open: UInt8 = 0x28
    static let close: UInt8 = 0x29
    static let asterisk: UInt8 = 0x2a
    static let plus: UInt8 = 0x2b
    static let comma: UInt8 = 0x2c
    static let minus: UInt8 = 0x2d
    static let dot: UInt8 = 0x2e
    static let slash: UInt8 = 0x2f
    static let zero: UInt8 = 0x30
    static let nine: UInt8 = 0x39
    static let colon: UInt8 = 0x3a
    static let equals: UInt8 = 0x3d
    static let greater: UInt8 = 0x3e
    static let openBracket: UInt8 = 0x5b
    static let closeBracket: UInt8 = 0x5d
    static let bar: UInt8 = 0x7c

    /// What stands between items: comma and white space.
    @inline(__always)
    static func isSeparator(_ byte: UInt8) -> Bool {
        byte == comma || byte == space || byte == tab || byte == newline || byte == carriageReturn
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte >= zero && byte <= nine }

    /// The value of a hexadecimal digit; `nil` for any other character.
    @inline(__always)
    static func hexDigit(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte - zero }
        let lower = byte | 0x20
        return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : nil
    }
}
