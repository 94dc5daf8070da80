import Datapath

/// A packet for controllers as the data path has queued it; the message that tells of it is another `PacketIn`.
typealias QueuedPacket = PacketIn

extension QueuedPacket {
    /// Whether no flow matched it, not even a table-miss flow.
    var isUnmatched: Bool { message.reason == ControllerMessage.unmatched }
}
