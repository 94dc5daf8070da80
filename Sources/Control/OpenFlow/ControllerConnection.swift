import OpenFlow
import OpenFlowWire
import Session

/// What a bridge knows of one connection: who is at the other end, and what was agreed on.
final class ControllerConnection {
    let session: Session
    /// Whether it is a connection of a tool's (ovs-ofctl), which hears of nothing unasked.
    let isService: Bool
    var role = ControllerRole.Role.equal
    var asyncConfig: AsyncConfig
    /// As the connection set it (NXT_SET_CONTROLLER_ID).
    var controllerID: UInt16 = 0
    var configuration = SwitchConfig(missSendLength: 128)
    /// Whether it asked for Nicira's formats, which tell the pipeline's fields too.
    var packetInFormat = PacketInFormat.standard
    var bundles: [UInt32: OpenBundle] = [:]
    /// By the number that the controller gave each.
    var monitors: [UInt32: FlowMonitorRequest] = [:]
    /// The parts of a request that is not complete, and its xid.
    var partialTableFeatures: (xid: UInt32, tables: [TableFeatures]) = (0, [])
    /// What is to be sent when the batch in hand has been dealt with.
    var replies: [OpenFlowFrame] = []
    /// Packets that it left unread for too long to be sent any more.
    var droppedPacketIns: UInt64 = 0

    init(_ session: Session, isService: Bool) {
        self.session = session
        self.isService = isService
        asyncConfig = isService ? .nothing : .standard
        // A tool asks for packets by setting a length (ovs-ofctl monitor).
        if isService { configuration.missSendLength = 0 }
    }

    var version: OpenFlowVersion { session.version }

    func reply(_ message: Message, xid: UInt32) {
        replies.append(OpenFlowFrame(version: version, xid: xid, message: message))
    }

    /// Sends something that nobody asked for now.
    func offer(_ message: Message) -> Bool {
        session.offer([OpenFlowFrame(version: version, xid: 0, message: message)])
    }

    /// Whether it wants packets for a reason. It has named the reasons as its version numbers them.
    func wants(_ reason: PacketInReason) -> Bool {
        wants(asyncConfig.packetIn, reason.shown(in: version).rawValue)
    }

    /// Whether packets go to it that no flow matches, not even a table-miss flow, which 1.0 does not know.
    var wantsMisses: Bool { version == .v10 && wants(PacketInReason.noMatch) }

    /// Whether it wants to hear of flows that went for a reason.
    func wants(_ reason: FlowRemovedReason) -> Bool {
        wants(asyncConfig.flowRemoved, reason.shown(in: version).rawValue)
    }

    /// Whether it wants to hear of packets, ports or flows for a reason, in its present role.
    func wants(_ reasons: AsyncConfig.Reasons, _ reason: UInt8) -> Bool {
        let bits = role == .slave ? reasons.slave : reasons.master
        return bits >> UInt32(reason) & 1 != 0
    }
}

extension AsyncConfig {
    /// What controllers hear of until they say otherwise (OpenFlow 1.3.5 §6.3.4, §7.3.10): slaves of ports only.
    /// Packets without a hop left are sent to those who ask for them.
    static var standard: AsyncConfig {
        let packets = PacketInReason.allCases.filter { $0 != .invalidTTL }
            .reduce(0 as UInt32) { $0 | 1 << UInt32($1.rawValue) }
        return AsyncConfig(
            packetIn: Reasons(master: packets), portStatus: Reasons(master: 7, slave: 7),
            flowRemoved: Reasons(master: 0x3f))
    }

    /// What tools hear of.
    static var nothing: AsyncConfig {
        AsyncConfig(packetIn: Reasons(), portStatus: Reasons(), flowRemoved: Reasons())
    }
}

/// Messages that wait to be done all at once (OpenFlow 1.4 §6.9). An object, as each message that comes changes it.
final class OpenBundle {
    let flags: BundleFlags
    var isClosed = false
    /// Each with the bytes of the message that added it.
    var frames: [(frame: OpenFlowFrame, bytes: [UInt8])] = []

    init(flags: BundleFlags) { self.flags = flags }

    /// So many messages may wait.
    static let messageLimit = 1 << 20
}
