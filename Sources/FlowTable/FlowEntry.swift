import OpenFlow

// Safe throughout: offsets stay within the lengths that blocks are allocated with, and a block lives as long as any
// snapshot that refers to it (Reclaimer).

/// A flow as it stands in a table. It never changes: modifying a flow puts another entry in its place.
@safe
// Safe: constant but for its counters, which are atomic.
public final class FlowEntry: @unchecked Sendable {
    // Unchecked: constants but for the counters, which are atomic; an unmanaged reference isn't known to be Sendable.

    public let flow: Flow
    /// Unique among the flows that one ``FlowTables`` ever held, and rising in the order in which they were added. A
    /// modified flow keeps its number; a flow that replaces another gets a new one.
    public let id: UInt64
    /// Shared with the entries that this one came from by modification or replacement, unless counts were reset.
    public let counters: FlowCounters

    /// When the flow was added, in nanoseconds of the monotonic clock. Modifying it changes nothing here.
    public let createdNanoseconds: UInt64
    /// What the flow's actions mean for the tables that a packet comes to later; `nil`: nothing.
    public let effects: FlowEffects?

    /// Whether the flow is only part of a conjunctive match, and so no answer by itself (ovs-fields(7)).
    let isConjunctive: Bool

    /// For counting without a reference being counted.
    private let countersUncounted: Unmanaged<FlowCounters>

    init(
        flow: Flow, id: UInt64, counters: FlowCounters, createdNanoseconds: UInt64, effects: FlowEffects?
    ) {
        self.flow = flow
        self.id = id
        self.counters = counters
        self.createdNanoseconds = createdNanoseconds
        self.effects = effects
        isConjunctive = flow.instructions.apply.contains { if case .conjunction = $0 { true } else { false } }
        unsafe countersUncounted = Unmanaged.passUnretained(counters)
    }

    /// Counts packets that the flow handled; workers of the data path call it.
    @_noLocks
    public func add(packets: UInt64, bytes: UInt64) {
        // Safe: the entry keeps its counters alive. So no reference is counted.
        unsafe countersUncounted._withUnsafeGuaranteedRef { $0.add(packets: packets, bytes: bytes) }
    }

    /// Notes that a packet came, for idle timeouts.
    @_noLocks
    public func touch(at nanoseconds: UInt64) {
        // Safe: as above.
        unsafe countersUncounted._withUnsafeGuaranteedRef { $0.touch(at: nanoseconds) }
    }

    /// How long the flow has been there, in nanoseconds.
    public func duration(at nowNanoseconds: UInt64) -> UInt64 {
        nowNanoseconds > createdNanoseconds ? nowNanoseconds - createdNanoseconds : 0
    }

    /// When the flow is to go if no further packet comes, and why; `nil`: never.
    func expiry() -> (nanoseconds: UInt64, reason: FlowRemovedReason)? {
        var result: (nanoseconds: UInt64, reason: FlowRemovedReason)?
        if flow.idleTimeoutSeconds > 0 {
            let used = max(counters.lastUsedNanoseconds, createdNanoseconds)
            result = (used + UInt64(flow.idleTimeoutSeconds) * 1_000_000_000, .idleTimeout)
        }
        if flow.hardTimeoutSeconds > 0 {
            let end = createdNanoseconds + UInt64(flow.hardTimeoutSeconds) * 1_000_000_000
            if result.map({ end <= $0.nanoseconds }) ?? true { result = (end, .hardTimeout) }
        }
        return result
    }

    public var packetCount: UInt64 { counters.packets }
    public var byteCount: UInt64 { counters.bytes }

    /// The place in the order of choice: the higher priority wins, and among equals the flow added first.
    var rank: UInt64 { FlowEntry.rank(priority: flow.priority, id: id) }

    /// Numbers have 48 bits here: a million flows a second for nine years.
    static func rank(priority: UInt16, id: UInt64) -> UInt64 {
        UInt64(priority) << 48 | (FlowEntry.lastID - id)
    }

    static let lastID: UInt64 = 1 << 48 - 1
}
