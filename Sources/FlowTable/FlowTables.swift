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
        FlowTables.ordered(model.select(selection))
    }

    /// The flow with this match and priority.
    public func flow(in table: UInt8, match: Match, priority: UInt16) -> FlowEntry? {
        model.table(table)?.rules.find(match, priority: priority)?.entry
    }

    /// A flow in the same table, with the same priority, that matches some of the packets that `flow` does (OpenFlow
    /// 1.3.5 §6.4). The very same match is an overlap too.
    public func checkOverlap(_ flow: Flow) -> FlowEntry? {
        model.table(flow.table)?.overlap(flow.match, priority: flow.priority)
    }

    /// What is there now, unchangeable. Costs what has changed since the last one; the same one if nothing has.
    public mutating func snapshot() -> FlowTablesSnapshot {
        own()
        return model.snapshot()
    }

    /// What has changed since this was last asked: by then everything that was decided by an older snapshot and that
    /// the changes concern must have been forgotten.
    public mutating func takeChanges() -> TableChanges {
        own()
        return model.takeChanges()
    }

    /// What was set for a table.
    public func settings(of table: UInt8) -> TableSettings {
        model.settings[table] ?? TableSettings(name: "table\(table)")
    }

    /// Sets the bounds of a table. Flows that are there stay, even if they are more.
    public mutating func set(_ settings: TableSettings, of table: UInt8) {
        own()
        model.set(settings, of: table)
    }

    /// Makes the model this value's own before a change.
    mutating func own() {
        if !isKnownUniquelyReferenced(&model) { model = FlowTablesModel(copying: model) }
    }
}
