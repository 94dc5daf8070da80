import FlowTable
import OpenFlow
import OpenFlowWire
import Session
import Switch

/// Answers OpenFlow for one bridge, on the switch's control thread.
///
/// A batch of messages is dealt with in order; what it changes is put in force once, at its end or where a message
/// needs it, and only then are its answers sent. So a barrier's reply tells that all before it is in force (OpenFlow
/// 1.3.5 §6.2).
final class BridgeAgent {
    let bridge: Bridge
    let vswitch: VirtualSwitch
    let software: String
    private(set) var connections: [UInt64: ControllerConnection] = [:]
    var buffers = PacketBuffers()
    /// The latest claim to be master (OpenFlow 1.3.5 §7.3.9).
    var generationID: UInt64?
    /// Flows that went, of which controllers are to hear once their counts are final.
    var removals: [FlowRemoval] = []
    /// Changes that monitors are to hear of, and who made them.
    var updates = FlowUpdates()
    /// Packets that go through the tables once what came with them is in force.
    var released: [PacketBuffers.Packet] = []
    /// Ports whose settings were changed, of which controllers are to hear once that is in force.
    var changedPorts: [PortDescription] = []
    /// Ports as controllers were told of them, by index.
    var knownPorts: [UInt16: PortDescription] = [:]
    var hasNotedPorts = false
    /// When a controller was there last, or none was to be.
    var lastAttended = MonotonicTime.now
    private var isListening = false
    /// Does what packets asked for by now, in any bridge, and has the agents told.
    let performEffects: () -> Void

    init(bridge: Bridge, vswitch: VirtualSwitch, software: String, performEffects: @escaping () -> Void) {
        self.performEffects = performEffects
        self.bridge = bridge
        self.vswitch = vswitch
        self.software = software
    }

    // MARK: Connections

    func open(_ session: Session, isService: Bool) {
        connections[session.id] = ControllerConnection(session, isService: isService)
        updateListening()
    }

    func close(_ session: Session) {
        connections[session.id] = nil
        updateListening()
    }

    /// Controllers that are connected, tools aside.
    var controllers: [ControllerConnection] { connections.values.filter { !$0.isService } }

    /// Packets are taken out of the data path only while somebody may want them.
    func updateListening() {
        let listens = connections.values.contains {
            $0.asyncConfig.packetIn.master | $0.asyncConfig.packetIn.slave != 0
        }
        if listens != isListening { bridge.setListens(listens) }
        isListening = listens
        bridge.tellsMisses = connections.values.contains { $0.wantsMisses }
        bridge.publishChanges()
    }

    // MARK: Messages

    func receive(_ items: [SessionItem], on session: Session) {
        defer { session.readOn() }
        guard let connection = connections[session.id] else { return }
        for item in items {
            switch item {
            case .refused(let error, let xid, let bytes):
                refuse(error, xid: xid, bytes: bytes, on: connection)
            case .frame(let frame, let bytes):
                do throws(OpenFlowError) {
                    try handle(frame, bytes: bytes, on: connection)
                } catch {
                    refuse(error, xid: frame.xid, bytes: bytes, on: connection)
                }
            }
        }
        settle()
    }

    func refuse(_ error: OpenFlowError, xid: UInt32, bytes: [UInt8], on connection: ControllerConnection) {
        // All of it, so that tools can show what was refused; 64 bytes at least (OpenFlow 1.3.5 §7.5.1).
        connection.reply(.error(error, data: Array(bytes.prefix(Codec.maximumSize - 64))), xid: xid)
    }

    /// Puts in force what has changed, tells who is to know, and sends what was answered.
    func settle() {
        bridge.publishChanges()
        let waiting = released
        released.removeAll()
        for packet in waiting {
            // It was kept when it came in, so that it can be sent: an error could not be told to anyone.
            try? bridge.send(packet: packet.bytes, inPort: PortNumber(packet.inPort), actions: [.output(.table)])
        }
        if !waiting.isEmpty { performEffects() }
        tellRemovals()
        tellUpdates()
        for port in changedPorts { tell(PortStatus(.modify, port)) }
        changedPorts.removeAll()
        for connection in connections.values where !connection.replies.isEmpty {
            connection.session.send(connection.replies)
            connection.replies.removeAll(keepingCapacity: true)
        }
    }

    private func handle(
        _ frame: OpenFlowFrame, bytes: [UInt8], on connection: ControllerConnection
    ) throws(OpenFlowError) {
        if connection.role == .slave, frame.message.changesSwitch {
            throw .isSlave("a slave may not change the switch")
        }
        switch frame.message {
        case .flowMod, .groupMod, .meterMod, .portMod, .tableMod, .packetOut:
            try change(frame, on: connection)
        case .multipartRequest(let request, let more):
            try answer(request, more: more, xid: frame.xid, on: connection)
        case .bundleControl(let control): try handle(control, xid: frame.xid, on: connection)
        case .bundleAdd(let addition): try add(addition, bytes: bytes, on: connection)
        case .barrierRequest: connection.reply(.barrierReply, xid: frame.xid)
        case .echoRequest(let data): connection.reply(.echoReply(data), xid: frame.xid)
        case .hello, .echoReply, .error: break
        default: try handleSetting(frame, on: connection)
        }
    }

    /// A change of the switch. In a bundle, what was changed before it is not in force yet.
    func change(
        _ frame: OpenFlowFrame, on connection: ControllerConnection
    ) throws(OpenFlowError) {
        switch frame.message {
        case .flowMod(let mod):
            let outcome = try bridge.apply(mod)
            note(outcome, xid: frame.xid, by: connection)
            // In deletions the buffer means nothing (OpenFlow 1.3.5 §7.3.4.1).
            let isDeletion = mod.command == .delete || mod.command == .deleteStrict
            if let buffer = mod.bufferID, !isDeletion { try releaseBuffer(buffer) }
        case .groupMod(let mod):
            // OpenFlow 1.3.5 §7.3.4.2: in other groups weights are zero.
            let mayHaveWeights = mod.group.kind == .select || mod.command == .insertBuckets
            if !mayHaveWeights, mod.group.buckets.contains(where: { $0.weight != 0 }) {
                throw .groupModFailed(.invalidGroup, "buckets have weights in groups of the kind select only")
            }
            note(try bridge.apply(mod), xid: frame.xid, by: connection)
        case .meterMod(let mod):
            note(try bridge.apply(mod), xid: frame.xid, by: connection)
        case .portMod(let mod): try apply(mod)
        case .tableMod(let mod): try apply(mod)
        case .packetOut(let packet): try send(packet)
        default: throw .badType("this message changes nothing")
        }
    }

    /// What the switch is, and how the connection wants it.
    private func handleSetting(
        _ frame: OpenFlowFrame, on connection: ControllerConnection
    ) throws(OpenFlowError) {
        switch frame.message {
        case .featuresRequest: connection.reply(.featuresReply(features(for: connection)), xid: frame.xid)
        case .getConfigRequest: connection.reply(.getConfigReply(configuration(for: connection)), xid: frame.xid)
        case .setConfig(let configuration): try set(configuration, for: connection)
        case .queueGetConfigRequest(let port):
            connection.reply(.queueGetConfigReply(port, try queues(of: port)), xid: frame.xid)
        case .roleRequest(let role):
            connection.reply(.roleReply(try setRole(role, of: connection)), xid: frame.xid)
        case .getAsyncRequest: connection.reply(.getAsyncReply(connection.asyncConfig), xid: frame.xid)
        case .setAsync(let config, let parts):
            connection.asyncConfig.update(parts, from: config)
            updateListening()
        case .setPacketInFormat(let format): connection.packetInFormat = format
        case .setControllerID(let id): connection.controllerID = id
        case .setFlowFormat, .setFlowModTableID, .flowAge: break
        case .flowMonitorCancel(let id):
            if connection.monitors.removeValue(forKey: id) == nil {
                throw .badRequestTable("there is no flow monitor \(id)")
            }
        case .resume(let packet): try resume(packet)
        default: throw .badType("a switch is not sent this message")
        }
    }
}

extension Message {
    /// Whether a slave may not send it (OpenFlow 1.3.5 §6.3.4).
    var changesSwitch: Bool {
        switch self {
        case .flowMod, .groupMod, .meterMod, .portMod, .tableMod, .packetOut, .bundleControl, .bundleAdd: true
        case .multipartRequest(.tableFeatures(let features), _): !features.isEmpty
        default: false
        }
    }
}
