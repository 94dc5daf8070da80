/// The bounds of the data path. Every table and queue has one; reaching it is counted.
public enum Limits {
    /// Packets taken from a port at once.
    @inlinable public static var burst: Int { @_noLocks get { 32 } }
    /// Ports of all bridges together, and so the largest port index plus one.
    public static let ports = 1024
    /// Megaflows that one worker keeps for one bridge.
    @inlinable public static var megaflows: Int { @_noLocks get { 1 << 20 } }
    /// Different masks among a worker's megaflows for one bridge; beyond it, flows are kept under the widest mask.
    public static let megaflowMasks = 96
    /// Megaflows whose flows are credited between two bursts.
    public static let creditedAtOnce = 8192
    /// Changes of the tables that a worker remembers, to check older decisions against.
    public static let rememberedChanges = 512
    /// Times in a row that a worker tries again to get packets into a guest's full ring, and ticks between two tries.
    @inlinable public static var guestRetries: Int { @_noLocks get { 8 } }
    @inlinable public static var guestRetryTicks: UInt64 { @_noLocks get { 512 } }
    /// Action programs kept before all decisions are made anew.
    public static let programs = 1 << 16
    /// Slots of the exact-match cache at first, and at most. It doubles when it is too small for the traffic.
    public static let exactMatchSlotsAtFirst = 1 << 13
    public static let exactMatchSlotsAtMost = 1 << 21
    /// Bridges that a packet may cross by patch ports.
    @inlinable public static var patchCrossings: Int { @_noLocks get { 32 } }
    /// Instructions in one action program.
    public static let programInstructions = 4096
    /// Times that one packet may be parsed and looked up again.
    @inlinable public static var passes: Int { @_noLocks get { 16 } }
    /// Places of passes that a worker remembers for one bridge; beyond it, the bridge's caches start anew.
    @inlinable public static var passPlaces: Int { @_noLocks get { 1 << 16 } }
    /// Bytes of messages to controllers that one worker queues.
    public static let packetInQueueBytes = 1 << 22
    /// Bytes of a packet that a message to controllers holds at most.
    @inlinable public static var packetInBytes: Int { @_noLocks get { 16384 } }
    /// The index by which counters know packets that came in by no port of the data path: those injected.
    @inlinable public static var injectionPort: UInt16 { @_noLocks get { 1024 } }
}
