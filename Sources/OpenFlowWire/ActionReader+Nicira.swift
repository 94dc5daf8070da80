import OpenFlow
import Packet

/// Nicira's actions (ovs-actions(7)); what stands before has been read.
extension ActionReader {
    mutating func nicira(_ type: UInt16, _ body: inout WireReader) throws(OpenFlowError) -> Action? {
        switch type {
        case NiciraAction.move where version < .v15: return try move(&body)
        case NiciraAction.load where version < .v15: return try load(&body)
        case NiciraAction.load2 where version < .v15: return try maskedField(&body, takesMask: true)
        case NiciraAction.note: return .note(body.rest())
        case NiciraAction.outputField: return try outputField(&body, isSecond: false)
        case NiciraAction.outputField2: return try outputField(&body, isSecond: true)
        case NiciraAction.push:
            try Self.expect(14, body)
            return .push(try stackSlice(&body, isWritten: false))
        case NiciraAction.pop:
            try Self.expect(14, body)
            return .pop(try stackSlice(&body, isWritten: true))
        case NiciraAction.learn: return try learn(&body, isSecond: false)
        case NiciraAction.learn2: return try learn(&body, isSecond: true)
        case NiciraAction.controller2: return try controller2(&body)
        case NiciraAction.multipath: return try multipath(&body)
        case NiciraAction.clone: return try clone(&body)
        case NiciraAction.bundle: return try bundle(&body, loads: false)
        case NiciraAction.bundleLoad: return try bundle(&body, loads: true)
        case NiciraAction.decrementTTLNotifying:
            let count = Int(try body.uint16())
            try body.skip(4)
            if count == 0 || count * 2 > body.remaining { throw Self.badLength("dec_ttl has no \(count) controllers") }
            var controllers: [UInt16] = []
            for _ in 0..<count { controllers.append(try body.uint16()) }
            return .decrementTTLNotifying(controllers)
        case NiciraAction.setTunnel64:
            try Self.expect(14, body)
            try body.skip(6)
            return .setField(.tunnelID, value: UInt128(try body.uint64()), mask: UInt128(UInt64.max))
        case NiciraAction.writeMetadata:
            guard version == .v10 else { throw unknown(type) }
            try Self.expect(22, body)
            try body.skip(6)
            metadata = InstructionSet.MetadataWrite(value: try body.uint64(), mask: try body.uint64())
            return nil
        default: return try niciraOf16(type, &body)
        }
    }

    /// The actions of 16 bytes, with six of them for arguments.
    private func niciraOf16(_ type: UInt16, _ body: inout WireReader) throws(OpenFlowError) -> Action {
        var arguments = body
        guard let action = try niciraOf16(type, arguments.uint16(), arguments.uint32()) else { throw unknown(type) }
        try Self.expect(6, body)
        return action
    }

    private func niciraOf16(_ type: UInt16, _ first: UInt16, _ last: UInt32) throws(OpenFlowError) -> Action? {
        switch type {
        case NiciraAction.resubmit:
            return .resubmit(port: Self.resubmitPort(first), table: nil)
        case NiciraAction.resubmitTable:
            let table = UInt8(last >> 24)
            return .resubmit(port: Self.resubmitPort(first), table: table == 255 ? nil : table)
        case NiciraAction.setTunnel:
            return .setField(.tunnelID, value: UInt128(last), mask: UInt128(UInt64.max))
        case NiciraAction.popQueue: return .popQueue
        case NiciraAction.exit: return .exit
        case NiciraAction.finTimeout:
            return .finTimeout(idleSeconds: first, hardSeconds: UInt16(last >> 16))
        case NiciraAction.controller:
            return try controller(maxLength: first, last)
        case NiciraAction.conjunction:
            return try conjunction(first, last)
        case NiciraAction.outputTruncated:
            let port = try Self.outputPort(PortNumber(openFlow10: first))
            return .outputTruncated(port, maxLength: last)
        default: return version == .v10 ? try onlyIn10(type, first, last) : nil
        }
    }

    /// Actions that later versions have themselves.
    private func onlyIn10(_ type: UInt16, _ first: UInt16, _ last: UInt32) throws(OpenFlowError) -> Action? {
        let top = UInt32(first >> 8)
        switch type {
        case NiciraAction.setQueue: return .setQueue(last)
        case NiciraAction.group: return .group(last)
        case NiciraAction.decrementTTL: return .decrementTTL
        case NiciraAction.pushMPLS: return .pushMPLS(etherType: try Self.etherType(first, 0x8847, 0x8848))
        case NiciraAction.popMPLS: return .popMPLS(etherType: first)
        case NiciraAction.setMPLSTTL: return .setMPLSTTL(UInt8(top))
        case NiciraAction.decrementMPLSTTL: return .decrementMPLSTTL
        case NiciraAction.setMPLSLabel:
            return .setField(.mplsLabel, value: UInt128(try Self.limited(last, 0xfffff)), mask: 0xfffff)
        case NiciraAction.setMPLSTC:
            return .setField(.mplsTC, value: UInt128(try Self.limited(top, 7)), mask: 7)
        default: return nil
        }
    }

    private static func resubmitPort(_ number: UInt16) -> PortNumber? {
        let port = PortNumber(openFlow10: number)
        return port == .inPort ? nil : port
    }

    private func conjunction(_ clauses: UInt16, _ id: UInt32) throws(OpenFlowError) -> Action {
        let (clause, count) = (UInt8(clauses >> 8), UInt8(clauses & 0xff))
        if count < 2 || count > 64 || clause >= count {
            throw Self.badArgument("conjunction can't have clause \(UInt(clause) + 1) of \(count)")
        }
        return .conjunction(id: id, clause: clause + 1, count: count)
    }

    private func reason(_ number: UInt8) throws(OpenFlowError) -> PacketInReason {
        guard let reason = PacketInReason(rawValue: number) else {
            throw Self.badArgument("\(number) is no reason for a packet-in")
        }
        return reason
    }

    private func controller(maxLength: UInt16, _ rest: UInt32) throws(OpenFlowError) -> Action {
        var action = ControllerAction()
        action.maxLength = maxLength
        action.controllerID = UInt16(rest >> 16)
        action.reason = try reason(UInt8(rest >> 8 & 0xff))
        return .controller(action)
    }

    /// NXAST_CONTROLLER2: properties.
    private func controller2(_ body: inout WireReader) throws(OpenFlowError) -> Action {
        try body.skip(6)
        var action = ControllerAction()
        while !body.isAtEnd {
            var (type, property) = try body.property()
            switch type {
            case ControllerProperty.maxLength: action.maxLength = try property.uint16()
            case ControllerProperty.controllerID: action.controllerID = try property.uint16()
            case ControllerProperty.reason: action.reason = try reason(try property.byte())
            case ControllerProperty.userdata: action.userdata = property.rest()
            case ControllerProperty.pause: action.pauses = true
            case ControllerProperty.meter: action.meter = try property.uint32()
            default: throw .badProperty(.badType, "the action controller has no property \(type)")
            }
        }
        return .controller(action)
    }
}

/// The properties of NXAST_CONTROLLER2.
enum ControllerProperty {
    static let maxLength: UInt16 = 0
    static let controllerID: UInt16 = 1
    static let reason: UInt16 = 2
    static let userdata: UInt16 = 3
    static let pause: UInt16 = 4
    static let meter: UInt16 = 5
}
