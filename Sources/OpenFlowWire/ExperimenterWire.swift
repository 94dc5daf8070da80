import OpenFlow

/// Nicira's and ONF's messages.
extension Codec {
    func experimenter(_ reader: inout WireReader, _ xid: UInt32) throws(OpenFlowError) -> Message {
        try reader.require(4, .badLength("an experimenter's message is cut short"))
        let experimenter = try reader.uint32()
        guard experimenter == Experimenter.nicira || experimenter == Experimenter.onf else {
            throw .badExperimenter("no messages of experimenter \(experimenter) are known")
        }
        try reader.require(4, .badLength("an experimenter's message is cut short"))
        let type = try reader.uint32()
        return try experimenter == Experimenter.nicira ? nicira(type, &reader) : onf(type, &reader, xid)
    }

    private func unknown(_ type: UInt32) -> OpenFlowError {
        .badExperimenterType("the experimenter's message \(type) is not known")
    }

    private func nicira(_ type: UInt32, _ reader: inout WireReader) throws(OpenFlowError) -> Message {
        switch type {
        case NiciraMessage.roleRequest: return .roleRequest(try niciraRole(&reader))
        case NiciraMessage.roleReply: return .roleReply(try niciraRole(&reader))
        case NiciraMessage.setFlowFormat where version == .v10:
            let number = try reader.uint32()
            guard let format = FlowFormat(rawValue: number) else {
                throw .badRequestArgument("there is no flow format \(number)")
            }
            return .setFlowFormat(format)
        case NiciraMessage.flowMod where version == .v10: return .flowMod(try niciraFlowMod(&reader))
        case NiciraMessage.groupMod where version == .v10: return .groupMod(try groupMod(&reader))
        case NiciraMessage.flowRemoved where version == .v10: return .flowRemoved(try niciraFlowRemoved(&reader))
        case NiciraMessage.flowModTableID:
            let isOn = try reader.byte() != 0
            try reader.skip(7)
            return .setFlowModTableID(isOn)
        case NiciraMessage.setPacketInFormat:
            let number = try reader.uint32()
            guard let format = PacketInFormat(rawValue: number) else {
                throw .badRequestArgument("there is no packet-in format \(number)")
            }
            return .setPacketInFormat(format)
        case NiciraMessage.packetIn: return .packetIn(try niciraPacketIn(&reader))
        case NiciraMessage.packetIn2: return .packetIn(try packetIn2(&reader))
        case NiciraMessage.resume: return .resume(try packetIn2(&reader))
        case NiciraMessage.flowAge: return .flowAge
        case NiciraMessage.setAsync: return .setAsync(try asyncMasks(&reader))
        case NiciraMessage.setAsync2 where version < .v14:
            let (config, parts) = try asyncProperties(&reader)
            return .setAsync(config, only: parts)
        case NiciraMessage.setControllerID:
            try reader.skip(6)
            return .setControllerID(try reader.uint16())
        case NiciraMessage.flowMonitorCancel where version == .v10: return .flowMonitorCancel(try reader.uint32())
        case NiciraMessage.flowMonitorPaused where version == .v10: return .flowMonitorPaused
        case NiciraMessage.flowMonitorResumed where version == .v10: return .flowMonitorResumed
        default: throw unknown(type)
        }
    }

    private func onf(
        _ type: UInt32, _ reader: inout WireReader, _ xid: UInt32
    ) throws(OpenFlowError) -> Message {
        guard version == .v13 else { throw unknown(type) }
        switch type {
        case ONFMessage.bundleControl: return .bundleControl(try bundleControl(&reader))
        case ONFMessage.bundleAdd: return .bundleAdd(try bundleAdd(&reader, xid))
        case ONFMessage.roleStatus: return .roleStatus(try roleStatus(&reader))
        case ONFMessage.flowMonitorCancel: return .flowMonitorCancel(try reader.uint32())
        case ONFMessage.flowMonitorPaused: return .flowMonitorPaused
        case ONFMessage.flowMonitorResumed: return .flowMonitorResumed
        default: throw unknown(type)
        }
    }
}

extension OpenFlowError {
    /// What 1.x has no number for: an argument out of range (OFPBRC_EPERM in Open vSwitch).
    static func badRequestArgument(_ message: String) -> OpenFlowError { .permissions(message) }
}
