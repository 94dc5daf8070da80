import OpenFlow

/// What a change of the flow tables did.
public struct FlowModOutcome: Sendable {
    /// Flows that are new.
    public var added: [FlowEntry] = []
    /// Flows with other instructions than before.
    public var modified: [Modification] = []
    /// Flows that went, but for those replaced.
    public var removed: [FlowRemoval] = []
    /// Flows that had to go for one with the same match and priority: no message tells controllers of them
    /// (OpenFlow 1.3.5 §6.4).
    public var replaced: [FlowEntry] = []

    public init() {}

    /// A flow as it was and as it is.
    public struct Modification: Sendable {
        public let before: FlowEntry
        public let after: FlowEntry
    }

    /// Adds what another change did.
    public static func += (left: inout FlowModOutcome, right: FlowModOutcome) {
        left.added += right.added
        left.modified += right.modified
        left.removed += right.removed
        left.replaced += right.replaced
    }
}

/// A flow that went, and why (OpenFlow 1.3.5 §7.4.2).
public struct FlowRemoval: Sendable {
    /// Its counts are final once the removal is in force and the workers have credited what they counted.
    public let entry: FlowEntry
    public let reason: FlowRemovedReason
    /// How long it was there, in nanoseconds.
    public let durationNanoseconds: UInt64
}
