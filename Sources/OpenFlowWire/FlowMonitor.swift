import OpenFlow

/// Wants to hear of changes of flows (OpenFlow 1.4 §7.3.5.18; NXST_FLOW_MONITOR).
public struct FlowMonitorRequest: Sendable, Hashable {
    public var id: UInt32
    public var command: Command
    public var flags: Flags
    /// Only flows with an output to this port; ``PortNumber/any``: whatever the output.
    public var outputPort: PortNumber
    /// Only flows that use this group; ``Group/any``: whatever the group (1.3 and later).
    public var outputGroup: UInt32
    /// ``FlowMod/allTables``: every table.
    public var table: UInt8
    public var match: Match

    public init(
        id: UInt32, command: Command = .add, flags: Flags, outputPort: PortNumber = .any,
        outputGroup: UInt32 = Group.any, table: UInt8 = FlowMod.allTables, match: Match = Match()
    ) {
        self.id = id
        self.command = command
        self.flags = flags
        self.outputPort = outputPort
        self.outputGroup = outputGroup
        self.table = table
        self.match = match
    }

    /// enum ofp_flow_monitor_command. Before 1.4 always `add`.
    public enum Command: UInt8, Sendable, Hashable, CaseIterable { case add = 0, modify = 1, delete = 2 }

    /// enum ofp_flow_monitor_flags. Each version writes them in its own way.
    public struct Flags: OptionSet, Sendable, Hashable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        /// The flows that there are, at once.
        public static let initial = Flags(rawValue: 1)
        public static let add = Flags(rawValue: 2)
        public static let removed = Flags(rawValue: 4)
        public static let modify = Flags(rawValue: 8)
        /// With instructions.
        public static let instructions = Flags(rawValue: 16)
        /// Own changes in full.
        public static let noAbbreviation = Flags(rawValue: 32)
        /// Own changes only.
        public static let onlyOwn = Flags(rawValue: 64)
    }
}

/// A change of a flow, for who monitors it (OpenFlow 1.4 §7.3.5.18, enum ofp_flow_update_event).
public enum FlowUpdate: Sendable, Hashable {
    /// There already when the monitor began (1.4; before, told as `added`).
    indirect case initial(Change)
    indirect case added(Change)
    indirect case removed(Change, FlowRemovedReason)
    indirect case modified(Change)
    /// The receiver's own request with this xid made the change.
    case abbreviated(xid: UInt32)
    /// Updates will be lost (1.4; before, a message of its own).
    case paused
    /// All that was lost has been told.
    case resumed

    /// The flow, as it is now or was when it went.
    public struct Change: Sendable, Hashable {
        /// Without instructions if the monitor didn't ask for them.
        public var flow: Flow

        public init(_ flow: Flow) { self.flow = flow }
    }
}
