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
    /// Action programs kept before all decisions are made anew.
    public static let programs = 1 << 16
    /// Slots of the exact-match cache at first, and at most. It doubles when it is too small for the traffic.
    public static let exactMatchSlotsAtFirst = 1 << 13
    public static let exactMatchSlotsAtMost = 1 << 21
    /// Bridges that a packet may cross by patch ports.
    @inlinable public static var patchCrossings: Int { @_noLocks get { 32 } }
    /// Instructions in one action program.
    public static let programInstructions = 4096
}
