import OpenFlow

/// Turns messages of one version into bytes and back, as a connection speaks it.
///
/// It holds what a connection has agreed on, and nothing of the messages that went by: whoever handles
/// ``Message/setFlowFormat(_:)`` and its kin sets the options here.
public struct Codec: Sendable {
    /// Bytes of a message's header.
    public static let headerSize = 8
    /// The longest message.
    public static let maximumSize = 65535
    /// What can be spoken. 1.1 and 1.2 can't.
    public static let versions = VersionSet([.v10, .v13, .v14, .v15])

    public var version: OpenFlowVersion
    /// NXT_SET_FLOW_FORMAT (1.0).
    public var flowFormat = FlowFormat.openFlow10
    /// NXT_FLOW_MOD_TABLE_ID (1.0).
    public var hasTableIDExtension = false
    /// NXT_SET_PACKET_IN_FORMAT.
    public var packetInFormat = PacketInFormat.standard

    public init(version: OpenFlowVersion) { self.version = version }

    /// What each message begins with (OpenFlow 1.3.5 §7.1).
    public struct Header: Sendable, Hashable {
        public var version: UInt8
        public var type: UInt8
        /// Of the whole message, in bytes. Less than ``Codec/headerSize``: the stream can't be followed any longer.
        public var length: Int
        public var xid: UInt32

        /// The header whose bytes are these, the first one highest.
        public init(_ bytes: UInt64) {
            version = UInt8(bytes >> 56)
            type = UInt8(bytes >> 48 & 0xff)
            length = Int(bytes >> 32 & 0xffff)
            xid = UInt32(bytes & 0xffff_ffff)
        }
    }

    /// What a message says.
    ///
    /// - Throws: the error that is to be sent back, as the standard wants it (OpenFlow 1.3.5 §7.4.4). The connection
    ///   can go on.
    public func decode(_ bytes: [UInt8]) throws(OpenFlowError) -> OpenFlowFrame {
        var reader = WireReader(bytes)
        return try decode(&reader)
    }

    /// What the message says that `reader` holds, and nothing else.
    func decode(_ reader: inout WireReader) throws(OpenFlowError) -> OpenFlowFrame {
        let size = reader.remaining
        try reader.require(Self.headerSize, .badLength("the message has no header"))
        let header = Header(try reader.uint64())
        let (number, type, xid) = (header.version, header.type, header.xid)
        if header.length != size { throw .badLength("the header says \(header.length) bytes, there are \(size)") }
        if type == MessageType.hello.rawValue {
            let versions = try Self.hello(&reader, number)
            let known = OpenFlowVersion(rawValue: number) ?? version
            return OpenFlowFrame(version: known, xid: xid, message: .hello(versions))
        }
        if type == MessageType.error.rawValue, let sender = OpenFlowVersion(rawValue: number) {
            // A peer that agrees on no version says so in its own.
            return OpenFlowFrame(version: sender, xid: xid, message: try Self.error(&reader, sender))
        }
        if number != version.rawValue { throw .badVersion("the message is of version \(number)") }
        let message = try message(type, &reader, xid)
        if !reader.isAtEnd { throw .badLength("\(reader.remaining) bytes follow the message's end") }
        return OpenFlowFrame(version: version, xid: xid, message: message)
    }

    private func message(
        _ number: UInt8, _ reader: inout WireReader, _ xid: UInt32
    ) throws(OpenFlowError) -> Message {
        guard let type = MessageType(number, version) else { throw .badType("there is no message of type \(number)") }
        switch type {
        case .hello, .error: throw .badType("handled before")
        case .echoRequest: return .echoRequest(reader.rest())
        case .echoReply: return .echoReply(reader.rest())
        case .experimenter: return try experimenter(&reader, xid)
        case .featuresRequest: return .featuresRequest
        case .featuresReply: return .featuresReply(try features(&reader))
        case .getConfigRequest: return .getConfigRequest
        case .getConfigReply: return .getConfigReply(try config(&reader))
        case .setConfig: return .setConfig(try config(&reader))
        case .packetIn: return .packetIn(try packetIn(&reader))
        case .flowRemoved: return .flowRemoved(try flowRemoved(&reader))
        case .portStatus: return .portStatus(try portStatus(&reader))
        case .packetOut: return .packetOut(try packetOut(&reader))
        case .flowMod: return .flowMod(try version == .v10 ? flowMod10(&reader) : flowMod(&reader))
        case .groupMod: return .groupMod(try groupMod(&reader))
        case .portMod: return .portMod(try portMod(&reader))
        case .tableMod: return .tableMod(try tableMod(&reader))
        case .multipartRequest: return try multipartRequest(&reader)
        case .multipartReply: return try multipartReply(&reader)
        case .barrierRequest: return .barrierRequest
        case .barrierReply: return .barrierReply
        case .queueGetConfigRequest: return .queueGetConfigRequest(try queueConfigRequest(&reader))
        case .queueGetConfigReply: return try queueConfigReply(&reader)
        case .roleRequest: return .roleRequest(try role(&reader))
        case .roleReply: return .roleReply(try role(&reader))
        case .getAsyncRequest: return .getAsyncRequest
        case .getAsyncReply: return .getAsyncReply(try asyncConfig(&reader))
        case .setAsync: return try setAsync(&reader)
        case .meterMod: return .meterMod(try meterMod(&reader))
        case .roleStatus: return .roleStatus(try roleStatus(&reader))
        case .bundleControl: return .bundleControl(try bundleControl(&reader))
        case .bundleAdd: return .bundleAdd(try bundleAdd(&reader, xid))
        }
    }
}
