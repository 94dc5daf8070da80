import OpenFlow
import Packet

/// All flow tables, as the writer keeps them. ``FlowTables`` sees to it that it has one owner.
@safe
final class FlowTablesModel {
    let flowLimit: Int
    private let hashSeed: UInt64
    private let hasher: KeyHash
    private let reclaimer = Reclaimer()
    private var tables: [TableModel?] = Array(repeating: nil, count: Int(Flow.lastTable) + 1)
    private(set) var flowCount = 0
    private var masks = MaskUse()
    private var nextID: UInt64 = 1
    private var version: UInt64 = 0
    private var latest: FlowTablesSnapshot?

    init(flowLimit: Int, hashSeed: UInt64) {
        self.flowLimit = flowLimit
        self.hashSeed = hashSeed
        hasher = KeyHash(seed: hashSeed)
    }

    /// The same flows again, entries and counters shared.
    convenience init(copying other: FlowTablesModel) {
        self.init(flowLimit: other.flowLimit, hashSeed: other.hashSeed)
        nextID = other.nextID
        version = other.version
        for rule in other.select(FlowSelection()).sorted(by: { $0.entry.id < $1.entry.id }) { insert(rule.entry) }
    }

    deinit { for case let table? in tables { table.discardAll() } }

    func table(_ number: UInt8) -> TableModel? { number <= Flow.lastTable ? tables[Int(number)] : nil }

    /// The flows that a selection means, in no particular order.
    func select(_ selection: FlowSelection) -> [RuleIndex.Rule] {
        var result: [RuleIndex.Rule] = []
        for number in 0...Flow.lastTable where selection.table.map({ $0 == number }) ?? true {
            guard let table = table(number) else { continue }
            if let priority = selection.strictPriority {
                if let rule = table.rules.find(selection.match, priority: priority),
                    selection.includes(rule.entry.flow)
                {
                    result.append(rule)
                }
            } else {
                table.rules.forEach { if selection.includes($0.entry.flow) { result.append($0) } }
            }
        }
        return result
    }

    func add(_ flow: Flow) throws(FlowTableError) -> FlowTables.Addition {
        let old = table(flow.table)?.rules.find(flow.match, priority: flow.priority)
        guard old != nil || flowCount < flowLimit else { throw .tableFull(limit: flowLimit) }
        if let old { remove(old) }
        let kept = flow.flags.contains(.resetCounts) ? nil : old?.entry.counters
        let entry = FlowEntry(flow: flow, id: nextID, counters: kept ?? FlowCounters())
        nextID += 1
        insert(entry)
        return FlowTables.Addition(entry: entry, replaced: old?.entry)
    }

    private func insert(_ entry: FlowEntry) {
        latest = nil
        let number = Int(entry.flow.table)
        let table = tables[number] ?? TableModel(hasher: hasher, reclaimer: reclaimer)
        tables[number] = table
        table.insert(entry)
        masks.add(entry.flow.match.mask)
        flowCount += 1
    }

    /// Removes the flow with the match and priority of `entry`, which is there.
    func remove(_ entry: FlowEntry) {
        guard let rule = rule(of: entry) else { preconditionFailure("the flow is in its table") }
        remove(rule)
    }

    private func remove(_ rule: RuleIndex.Rule) {
        latest = nil
        tables[Int(rule.entry.flow.table)]?.remove(rule)
        masks.remove(rule.entry.flow.match.mask)
        flowCount -= 1
    }

    func modify(_ entry: FlowEntry, instructions: InstructionSet, resetsCounts: Bool) -> FlowEntry {
        guard let rule = rule(of: entry) else { preconditionFailure("the flow is in its table") }
        latest = nil
        var flow = entry.flow
        flow.instructions = instructions
        let new = FlowEntry(flow: flow, id: entry.id, counters: resetsCounts ? FlowCounters() : entry.counters)
        tables[Int(flow.table)]?.exchange(rule, for: new)
        return new
    }

    private func rule(of entry: FlowEntry) -> RuleIndex.Rule? {
        table(entry.flow.table)?.rules.find(entry.flow.match, priority: entry.flow.priority)
    }

    func snapshot() -> FlowTablesSnapshot {
        if let latest { return latest }
        version += 1
        // Safe: the snapshot frees the list; the tables in it stay as long as it owns the epoch.
        let list = UnsafeMutablePointer<UnsafeMutablePointer<PublishedTable>?>.allocate(capacity: tables.count)
        for (number, table) in tables.enumerated() { unsafe (list + number).initialize(to: table?.publish()) }
        let result = unsafe FlowTablesSnapshot(
            version: version, flowCount: flowCount, examinableMask: masks.union, tables: list, hasher: hasher,
            epoch: reclaimer.seal())
        latest = result
        return result
    }
}
