import OpenFlow

/// Bundles (OpenFlow 1.4 §7.3.9), the same bytes in ONF's extension 230.
extension Codec {
    func bundleControl(_ reader: inout WireReader) throws(OpenFlowError) -> BundleControl {
        let (id, number, flags) = (try reader.uint32(), try reader.uint16(), try reader.uint16())
        guard let kind = BundleControl.Kind(rawValue: number) else {
            throw .bundleFailed(.badType, "there is no bundle control \(number)")
        }
        _ = reader.rest()
        return BundleControl(id: id, type: kind, flags: BundleFlags(rawValue: flags))
    }

    func write(_ control: BundleControl, _ out: inout WireWriter) {
        out.uint32(control.id)
        out.uint16(control.type.rawValue)
        out.uint16(control.flags.rawValue)
    }

    func bundleAdd(_ reader: inout WireReader, _ xid: UInt32) throws(OpenFlowError) -> BundleAdd {
        let id = try reader.uint32()
        try reader.skip(2)
        let flags = BundleFlags(rawValue: try reader.uint16())
        var ahead = reader
        let tooShort = OpenFlowError.bundleFailed(.messageBadLength, "the message in the bundle is cut short")
        try reader.require(Self.headerSize, tooShort)
        let header = Header(try ahead.uint64())
        if header.length < Self.headerSize || header.length > reader.remaining { throw tooShort }
        if header.version != version.rawValue {
            throw .bundleFailed(.messageUnsupported, "the message in the bundle is of version \(header.version)")
        }
        if header.xid != xid { throw .bundleFailed(.messageBadXID, "the message in the bundle has an xid of its own") }
        // Nothing that could hold a bundle again, on which reading would go ever deeper.
        switch MessageType(header.type, version) {
        case .flowMod, .groupMod, .portMod, .packetOut, .meterMod, .tableMod: break
        default: throw .bundleFailed(.messageUnsupported, "a bundle can't hold messages of type \(header.type)")
        }
        var message = try reader.part(header.length)
        let frame = try decode(&message)
        // What follows are properties, none of which is known.
        try reader.skip(reader.remaining)
        return BundleAdd(id: id, flags: flags, frame: frame)
    }

    func write(_ add: BundleAdd, _ out: inout WireWriter) {
        out.uint32(add.id)
        out.zeros(2)
        out.uint16(add.flags.rawValue)
        out.append(encode(add.frame))
    }
}
