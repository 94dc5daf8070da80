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
        let bytes = reader.rest()
        guard let header = Self.header(of: bytes), header.length >= Self.headerSize, header.length <= bytes.count else {
            throw .bundleFailed(.messageBadLength, "the message in the bundle is cut short")
        }
        if header.version != version.rawValue {
            throw .bundleFailed(.messageUnsupported, "the message in the bundle is of version \(header.version)")
        }
        if header.xid != xid { throw .bundleFailed(.messageBadXID, "the message in the bundle has an xid of its own") }
        // Nothing that could hold a bundle again, on which reading would go ever deeper.
        let unfit: Set<MessageType> = [.bundleAdd, .experimenter, .hello, .error]
        guard let type = MessageType(header.type, version), !unfit.contains(type) else {
            throw .bundleFailed(.messageUnsupported, "a bundle can't hold messages of type \(header.type)")
        }
        let frame = try decode(header.length == bytes.count ? bytes : Array(bytes.prefix(header.length)))
        switch frame.message {
        case .flowMod, .groupMod, .portMod, .packetOut, .meterMod, .tableMod: break
        default: throw .bundleFailed(.messageUnsupported, "a bundle can't hold messages of type \(header.type)")
        }
        return BundleAdd(id: id, flags: flags, frame: frame)
    }

    func write(_ add: BundleAdd, _ out: inout WireWriter) {
        out.uint32(add.id)
        out.zeros(2)
        out.uint16(add.flags.rawValue)
        out.append(encode(add.frame))
    }
}
