import OpenFlow
import Packet

/// Reads lists of actions (OpenFlow 1.3.5 §7.2.5).
struct ActionReader {
    let version: OpenFlowVersion
    /// write_metadata, which among 1.0's actions stands for the instruction that 1.0 lacks.
    var metadata: InstructionSet.MetadataWrite?
    /// Clones that the actions at hand are inside of.
    private var cloneDepth = 0

    init(_ version: OpenFlowVersion) { self.version = version }

    /// Actions up to the end of `reader`.
    mutating func actions(_ reader: inout WireReader) throws(OpenFlowError) -> [Action] {
        var actions: [Action] = []
        while !reader.isAtEnd {
            try reader.require(8, Self.badLength("an action is cut short"))
            let (type, length) = (try reader.uint16(), Int(try reader.uint16()))
            if length < 8 || length % 8 != 0 || length - 4 > reader.remaining {
                throw Self.badLength("an action of type \(type) has the length \(length)")
            }
            var body = try reader.part(length - 4)
            if let action = try action(type, &body) { actions.append(action) }
        }
        return actions
    }

    /// NXAST_CLONE (ovs-actions(7), clone): six bytes of padding, and actions.
    mutating func clone(_ body: inout WireReader) throws(OpenFlowError) -> Action {
        if cloneDepth == Action.mostNestedClones {
            throw .badAction(.tooMany, "at most \(cloneDepth) clones may stand in one another")
        }
        try body.require(6, Self.badLength("clone is cut short"))
        try body.skip(6)
        let before = metadata
        cloneDepth += 1
        let inner = try actions(&body)
        cloneDepth -= 1
        if metadata != before { throw Self.badArgument("write_metadata can't stand in a clone") }
        if let other = inner.first(where: { !$0.mayStandInClone }) {
            throw Self.badArgument("\(other) can't stand in a clone")
        }
        return .clone(inner)
    }

    static func badLength(_ message: String) -> OpenFlowError { .badAction(.badLength, message) }
    static func badArgument(_ message: String) -> OpenFlowError { .badAction(.badArgument, message) }

    /// Throws unless the action's body has exactly so many bytes.
    @inline(__always)
    static func expect(_ count: Int, _ body: WireReader) throws(OpenFlowError) {
        if body.remaining != count { throw badLength("an action has \(body.remaining + 4) bytes, not \(count + 4)") }
    }

    private mutating func action(_ type: UInt16, _ body: inout WireReader) throws(OpenFlowError) -> Action? {
        if type == ActionCode.experimenter { return try experimenter(&body) }
        return version == .v10 ? try action10(type, &body) : try action11(type, &body)
    }

    private mutating func experimenter(_ body: inout WireReader) throws(OpenFlowError) -> Action? {
        let experimenter = try body.uint32()
        guard experimenter == Experimenter.nicira || experimenter == Experimenter.onf else {
            throw .badAction(.badExperimenter, "there are no actions of experimenter \(experimenter)")
        }
        try body.require(8, Self.badLength("an experimenter's action is cut short"))
        let type = try body.uint16()
        if experimenter == Experimenter.onf {
            guard type == ONFAction.copyField && version >= .v13 else { throw unknown(type) }
            try body.skip(2)
            return try copyField(&body)
        }
        return try nicira(type, &body)
    }

    func unknown(_ type: UInt16) -> OpenFlowError {
        .badAction(.badExperimenterType, "the experimenter's action \(type) is not known")
    }

    private func action11(_ type: UInt16, _ body: inout WireReader) throws(OpenFlowError) -> Action {
        switch type {
        case ActionCode.output:
            try Self.expect(12, body)
            let port = PortNumber(try body.uint32())
            return .output(try Self.outputPort(port), maxLength: try body.uint16())
        case ActionCode.setField: return try setField(&body)
        case ActionCode.copyField where version >= .v15: return try copyField(&body)
        case ActionCode.meter where version >= .v15:
            try Self.expect(4, body)
            return .meter(try body.uint32())
        default: break
        }
        // All others have eight bytes, with at most four of argument.
        let isKnown = type <= ActionCode.popPBB
        guard isKnown else { throw .badAction(.badType, "there is no action \(type)") }
        try Self.expect(4, body)
        let argument = try body.uint32()
        let (high, top) = (UInt16(argument >> 16), UInt8(argument >> 24))
        switch type {
        case ActionCode.copyTTLOut: return .copyTTLOut
        case ActionCode.copyTTLIn: return .copyTTLIn
        case ActionCode.setMPLSTTL: return .setMPLSTTL(top)
        case ActionCode.decrementMPLSTTL: return .decrementMPLSTTL
        case ActionCode.pushVLAN: return .pushVLAN(etherType: try Self.etherType(high, 0x8100, 0x88a8))
        case ActionCode.popVLAN: return .popVLAN
        case ActionCode.pushMPLS: return .pushMPLS(etherType: try Self.etherType(high, 0x8847, 0x8848))
        case ActionCode.popMPLS: return .popMPLS(etherType: high)
        case ActionCode.setQueue: return .setQueue(argument)
        case ActionCode.group: return .group(argument)
        case ActionCode.setIPTTL: return .modField(.ipTTL, UInt32(top))
        case ActionCode.decrementIPTTL: return .decrementTTL
        case ActionCode.pushPBB: return .pushPBB(etherType: try Self.etherType(high, 0x88e7, 0x88e7))
        case ActionCode.popPBB: return .popPBB
        default: return try withdrawn(type, argument, &body)
        }
    }

    /// The actions of 1.1 that 1.2 replaced by set-field.
    private func withdrawn(
        _ type: UInt16, _ argument: UInt32, _ body: inout WireReader
    ) throws(OpenFlowError) -> Action {
        let (high, top) = (UInt32(argument >> 16), UInt32(argument >> 24))
        switch type {
        case ActionCode.setVLANVID:
            let value = try Self.limited(high, 0xfff) | UInt32(KeyLayout.vlanPresent)
            return .setField(.vlanVID, value: UInt128(value), mask: 0x1fff)
        case ActionCode.setVLANPCP: return .setField(.vlanPCP, value: UInt128(try Self.limited(top, 7)), mask: 7)
        case ActionCode.setIPv4Src: return .modField(.ipv4Src, argument)
        case ActionCode.setIPv4Dst: return .modField(.ipv4Dst, argument)
        case ActionCode.setTOS: return .modField(.ipDSCP, try Self.codepoint(top))
        case ActionCode.setECN: return .modField(.ipECN, try Self.limited(top, 3))
        case ActionCode.setPortSrc: return .modField(.tcpSrc, high)
        case ActionCode.setPortDst: return .modField(.tcpDst, high)
        case ActionCode.setMPLSLabel:
            return .setField(.mplsLabel, value: UInt128(try Self.limited(argument, 0xfffff)), mask: 0xfffff)
        case ActionCode.setMPLSTC: return .setField(.mplsTC, value: UInt128(try Self.limited(top, 7)), mask: 7)
        default: throw .badAction(.badType, "there is no action \(type)")
        }
    }

    private func action10(_ type: UInt16, _ body: inout WireReader) throws(OpenFlowError) -> Action {
        switch type {
        case ActionCode10.setEthSrc, ActionCode10.setEthDst:
            try Self.expect(12, body)
            let id: FieldID = type == ActionCode10.setEthSrc ? .ethSrc : .ethDst
            return .setField(id, value: try body.wideNumber(bytes: 6), mask: 0xffff_ffff_ffff)
        case ActionCode10.enqueue:
            try Self.expect(12, body)
            let port = try Self.outputPort(PortNumber(openFlow10: try body.uint16()))
            try body.skip(6)
            return .enqueue(port, queue: try body.uint32())
        default: break
        }
        if type > ActionCode10.enqueue { throw .badAction(.badType, "there is no action \(type)") }
        try Self.expect(4, body)
        let argument = try body.uint32()
        let (high, top) = (UInt32(argument >> 16), UInt32(argument >> 24))
        switch type {
        case ActionCode10.output:
            let port = PortNumber(openFlow10: UInt16(high))
            return .output(try Self.outputPort(port), maxLength: UInt16(truncatingIfNeeded: argument))
        case ActionCode10.setVLANVID: return .modVLANVID(UInt16(try Self.limited(high, 0xfff)))
        case ActionCode10.setVLANPCP: return .modVLANPCP(UInt8(try Self.limited(top, 7)))
        case ActionCode10.stripVLAN: return .popVLAN
        case ActionCode10.setIPv4Src: return .modField(.ipv4Src, argument)
        case ActionCode10.setIPv4Dst: return .modField(.ipv4Dst, argument)
        case ActionCode10.setTOS: return .modField(.ipDSCP, try Self.codepoint(top))
        case ActionCode10.setPortSrc: return .modField(.tcpSrc, high)
        default: return .modField(.tcpDst, high)
        }
    }

    static func limited(_ value: UInt32, _ maximum: UInt32) throws(OpenFlowError) -> UInt32 {
        if value > maximum { throw badArgument("an action's argument of \(value) is above \(maximum)") }
        return value
    }

    private static func codepoint(_ service: UInt32) throws(OpenFlowError) -> UInt32 {
        if service & 3 != 0 { throw badArgument("the type of service \(service) has bits of the ECN in it") }
        return service >> 2
    }

    static func etherType(_ value: UInt16, _ first: UInt16, _ second: UInt16) throws(OpenFlowError) -> UInt16 {
        if value != first && value != second { throw badArgument("a tag can't have the EtherType \(value)") }
        return value
    }

    /// A port that can be sent to, as far as its number tells.
    static func outputPort(_ port: PortNumber) throws(OpenFlowError) -> PortNumber {
        if port == .any || (port > .maximum && port < .inPort) {
            throw .badAction(.badOutPort, "there is no output to port \(port)")
        }
        return port
    }
}
