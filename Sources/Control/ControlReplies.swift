import Switch

/// What the commands of the control socket answer under `ok`. Changes of flows, groups and meters are answered with a
/// `TableChangeReport`.
public enum ControlReply {
    /// `show`
    public struct Show: Codable, Sendable {
        public var version: String
        /// The daemon's process number.
        public var process: Int32
        /// Seconds since it was ready.
        public var uptime: Double
        /// The configuration file, if there is one.
        public var configuration: String?
        public var bridges: [BridgeReport]
        public var workers: [WorkerReport]
    }

    /// `bridge list`
    public struct Bridges: Codable, Sendable { public var bridges: [BridgeReport] }
    /// `bridge add`
    public struct OneBridge: Codable, Sendable { public var bridge: BridgeReport }
    /// `port list`
    public struct Ports: Codable, Sendable { public var ports: [PortReport] }
    /// `port add`, `port show`
    public struct OnePort: Codable, Sendable { public var port: PortReport }
    /// `bridge remove`, `port remove`, `reload`
    public struct Changes: Codable, Sendable {
        /// What was done, in order.
        public var changes: [String]
        /// What the operator should know.
        public var notes: [String]
    }
    /// `flow list`
    public struct Flows: Codable, Sendable { public var flows: [FlowReport] }
    /// `group list`
    public struct Groups: Codable, Sendable { public var groups: [GroupReport] }
    /// `meter list`
    public struct Meters: Codable, Sendable { public var meters: [MeterReport] }
    /// `mac list`
    public struct MACs: Codable, Sendable { public var macs: [MACReport] }
    /// `controller list`
    public struct Controllers: Codable, Sendable { public var controllers: [ControllerReport] }
    /// `worker list`
    public struct Workers: Codable, Sendable { public var workers: [WorkerReport] }
    /// `mac flush`, `quit`
    public struct Done: Codable, Sendable { public init() {} }
}

/// A reply as it is written: one of the two.
struct ControlEnvelope<Reply: Encodable>: Encodable {
    var ok: Reply?
    var error: String?
}
