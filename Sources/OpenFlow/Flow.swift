/// A flow as an operator writes it: where it stands, what it matches, what it does.
public struct Flow: Sendable, Hashable {
    /// The priority of a flow that names none.
    public static let defaultPriority: UInt16 = 32768
    /// The highest table that may hold flows; 255 is reserved (OpenFlow 1.3.5 §7.2.4, OFPTT_MAX).
    public static let lastTable: UInt8 = 254

    public var table: UInt8 = 0
    public var priority: UInt16 = Flow.defaultPriority
    public var cookie: UInt64 = 0
    public var match = Match()
    public var instructions = InstructionSet()
    /// Seconds without a packet after which the flow goes; 0: never.
    public var idleTimeoutSeconds: UInt16 = 0
    /// Seconds after which the flow goes; 0: never.
    public var hardTimeoutSeconds: UInt16 = 0
    public var importance: UInt16 = 0
    public var flags: Flags = []

    public init() {}

    public init(table: UInt8 = 0, priority: UInt16 = Flow.defaultPriority, match: Match, instructions: InstructionSet) {
        self.table = table
        self.priority = priority
        self.match = match
        self.instructions = instructions
    }

    /// OpenFlow 1.3.5 §7.3.4.1, enum ofp_flow_mod_flags.
    public struct Flags: OptionSet, Sendable, Hashable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        public static let sendFlowRemoved = Flags(rawValue: 1)
        public static let checkOverlap = Flags(rawValue: 2)
        public static let resetCounts = Flags(rawValue: 4)
        public static let noPacketCounts = Flags(rawValue: 8)
        public static let noByteCounts = Flags(rawValue: 16)
    }
}
