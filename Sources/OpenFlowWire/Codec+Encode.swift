import OpenFlow

extension Codec {
    /// A message's bytes.
    ///
    /// It must fit into ``maximumSize``: long answers are cut into parts by ``encodeParts(_:xid:)``. What the version
    /// can't say is left out, or said as nearly as it can.
    public func encode(_ frame: OpenFlowFrame) -> [UInt8] {
        var codec = self
        codec.version = frame.version
        return codec.encode(frame.message, xid: frame.xid)
    }

    /// A message's bytes, in the codec's version.
    public func encode(_ message: Message, xid: UInt32) -> [UInt8] {
        var out = WireWriter()
        out.byte(version.rawValue)
        out.byte(0)
        out.uint16(0)
        out.uint32(xid)
        let type = write(message, &out)
        out.patch(min(out.count, Self.maximumSize), at: 2)
        out.patchByte(type.number(version), at: 1)
        return out.bytes
    }

    /// Writes what follows the header, and tells the message's type.
    private func write(_ message: Message, _ out: inout WireWriter) -> MessageType {
        switch message {
        case .hello(let versions): write(versions, &out)
        case .error(let error, let data): write(error, data, &out)
        case .echoRequest(let data), .echoReply(let data): out.append(data)
        case .featuresReply(let features): write(features, &out)
        case .getConfigReply(let config), .setConfig(let config): write(config, &out)
        case .packetIn(let packet): return write(packet: packet, &out)
        case .packetOut(let packet): write(packet, &out)
        case .flowMod(let mod): return write(flowMod: mod, &out)
        case .flowRemoved(let flow): return write(flowRemoved: flow, &out)
        case .portStatus(let status): write(status, &out)
        case .portMod(let mod): write(mod, &out)
        case .tableMod(let mod): write(mod, &out)
        case .groupMod(let mod):
            if version == .v10 { header(Experimenter.nicira, NiciraMessage.groupMod, &out) }
            write(mod, &out)
            return version == .v10 ? .experimenter : .groupMod
        case .meterMod(let mod): write(mod, &out)
        case .queueGetConfigRequest(let port):
            out.port(port, version)
            out.zeros(version == .v10 ? 2 : 4)
        case .queueGetConfigReply(let port, let queues):
            out.port(port, version)
            out.zeros(version == .v10 ? 6 : 4)
            for queue in queues { write(queue, &out) }
        case .getAsyncReply(let config): write(config, &out)
        case .multipartRequest(let request, let more): write(request, more, &out)
        case .multipartReply(let reply, let more): write(reply, more, &out)
        case .featuresRequest, .getConfigRequest, .barrierRequest, .barrierReply, .getAsyncRequest: break
        default: return writeExtension(message, &out)
        }
        return message.type
    }

    /// Messages that some versions have from experimenters.
    private func writeExtension(_ message: Message, _ out: inout WireWriter) -> MessageType {
        switch message {
        case .roleRequest(let role), .roleReply(let role):
            if version >= .v13 {
                write(role, &out)
                return message.type
            }
            let isRequest = message.type == .roleRequest
            header(Experimenter.nicira, isRequest ? NiciraMessage.roleRequest : NiciraMessage.roleReply, &out)
            out.uint32(max(role.role.rawValue, 1) - 1)
        case .roleStatus(let status):
            if version == .v13 { header(Experimenter.onf, ONFMessage.roleStatus, &out) }
            write(status, &out)
            return version == .v13 ? .experimenter : .roleStatus
        case .setAsync(let config, let parts):
            if version >= .v13 {
                write(config, only: parts, &out)
                return .setAsync
            }
            header(Experimenter.nicira, NiciraMessage.setAsync, &out)
            writeMasks(config, &out)
        case .bundleControl(let control):
            if version < .v14 { header(Experimenter.onf, ONFMessage.bundleControl, &out) }
            write(control, &out)
            return version < .v14 ? .experimenter : .bundleControl
        case .bundleAdd(let add):
            if version < .v14 { header(Experimenter.onf, ONFMessage.bundleAdd, &out) }
            write(add, &out)
            return version < .v14 ? .experimenter : .bundleAdd
        case .flowMonitorCancel(let id):
            monitorHeader(NiciraMessage.flowMonitorCancel, ONFMessage.flowMonitorCancel, &out)
            out.uint32(id)
        case .flowMonitorPaused:
            monitorHeader(NiciraMessage.flowMonitorPaused, ONFMessage.flowMonitorPaused, &out)
        case .flowMonitorResumed:
            monitorHeader(NiciraMessage.flowMonitorResumed, ONFMessage.flowMonitorResumed, &out)
        case .experimenter(let message):
            header(message.experimenter, message.type, &out)
            out.append(message.data)
        default: writeNicira(message, &out)
        }
        return .experimenter
    }

    private func writeNicira(_ message: Message, _ out: inout WireWriter) {
        switch message {
        case .setFlowFormat(let format):
            header(Experimenter.nicira, NiciraMessage.setFlowFormat, &out)
            out.uint32(format.rawValue)
        case .setFlowModTableID(let isOn):
            header(Experimenter.nicira, NiciraMessage.flowModTableID, &out)
            out.byte(isOn ? 1 : 0)
            out.zeros(7)
        case .setPacketInFormat(let format):
            header(Experimenter.nicira, NiciraMessage.setPacketInFormat, &out)
            out.uint32(format.rawValue)
        case .setControllerID(let id):
            header(Experimenter.nicira, NiciraMessage.setControllerID, &out)
            out.zeros(6)
            out.uint16(id)
        case .flowAge: header(Experimenter.nicira, NiciraMessage.flowAge, &out)
        case .resume(let packet):
            header(Experimenter.nicira, NiciraMessage.resume, &out)
            writePacketIn2(packet, &out)
        default: preconditionFailure("each message has its form")
        }
    }

    private func header(_ experimenter: UInt32, _ type: UInt32, _ out: inout WireWriter) {
        out.uint32(experimenter)
        out.uint32(type)
    }

    private func monitorHeader(_ nicira: UInt32, _ onf: UInt32, _ out: inout WireWriter) {
        version < .v13 ? header(Experimenter.nicira, nicira, &out) : header(Experimenter.onf, onf, &out)
    }

    private func write(packet: PacketIn, _ out: inout WireWriter) -> MessageType {
        switch packetInFormat {
        case .standard:
            write(packet, &out)
            return .packetIn
        case .nicira:
            header(Experimenter.nicira, NiciraMessage.packetIn, &out)
            writeNicira(packet, &out)
        case .nicira2:
            header(Experimenter.nicira, NiciraMessage.packetIn2, &out)
            writePacketIn2(packet, &out)
        }
        return .experimenter
    }

    private func write(flowMod mod: FlowMod, _ out: inout WireWriter) -> MessageType {
        if version != .v10 {
            write(mod, &out)
        } else if flowFormat == .nicira {
            header(Experimenter.nicira, NiciraMessage.flowMod, &out)
            writeNicira(mod, &out)
            return .experimenter
        } else {
            write10(mod, &out)
        }
        return .flowMod
    }

    private func write(flowRemoved flow: FlowRemoved, _ out: inout WireWriter) -> MessageType {
        if version == .v10 && flowFormat == .nicira {
            header(Experimenter.nicira, NiciraMessage.flowRemoved, &out)
            writeNicira(flow, &out)
            return .experimenter
        }
        write(flow, &out)
        return .flowRemoved
    }
}

extension Message {
    /// The type where a version has the message itself.
    fileprivate var type: MessageType {
        switch self {
        case .hello: .hello
        case .error: .error
        case .echoRequest: .echoRequest
        case .echoReply: .echoReply
        case .featuresRequest: .featuresRequest
        case .featuresReply: .featuresReply
        case .getConfigRequest: .getConfigRequest
        case .getConfigReply: .getConfigReply
        case .setConfig: .setConfig
        case .packetIn: .packetIn
        case .packetOut: .packetOut
        case .flowMod: .flowMod
        case .flowRemoved: .flowRemoved
        case .portStatus: .portStatus
        case .portMod: .portMod
        case .tableMod: .tableMod
        case .groupMod: .groupMod
        case .meterMod: .meterMod
        case .barrierRequest: .barrierRequest
        case .barrierReply: .barrierReply
        case .roleRequest: .roleRequest
        case .roleReply: .roleReply
        case .roleStatus: .roleStatus
        case .getAsyncRequest: .getAsyncRequest
        case .getAsyncReply: .getAsyncReply
        case .setAsync: .setAsync
        case .queueGetConfigRequest: .queueGetConfigRequest
        case .queueGetConfigReply: .queueGetConfigReply
        case .multipartRequest: .multipartRequest
        case .multipartReply: .multipartReply
        case .bundleControl: .bundleControl
        case .bundleAdd: .bundleAdd
        default: .experimenter
        }
    }
}
