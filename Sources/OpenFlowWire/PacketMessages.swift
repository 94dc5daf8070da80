import OpenFlow
import Packet

/// A packet for a controller (OpenFlow 1.3.5 §7.4.1; NXT_PACKET_IN, NXT_PACKET_IN2).
public struct PacketIn: Sendable, Hashable {
    /// Where the packet waits in the switch; `nil`: nowhere.
    public var bufferID: UInt32?
    /// The packet's length in bytes, of which `data` may be the beginning only.
    public var totalLength: Int
    public var reason: PacketInReason
    public var table: UInt8
    /// Of the flow that sent it; all ones: there is none.
    public var cookie: UInt64
    /// in_port and the pipeline's fields: metadata, registers, tunnel.
    public var match: Match
    public var data: [UInt8]
    /// What the action `controller` sends along.
    public var userdata: [UInt8] = []
    /// What the switch needs to go on with a packet that it has paused; empty: it has not.
    public var continuation: [UInt8] = []

    public init(
        bufferID: UInt32? = nil, totalLength: Int, reason: PacketInReason, table: UInt8 = 0, cookie: UInt64 = .max,
        match: Match, data: [UInt8]
    ) {
        self.bufferID = bufferID
        self.totalLength = totalLength
        self.reason = reason
        self.table = table
        self.cookie = cookie
        self.match = match
        self.data = data
    }

    /// The port that the packet came in by; zero if it isn't told.
    public var inPort: PortNumber { PortNumber(UInt32(truncatingIfNeeded: match.key[.inPort])) }
}

/// A packet from a controller (OpenFlow 1.3.5 §7.3.7).
public struct PacketOut: Sendable, Hashable {
    /// A packet that waits in the switch; `nil`: the packet is `data`.
    public var bufferID: UInt32?
    /// The port that it came in by, as far as actions are concerned.
    public var inPort: PortNumber
    public var actions: [Action]
    public var data: [UInt8]

    public init(bufferID: UInt32? = nil, inPort: PortNumber, actions: [Action], data: [UInt8]) {
        self.bufferID = bufferID
        self.inPort = inPort
        self.actions = actions
        self.data = data
    }
}

/// A flow has gone (OpenFlow 1.3.5 §7.4.2).
public struct FlowRemoved: Sendable, Hashable {
    public var table: UInt8
    public var priority: UInt16
    public var cookie: UInt64
    public var match: Match
    public var reason: FlowRemovedReason
    public var duration: WireDuration
    public var idleTimeoutSeconds: UInt16
    /// Not told by 1.0.
    public var hardTimeoutSeconds: UInt16
    public var packetCount: UInt64
    public var byteCount: UInt64

    public init(
        table: UInt8, priority: UInt16, cookie: UInt64, match: Match, reason: FlowRemovedReason,
        duration: WireDuration, idleTimeoutSeconds: UInt16, hardTimeoutSeconds: UInt16, packetCount: UInt64,
        byteCount: UInt64
    ) {
        self.table = table
        self.priority = priority
        self.cookie = cookie
        self.match = match
        self.reason = reason
        self.duration = duration
        self.idleTimeoutSeconds = idleTimeoutSeconds
        self.hardTimeoutSeconds = hardTimeoutSeconds
        self.packetCount = packetCount
        self.byteCount = byteCount
    }
}

/// How long something has existed.
public struct WireDuration: Sendable, Hashable {
    public var seconds: UInt32
    /// Beyond the seconds.
    public var nanoseconds: UInt32

    public init(seconds: UInt32 = 0, nanoseconds: UInt32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }
}
