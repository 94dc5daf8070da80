import OpenFlow

/// What a switch is and can do (OpenFlow 1.3.5 §7.3.1).
public struct SwitchFeatures: Sendable, Hashable {
    public var datapathID: UInt64
    /// Packets that it can hold.
    public var bufferCount: UInt32 = 0
    public var tableCount: UInt8
    /// 0: the main connection.
    public var auxiliaryID: UInt8 = 0
    public var capabilities: Capabilities
    /// The actions that 1.0 has, by their number there. Later versions tell them by table.
    public var actions: UInt32 = SwitchFeatures.allActionsOf10
    /// The ports, which 1.0 … 1.2 tell here, later ones in ``MultipartReply/portDesc(_:)``.
    public var ports: [PortDescription] = []

    public init(datapathID: UInt64, tableCount: UInt8, capabilities: Capabilities) {
        self.datapathID = datapathID
        self.tableCount = tableCount
        self.capabilities = capabilities
    }

    /// OFPAT_OUTPUT … OFPAT_ENQUEUE.
    public static let allActionsOf10: UInt32 = 0xfff

    /// enum ofp_capabilities. Each version has its own share of them.
    public struct Capabilities: OptionSet, Sendable, Hashable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        public static let flowStatistics = Capabilities(rawValue: 1)
        public static let tableStatistics = Capabilities(rawValue: 1 << 1)
        public static let portStatistics = Capabilities(rawValue: 1 << 2)
        public static let groupStatistics = Capabilities(rawValue: 1 << 3)
        public static let reassembly = Capabilities(rawValue: 1 << 5)
        public static let queueStatistics = Capabilities(rawValue: 1 << 6)
        /// Matches addresses in ARP (1.0).
        public static let arpMatchesAddresses = Capabilities(rawValue: 1 << 7)
        /// Blocks ports by itself against loops.
        public static let blocksPorts = Capabilities(rawValue: 1 << 8)
        /// Bundles (1.5).
        public static let bundles = Capabilities(rawValue: 1 << 9)
        /// Flow monitors (1.5).
        public static let flowMonitoring = Capabilities(rawValue: 1 << 10)
        /// 802.1D spanning tree (1.0, where its bit is that of `groupStatistics`).
        public static let spanningTree = Capabilities(rawValue: 1 << 31)
    }
}

/// OpenFlow 1.3.5 §7.3.2, struct ofp_switch_config.
public struct SwitchConfig: Sendable, Hashable {
    public var fragments: Fragments
    /// Packets with an invalid TTL go to the controller (1.1, 1.2, and 1.0 by an extension of Open vSwitch's).
    public var sendsInvalidTTL: Bool
    /// Bytes of a packet that are sent to a controller where nothing else is said; 0xffff: all of it.
    public var missSendLength: UInt16

    public init(fragments: Fragments = .normal, sendsInvalidTTL: Bool = false, missSendLength: UInt16) {
        self.fragments = fragments
        self.sendsInvalidTTL = sendsInvalidTTL
        self.missSendLength = missSendLength
    }

    /// enum ofp_config_flags.
    public enum Fragments: UInt16, Sendable, Hashable, CaseIterable {
        case normal = 0
        case drop = 1
        case reassemble = 2
        /// Nicira's: fragments are matched by nw_frag, later ones with ports of zero.
        case niciraMatch = 3
    }
}

/// Who made the switch (OpenFlow 1.3.5 §7.3.5.1).
public struct SwitchDescription: Sendable, Hashable {
    public var manufacturer: String
    public var hardware: String
    public var software: String
    public var serialNumber: String
    public var datapath: String

    public init(
        manufacturer: String, hardware: String, software: String, serialNumber: String, datapath: String
    ) {
        self.manufacturer = manufacturer
        self.hardware = hardware
        self.software = software
        self.serialNumber = serialNumber
        self.datapath = datapath
    }
}

/// A controller's role (OpenFlow 1.3.5 §7.3.9).
public struct ControllerRole: Sendable, Hashable {
    public var role: Role
    /// Orders the claims of masters; `nil` where a message has none (Nicira's).
    public var generationID: UInt64?

    public init(_ role: Role, generationID: UInt64?) {
        self.role = role
        self.generationID = generationID
    }

    /// enum ofp_controller_role.
    public enum Role: UInt32, Sendable, Hashable, CaseIterable {
        case noChange = 0, equal = 1, master = 2, slave = 3
    }
}

/// Why a controller's role changed without its asking (OpenFlow 1.4 §7.4.4).
public struct RoleStatus: Sendable, Hashable {
    public var role: ControllerRole
    public var reason: Reason

    public init(_ role: ControllerRole, reason: Reason) {
        self.role = role
        self.reason = reason
    }

    /// enum ofp_controller_role_reason.
    public enum Reason: UInt8, Sendable, Hashable, CaseIterable {
        case masterRequest = 0, config = 1, experimenter = 2
    }
}

/// Which messages a controller gets unasked, by its role (OpenFlow 1.3.5 §7.3.10).
public struct AsyncConfig: Sendable, Hashable {
    /// By ``PacketInReason``.
    public var packetIn: Reasons
    /// By ``PortStatus/Reason``.
    public var portStatus: Reasons
    /// By ``FlowRemovedReason``.
    public var flowRemoved: Reasons
    /// By ``RoleStatus/Reason`` (1.4).
    public var roleStatus = Reasons()
    /// OpenFlow 1.4.
    public var tableStatus = Reasons()
    /// OpenFlow 1.4.
    public var requestForward = Reasons()

    public init(packetIn: Reasons, portStatus: Reasons, flowRemoved: Reasons) {
        self.packetIn = packetIn
        self.portStatus = portStatus
        self.flowRemoved = flowRemoved
    }

    /// Which masks a message tells, by the numbers of 1.4's properties. Those that it does not tell stay as they are.
    public struct Parts: OptionSet, Sendable, Hashable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        public static let all = Parts(rawValue: 0xfff)
    }

    /// Bits: 1 << a reason's number.
    public struct Reasons: Sendable, Hashable {
        /// For masters and equals.
        public var master: UInt32
        public var slave: UInt32

        public init(master: UInt32 = 0, slave: UInt32 = 0) {
            self.master = master
            self.slave = slave
        }
    }
}
