import OpenFlow

/// Properties: type, length, value, padding (OpenFlow 1.4 §7.2.1.2 and many others; OpenFlow 1.3.5 §7.3.5.5.2).
extension WireReader {
    /// The next property's type and value. `alignment`: its length is padded to a multiple of this.
    mutating func property(alignment: Int = 8) throws(OpenFlowError) -> (type: UInt16, value: WireReader) {
        try require(4, .badProperty(.badLength, "a property is cut short"))
        let (type, length) = (try uint16(), Int(try uint16()))
        let padded = (length + alignment - 1) & -alignment
        if length < 4 || padded - 4 > remaining {
            throw .badProperty(.badLength, "a property of type \(type) has the length \(length)")
        }
        let value = try part(length - 4)
        try skip(padded - length)
        return (type, value)
    }
}

extension WireReader {
    /// What a list's next entry holds after its length of 16 bits.
    mutating func entry() throws(OpenFlowError) -> (body: WireReader, length: Int) {
        let length = Int(try uint16())
        if length < 2 { throw .badLength("an entry of a list has the length \(length)") }
        return (try part(length - 2), length)
    }
}

extension WireWriter {
    /// Writes a property around what `body` writes.
    mutating func property(_ type: UInt16, _ body: (inout WireWriter) -> Void) {
        let start = count
        uint16(type)
        uint16(0)
        body(&self)
        patchLength(since: start, at: start + 2)
        pad(since: start)
    }
}
