import OpenFlow
import Packet

/// The flow tables 0…254 as their one writer changes them (OpenFlow 1.3.5 §5, §6.4).
///
/// Readers look up in a ``FlowTablesSnapshot``; changes show in the next one. A value: a copy is another switch's
/// tables, and the first change after copying copies all flows, so copy only to keep.
///
/// Of several flows that match a packet, the one with the highest priority is chosen; among flows of the same
/// priority, which OpenFlow leaves open (§5.3), the one that was added first.
// Safe: a value with copy-on-write storage; whoever holds it alone changes it.
public struct FlowTables: @unchecked Sendable {
    // Unchecked: the model is changed only when no other copy refers to it.
    var model: FlowTablesModel

    /// Flows in one switch, unless told otherwise.
    public static let defaultFlowLimit = 1 << 20

    /// Empty tables.
    ///
    /// - Parameters:
    ///   - flowLimit: how many flows all tables together may hold.
    ///   - hashSeed: what makes hashes unpredictable; given only by tests that must be repeatable.
    public init(flowLimit: Int = FlowTables.defaultFlowLimit, hashSeed: UInt64 = .random(in: .min ... .max)) {
        model = FlowTablesModel(flowLimit: flowLimit, hashSeed: hashSeed)
    }

    /// How many flows all tables together may hold.
    public var flowLimit: Int { model.flowLimit }

    /// How many flows all tables together hold.
    public var count: Int { model.flowCount }

    /// How many flows a table holds.
    public func count(in table: UInt8) -> Int { model.table(table)?.rules.count ?? 0 }

    /// The flows of a table, best first.
    public func flows(in table: UInt8) -> [FlowEntry] { flows(FlowSelection(table: table)) }

    /// The flows that a selection means, by table, and best first.
    public func flows(_ selection: FlowSelection) -> [FlowEntry] {
        model.select(selection).map(\.entry).sorted {
            $0.flow.table != $1.flow.table ? $0.flow.table < $1.flow.table : $0.rank > $1.rank
        }
    }

    /// The flow with this match and priority.
    public func flow(in table: UInt8, match: Match, priority: UInt16) -> FlowEntry? {
        model.table(table)?.rules.find(match, priority: priority)?.entry
    }

    /// The first flow added of those in the same table, with the same priority, that match some of the packets that
    /// `flow` does (OpenFlow 1.3.5 §6.4). The very same match is an overlap too.
    public func checkOverlap(_ flow: Flow) -> FlowEntry? {
        model.table(flow.table)?.overlap(flow.match, priority: flow.priority)
    }

    /// What is there now, unchangeable. Costs what has changed since the last one; the same one if nothing has.
    public mutating func snapshot() -> FlowTablesSnapshot {
        own()
        return model.snapshot()
    }

    /// Makes the model this value's own before a change.
    mutating func own() {
        if !isKnownUniquelyReferenced(&model) { model = FlowTablesModel(copying: model) }
    }
}
