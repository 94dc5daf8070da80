/// A change of the flow tables, of whatever version of OpenFlow (1.3.5 §7.3.4.1; §6.4 for what it means).
public struct FlowMod: Sendable, Hashable {
    /// OFPTT_ALL: every table, in deletions.
    public static let allTables: UInt8 = 255

    public var command: Command
    /// The flow to add; for the other commands, what is to be selected and, to modify, the new instructions. Its table
    /// is ``allTables`` when a deletion means every table.
    public var flow: Flow
    /// Modifies and deletes only flows whose cookie agrees with the flow's in these bits; 0: any cookie.
    public var cookieMask: UInt64 = 0
    /// Deletes only flows with an output to this port; ``PortNumber/any``: whatever the output.
    public var outputPort = PortNumber.any
    /// Deletes only flows that use this group; ``Group/any``: whatever the group.
    public var outputGroup = Group.any
    /// A packet that waits in the switch, to be treated by the flow; `nil`: none (OFP_NO_BUFFER).
    public var bufferID: UInt32?
    /// Whether a modification that finds no flow adds one, as in OpenFlow 1.0 (or of cookieless ones in 1.1).
    public var addsWhenNoneIsModified = false
    /// Whether a modification also gives the flows the new cookie (OpenFlow 1.0).
    public var setsCookie = false

    public init(_ command: Command, _ flow: Flow) {
        self.command = command
        self.flow = flow
    }

    /// OpenFlow 1.3.5 §7.3.4.1, enum ofp_flow_mod_command.
    public enum Command: UInt8, Sendable, Hashable, CaseIterable {
        case add = 0
        case modify = 1
        case modifyStrict = 2
        case delete = 3
        case deleteStrict = 4
    }
}

/// Why a flow went (OpenFlow 1.3.5 §7.4.2, enum ofp_flow_removed_reason; from `meterDelete` on 1.4).
public enum FlowRemovedReason: UInt8, Sendable, Hashable, CaseIterable {
    case idleTimeout = 0
    case hardTimeout = 1
    case delete = 2
    case groupDelete = 3
    case meterDelete = 4
    case eviction = 5
}
