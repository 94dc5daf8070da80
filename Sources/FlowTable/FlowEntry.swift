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

    /// For counting without a reference being counted.
    private let countersUncounted: Unmanaged<FlowCounters>

    init(flow: Flow, id: UInt64, counters: FlowCounters) {
        self.flow = flow
        self.id = id
        self.counters = counters
        unsafe countersUncounted = Unmanaged.passUnretained(counters)
    }

    /// Counts packets that the flow handled; workers of the data path call it.
    @_noLocks
    public func add(packets: UInt64, bytes: UInt64) {
        // Safe: the entry keeps its counters alive. So no reference is counted.
        unsafe countersUncounted._withUnsafeGuaranteedRef { $0.add(packets: packets, bytes: bytes) }
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
