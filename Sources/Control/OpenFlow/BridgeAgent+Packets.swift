import OpenFlow
import OpenFlowWire
import Packet
import Switch

/// Packets to controllers and from them.
extension BridgeAgent {
    /// Tells controllers of a packet (OpenFlow 1.3.5 §7.4.1).
    func tell(_ packet: QueuedPacket) {
        let message = packet.message
        let isUnmatched = packet.isUnmatched
        let reason = isUnmatched ? .noMatch : PacketInReason(rawValue: message.reason) ?? .action
        let takers = connections.values.filter {
            $0.controllerID == message.controllerID && (isUnmatched ? $0.wantsMisses : $0.wants(reason))
        }
        if takers.isEmpty { return }
        var key = message.pipeline
        key[.inPort] = UInt128(message.inPort)
        var buffer: UInt32?
        for taker in takers {
            var limit = Int(message.maximumLength)
            if message.maximumLength == .max { limit = packet.bytes.count }
            // In 1.0 a packet that no flow matched has the length that the controller set.
            if isUnmatched { limit = Int(taker.configuration.missSendLength) }
            if packet.bytes.count > limit, message.maximumLength != .max {
                buffer = buffer ?? buffers.keep(PacketBuffers.Packet(bytes: packet.bytes, inPort: message.inPort))
            }
            var told = OpenFlowWire.PacketIn(
                bufferID: packet.bytes.count > limit ? buffer : nil, totalLength: packet.length,
                // The table-miss flow is one like others in 1.0.
                reason: taker.version == .v10 && reason == .noMatch && !isUnmatched ? .action : reason,
                table: message.table, cookie: message.cookie, match: Self.match(key),
                data: Array(packet.bytes.prefix(limit)))
            told.userdata = message.userdata
            if !taker.offer(.packetIn(told)) { taker.droppedPacketIns += 1 }
        }
    }

    /// The pipeline's fields of a packet: those that are not zero, and in_port (OpenFlow 1.3.5 §7.4.1).
    private static func match(_ key: FlowKey) -> Match {
        var match = Match()
        match.set(.inPort, key[.inPort])
        let registers = FieldID.reg0.rawValue...FieldID.reg15.rawValue
        for id in [FieldID.metadata, .tunnelID] + registers.compactMap({ FieldID(rawValue: $0) }) where key[id] != 0 {
            match.set(id, key[id])
        }
        return match
    }

    // MARK: From controllers

    func send(_ packet: PacketOut) throws(OpenFlowError) {
        let packet = try withBytes(packet)
        // What stands before it in the batch is to be in force.
        bridge.publishChanges()
        try bridge.send(packet: packet.data, inPort: packet.inPort, actions: packet.actions)
        performEffects()
    }

    /// The packet with the bytes that a buffer kept for it.
    func withBytes(_ packet: PacketOut) throws(OpenFlowError) -> PacketOut {
        guard let id = packet.bufferID else { return packet }
        var whole = packet
        (whole.bufferID, whole.data) = (nil, try takeBuffer(id).bytes)
        return whole
    }

    private func takeBuffer(_ id: UInt32) throws(OpenFlowError) -> PacketBuffers.Packet {
        guard let kept = buffers.take(id) else { throw .bufferUnknown("there is no packet buffer \(id)") }
        return kept
    }

    /// A flow came with the packet that waits for it: the packet goes through the tables (OpenFlow 1.3.5 §6.4).
    func releaseBuffer(_ id: UInt32) throws(OpenFlowError) { released.append(try takeBuffer(id)) }

    /// A packet that was paused goes on; without a place to go on from, from the start.
    func resume(_ packet: OpenFlowWire.PacketIn) throws(OpenFlowError) {
        bridge.publishChanges()
        try bridge.send(packet: packet.data, inPort: packet.inPort, actions: [.output(.table)])
        performEffects()
    }
}
