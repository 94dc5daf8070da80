/// A whole switch as an operator wants it: what a configuration file says, and what the control socket changes.
///
/// A plain value. ``Reconciler`` makes a running switch equal to it.
public struct SwitchConfiguration: Sendable, Equatable {
    public var bridges: [BridgeSettings] = []
    public var workers = WorkerSettings()
    public var memory = MemorySettings()
    public var sockets = SocketSettings()
    public var macTable = MACTableSettings()
    /// What connections to controllers by `ssl:` and `pssl:` use; `nil`: there are none.
    public var tls: TLSSettings?

    /// A switch without bridges.
    public init() {}

    /// What runs without a configuration file: one bridge `br0`, NORMAL, no ports.
    public static var standard: SwitchConfiguration {
        var configuration = SwitchConfiguration()
        configuration.bridges = [BridgeSettings(name: "br0")]
        return configuration
    }

    /// The bridge of that name.
    public func bridge(named name: String) -> BridgeSettings? { bridges.first { $0.name == name } }
}

/// A bridge as an operator wants it.
public struct BridgeSettings: Sendable, Equatable {
    /// Unique in the switch.
    public var name: String
    /// As controllers see it; `nil`: made from the name.
    public var datapathID: UInt64?
    public var failMode = FailMode.standalone
    /// A file of flows that a new bridge starts with, in ovs-ofctl's syntax.
    public var flowFile: String?
    /// A file of groups that a new bridge starts with, in ovs-ofctl's syntax.
    public var groupFile: String?
    /// A file of meters that a new bridge starts with, in ovs-ofctl's syntax.
    public var meterFile: String?
    public var ports: [PortSettings] = []
    public var controllers = ControllerSettings()

    /// What a bridge does while nobody has told it flows.
    public enum FailMode: String, Sendable, CaseIterable {
        /// Forwards as a learning switch.
        case standalone
        /// Drops everything.
        case secure
    }

    public init(name: String, ports: [PortSettings] = []) {
        self.name = name
        self.ports = ports
    }
}

/// The threads that forward. Taken at start.
public struct WorkerSettings: Sendable, Equatable {
    /// One worker for each; `nil`: every core that the process may use but one, at most ``defaultLimit``.
    public var cores: [Int]?
    /// How long a worker that finds nothing sleeps at a time; 0: never.
    public var idleSleepMicroseconds = 50

    /// Workers of a switch whose cores nobody has named, at most.
    public static let defaultLimit = 4

    public init() {}
}

/// The memory that packets lie in. Taken at start.
public struct MemorySettings: Sendable, Equatable {
    public var hugepages = Hugepages.never
    /// What DPDK may take.
    public var megabytes = 512
    /// Packets that the switch can hold at once.
    public var packetBuffers = 16384

    /// Whether packet memory lies in hugepages.
    public enum Hugepages: String, Sendable, CaseIterable {
        /// Ordinary memory: works anywhere.
        case never
        /// If enough are free; else ordinary memory, and a warning.
        case prefer
        /// If too few are free, the switch does not start.
        case require
    }

    public init() {}
}

/// Where the switch is spoken to. Taken at start.
public struct SocketSettings: Sendable, Equatable {
    /// The folder of the control socket and the process number's file; `nil`: the caller's choice.
    public var runDirectory: String?
    /// The control socket's path; `nil`: `evs.sock` in the folder above.
    public var control: String?
    /// The group that may use the control socket, by name or number; `nil`: the process's own.
    public var group: String?
    /// The control socket's permission bits.
    public var mode: UInt16 = 0o660

    public init() {}
}

/// What NORMAL remembers in each bridge. Taken at start.
public struct MACTableSettings: Sendable, Equatable {
    /// Addresses.
    public var capacity = 65536
    /// After how many seconds a silent address is forgotten.
    public var ageingSeconds = 300

    public init() {}
}
