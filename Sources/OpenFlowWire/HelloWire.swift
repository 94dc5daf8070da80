import OpenFlow

/// Hello and errors, which are understood whatever the version.
extension Codec {
    /// Elements after the header (OpenFlow 1.3.5 §7.5.1). Whatever isn't understood is left aside: a peer may say more.
    static func hello(_ reader: inout WireReader, _ version: UInt8) throws(OpenFlowError) -> VersionSet {
        defer { _ = reader.rest() }
        while reader.remaining >= 4 {
            let (type, length) = (try reader.uint16(), Int(try reader.uint16()))
            if length < 4 || length - 4 > reader.remaining { break }
            var element = try reader.part(length - 4)
            try reader.skip(min(-length & 7, reader.remaining))
            if type == 1 && element.remaining >= 4 { return VersionSet(rawValue: try element.uint32()) }
        }
        return VersionSet(upTo: version)
    }

    func write(_ versions: VersionSet, _ out: inout WireWriter) {
        out.uint16(1)
        out.uint16(8)
        out.uint32(versions.rawValue)
    }

    /// OFPT_ERROR (OpenFlow 1.3.5 §7.4.4).
    static func error(_ reader: inout WireReader, _ version: OpenFlowVersion) throws(OpenFlowError) -> Message {
        let (type, code) = (try reader.uint16(), try reader.uint16())
        let isVendors = version == .v10 && type == ErrorNumber.niciraVendorType && code == 0
        if (type == ErrorNumber.experimenterType && version >= .v13) || isVendors {
            let experimenter = try reader.uint32()
            var number = ErrorNumber(type: code, code: 0, experimenter: experimenter)
            if isVendors { number = ErrorNumber(type: try reader.uint16(), code: try reader.uint16(), experimenter) }
            return .error(number.error(version), data: reader.rest())
        }
        return .error(ErrorNumber(type: type, code: code).error(version), data: reader.rest())
    }

    func write(_ error: OpenFlowError, _ data: [UInt8], _ out: inout WireWriter) {
        let number = ErrorNumber(error, version)
        if let experimenter = number.experimenter {
            if version == .v10 {
                out.uint16(ErrorNumber.niciraVendorType)
                out.uint16(0)
                out.uint32(experimenter)
                out.uint16(number.type)
                out.uint16(number.code)
            } else {
                out.uint16(ErrorNumber.experimenterType)
                out.uint16(number.type)
                out.uint32(experimenter)
            }
        } else {
            out.uint16(number.type)
            out.uint16(number.code)
        }
        out.append(data)
    }
}
