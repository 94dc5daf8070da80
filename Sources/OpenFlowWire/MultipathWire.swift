import OpenFlow
import Packet

/// NXAST_MULTIPATH (ovs-actions(7), multipath).
extension ActionReader {
    func multipath(_ body: inout WireReader) throws(OpenFlowError) -> Action {
        try Self.expect(22, body)
        let fields = try hashedFields(body.uint16())
        let basis = try body.uint16()
        try body.skip(2)
        let number = try body.uint16()
        guard let algorithm = MultipathAction.Algorithm(rawValue: number) else {
            throw Self.badArgument("multipath has no algorithm \(number)")
        }
        // What is sent is the last link's number.
        let linkCount = Int(try body.uint16()) + 1
        let argument = try body.uint32()
        try body.skip(2)
        let destination = try destination(&body)
        if !destination.hasRoom(for: linkCount) {
            throw Self.badArgument("\(linkCount) links don't fit into \(destination.bitCount) bits")
        }
        return .multipath(
            MultipathAction(
                fields, basis: basis, algorithm, linkCount: linkCount, argument: argument, destination: destination))
    }

    func hashedFields(_ number: UInt16) throws(OpenFlowError) -> HashedFields {
        guard let fields = HashedFields(rawValue: number) else {
            throw Self.badArgument("there is no set of fields \(number) to hash")
        }
        return fields
    }

    /// (first bit << 6 | bits - 1) and a field that can be written.
    func destination(_ body: inout WireReader) throws(OpenFlowError) -> FieldSlice {
        let bits = Int(try body.uint16())
        let field = try body.fieldName().field
        try requireWritable(field)
        return try slice(field, firstBit: bits >> 6, bitCount: bits & 63 + 1)
    }
}

extension ActionWriter {
    mutating func multipath(_ action: MultipathAction) {
        nicira(NiciraAction.multipath) { out in
            out.uint16(action.fields.rawValue)
            out.uint16(action.basis)
            out.zeros(2)
            out.uint16(action.algorithm.rawValue)
            out.uint16(UInt16(action.linkCount - 1))
            out.uint32(action.argument)
            out.zeros(2)
            Self.write(destination: action.destination, &out)
        }
    }

    static func write(destination slice: FieldSlice, _ out: inout WireWriter) {
        let (code, byteCount) = code(slice)
        out.uint16(UInt16(slice.firstBit << 6 | (slice.bitCount - 1)))
        out.fieldHeader(code, byteCount: byteCount)
    }
}
