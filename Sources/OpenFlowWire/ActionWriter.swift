import OpenFlow
import Packet

/// Writes lists of actions (OpenFlow 1.3.5 §7.2.5).
///
/// What a version can't say is written as what comes nearest: `mod_nw_src` as set-field in 1.3, `mod_vlan_vid` as
/// push-vlan and set-field where there is no tag, `enqueue` as three actions; in 1.0 `push_vlan` is left out, as the
/// setting of the tag adds it there.
struct ActionWriter {
    let version: OpenFlowVersion
    var out: WireWriter
    /// What is known of the packets, which decides how the actions that 1.2 withdrew are written.
    private var protocols: MatchedProtocols?

    init(_ version: OpenFlowVersion, _ out: WireWriter = WireWriter(), match: Match? = nil) {
        self.version = version
        self.out = out
        protocols = match.map { MatchedProtocols($0) }
    }

    mutating func write(_ actions: [Action]) {
        for action in actions { write(action) }
    }

    // MARK: Forms

    /// A standard action of eight bytes.
    mutating func standard(_ type: UInt16, _ argument: UInt32 = 0) {
        out.uint16(type)
        out.uint16(8)
        out.uint32(argument)
    }

    mutating func standard(_ type: UInt16, high argument: UInt16) { standard(type, UInt32(argument) << 16) }
    mutating func standard(_ type: UInt16, top argument: UInt8) { standard(type, UInt32(argument) << 24) }

    /// A standard action whose length is found when it is written.
    mutating func standard(_ type: UInt16, _ body: (inout WireWriter) -> Void) {
        let start = out.count
        out.uint16(type)
        out.uint16(0)
        body(&out)
        out.pad(since: start)
        out.patchLength(since: start, at: start + 2)
    }

    mutating func nicira(_ type: UInt16, _ body: (inout WireWriter) -> Void) {
        standard(ActionCode.experimenter) { out in
            out.uint32(Experimenter.nicira)
            out.uint16(type)
            body(&out)
        }
    }

    mutating func nicira(_ type: UInt16, _ first: UInt16 = 0, _ last: UInt32 = 0) {
        nicira(type) { out in
            out.uint16(first)
            out.uint32(last)
        }
    }

    /// An action that 1.0 has from Nicira.
    private mutating func either(_ type: UInt16, _ nicira10: UInt16, _ argument: UInt32 = 0) {
        version == .v10 ? nicira(nicira10, 0, argument) : standard(type, argument)
    }

    private mutating func either(_ type: UInt16, _ nicira10: UInt16, high argument: UInt16) {
        version == .v10 ? nicira(nicira10, argument) : standard(type, high: argument)
    }

    // MARK: Actions

    private mutating func write(_ action: Action) {
        switch action {
        case .output(let port, let maxLength): output(port, maxLength)
        case .setField(let id, let value, let mask): setField(id, value, mask)
        case .group(let group): either(ActionCode.group, NiciraAction.group, group)
        case .setQueue(let queue): either(ActionCode.setQueue, NiciraAction.setQueue, queue)
        case .decrementTTL: either(ActionCode.decrementIPTTL, NiciraAction.decrementTTL)
        case .pushVLAN(let etherType):
            if version != .v10 { standard(ActionCode.pushVLAN, high: etherType) }
            protocols?.vlanTags += 1
        case .popVLAN:
            standard(version == .v10 ? ActionCode10.stripVLAN : ActionCode.popVLAN)
            if let tags = protocols?.vlanTags, tags > 0 { protocols?.vlanTags = tags - 1 }
        case .modVLANVID(let identifier): modVLAN(.vlanVID, identifier | UInt16(KeyLayout.vlanPresent))
        case .modVLANPCP(let priority): modVLAN(.vlanPCP, UInt16(priority))
        case .modField(let id, let value): modField(id, value)
        case .enqueue(let port, let queue): enqueue(port, queue)
        case .pushMPLS(let etherType): either(ActionCode.pushMPLS, NiciraAction.pushMPLS, high: etherType)
        case .popMPLS(let etherType): either(ActionCode.popMPLS, NiciraAction.popMPLS, high: etherType)
        case .setMPLSTTL(let value): either(ActionCode.setMPLSTTL, NiciraAction.setMPLSTTL, high: UInt16(value) << 8)
        case .decrementMPLSTTL: either(ActionCode.decrementMPLSTTL, NiciraAction.decrementMPLSTTL)
        case .copyTTLOut: later(ActionCode.copyTTLOut)
        case .copyTTLIn: later(ActionCode.copyTTLIn)
        case .pushPBB(let etherType): later(ActionCode.pushPBB, UInt32(etherType) << 16)
        case .popPBB: later(ActionCode.popPBB)
        case .clone(let inner): clone(inner)
        case .meter(let meter): if version >= .v15 { standard(ActionCode.meter, meter) }
        default: writeExtension(action)
        }
    }

    private mutating func clone(_ inner: [Action]) {
        let (start, before) = (out.count, protocols)
        nicira(NiciraAction.clone)
        write(inner)
        protocols = before
        out.patchLength(since: start, at: start + 2)
    }

    /// An action that 1.0 lacks.
    private mutating func later(_ type: UInt16, _ argument: UInt32 = 0) {
        if version != .v10 { standard(type, argument) }
    }

    private mutating func output(_ port: PortNumber, _ maxLength: UInt16) {
        if version == .v10 {
            return standard(ActionCode10.output, UInt32(port.openFlow10) << 16 | UInt32(maxLength))
        }
        out.uint16(ActionCode.output)
        out.uint16(16)
        out.uint32(port.rawValue)
        out.uint16(maxLength)
        out.zeros(6)
    }

    private mutating func setField(_ id: FieldID, _ value: UInt128, _ mask: UInt128) {
        let isWhole = mask == Field[id].allOnes
        if version == .v10 && isWhole && (id == .ethSrc || id == .ethDst) {
            return standard(id == .ethSrc ? ActionCode10.setEthSrc : ActionCode10.setEthDst) {
                $0.number(value, bytes: 6)
            }
        }
        let code = FieldCodes.code(id, version)
        let field = FieldCodes.openFlow[Int(id.rawValue)].field
        if version >= .v15 || (version != .v10 && isWhole) {
            standard(ActionCode.setField) { $0.matchField(field, code, value, bits: mask) }
        } else {
            nicira(NiciraAction.load2) { $0.matchField(field, code, value, bits: mask) }
        }
    }

    /// mod_vlan_vid and mod_vlan_pcp, which add a tag where there is none.
    private mutating func modVLAN(_ id: FieldID, _ value: UInt16) {
        if version == .v10 {
            id == .vlanVID
                ? standard(ActionCode10.setVLANVID, high: value & 0xfff)
                : standard(ActionCode10.setVLANPCP, top: UInt8(value))
            return
        }
        if protocols?.vlanTags == 0 {
            standard(ActionCode.pushVLAN, high: 0x8100)
            protocols?.vlanTags = 1
        }
        setField(id, UInt128(value), Field[id].allOnes)
    }

    private mutating func modField(_ id: FieldID, _ value: UInt32) {
        let isIn10 = version == .v10
        switch id {
        case .ipTTL where !isIn10: standard(ActionCode.setIPTTL, top: UInt8(truncatingIfNeeded: value))
        case .ipv4Src where isIn10: standard(ActionCode10.setIPv4Src, value)
        case .ipv4Dst where isIn10: standard(ActionCode10.setIPv4Dst, value)
        case .ipDSCP where isIn10: standard(ActionCode10.setTOS, top: UInt8(truncatingIfNeeded: value << 2))
        case .tcpSrc, .tcpDst: modPort(isSource: id == .tcpSrc, UInt16(truncatingIfNeeded: value))
        case _ where isIn10: load(UInt64(value), FieldSlice(id))
        default: setField(id, UInt128(value), Field[id].allOnes)
        }
    }

    /// mod_tp_src, mod_tp_dst: of whatever protocol, which 1.2 and later must name.
    private mutating func modPort(isSource: Bool, _ value: UInt16) {
        let fields: (FieldID, FieldID)? =
            version == .v10 ? nil : protocols.flatMap { OpenFlow10Match.transport($0) }
        if let fields, fields.0 != .icmpType {
            return setField(isSource ? fields.0 : fields.1, UInt128(value), 0xffff)
        }
        // 1.0 and 1.1 have the same numbers for these.
        standard(isSource ? ActionCode10.setPortSrc : ActionCode10.setPortDst, high: value)
    }

    private mutating func enqueue(_ port: PortNumber, _ queue: UInt32) {
        if version != .v10 { return write([.setQueue(queue), .output(port, maxLength: 0), .popQueue]) }
        standard(ActionCode10.enqueue) { out in
            out.uint16(port.openFlow10)
            out.zeros(6)
            out.uint32(queue)
        }
    }
}
