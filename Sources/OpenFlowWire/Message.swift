import OpenFlow

/// A message with what its header says.
public struct OpenFlowFrame: Sendable, Hashable {
    public var version: OpenFlowVersion
    /// The number by which a request's answers are known.
    public var xid: UInt32
    public var message: Message

    public init(version: OpenFlowVersion, xid: UInt32, message: Message) {
        self.version = version
        self.xid = xid
        self.message = message
    }
}

/// What a message of OpenFlow says, whatever its version (OpenFlow 1.3.5 §7, enum ofp_type; extensions as named).
public enum Message: Sendable, Hashable {
    /// The versions that the sender speaks. One without a bitmap means all up to the header's.
    case hello(VersionSet)
    /// `data`: at least 64 bytes of the message that failed, or all of it.
    case error(OpenFlowError, data: [UInt8])
    case echoRequest([UInt8])
    case echoReply([UInt8])
    /// An experimenter's message that is not known here, which a switch refuses, is told as an error by the decoder;
    /// as a value it exists to be encoded.
    case experimenter(ExperimenterMessage)
    case featuresRequest
    case featuresReply(SwitchFeatures)
    case getConfigRequest
    case getConfigReply(SwitchConfig)
    case setConfig(SwitchConfig)
    indirect case packetIn(PacketIn)
    indirect case packetOut(PacketOut)
    indirect case flowMod(FlowMod)
    indirect case flowRemoved(FlowRemoved)
    indirect case portStatus(PortStatus)
    indirect case portMod(PortMod)
    case tableMod(TableMod)
    indirect case groupMod(GroupMod)
    indirect case meterMod(MeterMod)
    case barrierRequest
    case barrierReply
    /// Also Nicira's NXT_ROLE_REQUEST, which 1.0 and 1.1 use.
    case roleRequest(ControllerRole)
    case roleReply(ControllerRole)
    /// The switch changed the controller's role (OpenFlow 1.4 §7.4.4).
    case roleStatus(RoleStatus)
    case getAsyncRequest
    indirect case getAsyncReply(AsyncConfig)
    /// Also Nicira's NXT_SET_ASYNC_CONFIG, which 1.0 … 1.2 use.
    indirect case setAsync(AsyncConfig, only: AsyncConfig.Parts = .all)
    case queueGetConfigRequest(PortNumber)
    case queueGetConfigReply(PortNumber, [QueueConfig])
    /// `more`: further messages belong to the same request.
    case multipartRequest(MultipartRequest, more: Bool)
    /// `more`: further parts of the answer follow.
    case multipartReply(MultipartReply, more: Bool)
    /// OpenFlow 1.4 §7.3.9; on 1.3 and 1.0 … 1.2 the ONF's extension 230.
    case bundleControl(BundleControl)
    indirect case bundleAdd(BundleAdd)

    /// NXT_SET_FLOW_FORMAT (1.0): how flow removed messages and 1.0 flow mods are written from here on.
    case setFlowFormat(FlowFormat)
    /// NXT_FLOW_MOD_TABLE_ID (1.0): whether the high byte of a flow mod's command is a table.
    case setFlowModTableID(Bool)
    /// NXT_SET_PACKET_IN_FORMAT.
    case setPacketInFormat(PacketInFormat)
    /// NXT_SET_CONTROLLER_ID.
    case setControllerID(UInt16)
    /// NXT_FLOW_AGE (1.0): flow statistics tell how long ago a flow was used and changed from here on.
    case flowAge
    /// NXT_RESUME: a packet that a controller lets go on.
    indirect case resume(PacketIn)
    /// NXT_FLOW_MONITOR_CANCEL (1.0 … 1.2; on 1.3 the ONF's).
    case flowMonitorCancel(UInt32)
    case flowMonitorPaused
    case flowMonitorResumed
}

/// A message of an experimenter's own (OpenFlow 1.3.5 §7.5.4).
public struct ExperimenterMessage: Sendable, Hashable {
    public var experimenter: UInt32
    public var type: UInt32
    public var data: [UInt8]

    public init(experimenter: UInt32, type: UInt32, data: [UInt8]) {
        self.experimenter = experimenter
        self.type = type
        self.data = data
    }
}

/// How Nicira's extensions of 1.0 write flows (NXT_SET_FLOW_FORMAT).
public enum FlowFormat: UInt32, Sendable, Hashable, CaseIterable {
    /// struct ofp10_match.
    case openFlow10 = 0
    /// Nicira's extensible match.
    case nicira = 2
}

/// How packets are sent to a controller (NXT_SET_PACKET_IN_FORMAT).
public enum PacketInFormat: UInt32, Sendable, Hashable, CaseIterable {
    /// As the version has it.
    case standard = 0
    /// NXT_PACKET_IN.
    case nicira = 1
    /// NXT_PACKET_IN2, with properties.
    case nicira2 = 2
}
