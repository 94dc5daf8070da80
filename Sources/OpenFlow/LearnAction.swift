/// `learn(…)`: a packet makes a flow (ovs-actions(7)).
public struct LearnAction: Sendable, Hashable {
    public var table: UInt8 = 1
    public var priority: UInt16 = Flow.defaultPriority
    public var cookie: UInt64 = 0
    /// Seconds; 0: never.
    public var idleTimeoutSeconds: UInt16 = 0
    /// Seconds; 0: never.
    public var hardTimeoutSeconds: UInt16 = 0
    /// Timeouts once a TCP connection ends, in seconds; 0: unchanged.
    public var finIdleTimeoutSeconds: UInt16 = 0
    public var finHardTimeoutSeconds: UInt16 = 0
    /// Whether controllers hear when the flow goes.
    public var sendsFlowRemoved = false
    /// Whether flows learned go when the flow that learns is deleted.
    public var deletesLearned = false
    /// At most so many flows with the cookie in the table; 0: any number.
    public var limit: UInt32 = 0
    /// A bit that tells whether the limit let the flow in.
    public var result: FieldSlice?
    public var parts: [Part] = []

    public init() {}

    /// Where a value comes from.
    public enum Source: Sendable, Hashable {
        /// A field of the packet.
        case field(FieldSlice)
        /// The same value each time, right-aligned in the bits of the destination.
        case value(UInt128)
    }

    /// One part of the flow that is made.
    public enum Part: Sendable, Hashable {
        /// The flow matches these bits.
        case match(Source, FieldSlice)
        /// The flow loads these bits.
        case load(Source, FieldSlice)
        /// The flow outputs to the port that the field holds for the packet that it is learned from.
        case output(FieldSlice)
    }
}
