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

    public var version: OpenFlowVersion
    /// NXT_SET_FLOW_FORMAT (1.0).
    public var flowFormat = FlowFormat.openFlow10
    /// NXT_FLOW_MOD_TABLE_ID (1.0).
    public var hasTableIDExtension = false
    /// NXT_SET_PACKET_IN_FORMAT.
    public var packetInFormat = PacketInFormat.standard

    public init(version: OpenFlowVersion) { self.version = version }

    /// What each message begins with.
    public struct Header: Sendable, Hashable {
        public var version: UInt8
        public var type: UInt8
        /// Of the whole message, in bytes. Less than ``Codec/headerSize``: the stream can't be followed any longer.
        public var length: Int
        public var xid: UInt32
    }
}
