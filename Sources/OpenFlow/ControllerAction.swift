/// `controller(…)`: sends the packet to controllers, with more to say than OpenFlow's own output (ovs-actions(7)).
public struct ControllerAction: Sendable, Hashable {
    /// Bytes of the packet that are sent; `.max`: all.
    public var maxLength: UInt16 = .max
    /// Which controllers: those that gave themselves this number (NXT_SET_CONTROLLER_ID).
    public var controllerID: UInt16 = 0
    public var reason = PacketInReason.action
    /// Sent along, and given back when a paused packet is resumed.
    public var userdata: [UInt8] = []
    /// Whether the packet's way through the tables stops until a controller resumes it.
    public var pauses = false
    /// The meter that limits these messages.
    public var meter: UInt32?

    public init() {}
}

/// Why a packet is sent to a controller (OpenFlow 1.3.5 §7.4.1, enum ofp_packet_in_reason; from `actionSet` on 1.4).
public enum PacketInReason: UInt8, Sendable, Hashable, CaseIterable {
    /// No flow matched: sent by the table-miss flow.
    case noMatch = 0
    case action = 1
    case invalidTTL = 2
    case actionSet = 3
    case group = 4
    case packetOut = 5
}
