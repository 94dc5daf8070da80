import Datapath

/// A packet for controllers as the data path has queued it; the message that tells of it is another `PacketIn`.
typealias QueuedPacket = PacketIn
