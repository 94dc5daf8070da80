import OpenFlow
import Packet

/// All flow tables, as the writer keeps them. ``FlowTables`` sees to it that it has one owner.
///
/// Three steps change the tables: a flow comes, goes, or is exchanged for one with the same match. Everything that
/// follows the tables (counts, masks, timeouts, what is to be undone, what has changed since the last snapshot) is
/// kept in these three.
@safe
final class FlowTablesModel {
    let flowLimit: Int
    private let hashSeed: UInt64
    private let hasher: KeyHash
    private let reclaimer = Reclaimer()
    private var tables: [TableModel?] = Array(repeating: nil, count: Int(Flow.lastTable) + 1)
    /// As the last snapshot has them.
    private var published: [UnsafeMutablePointer<PublishedTable>?]
    /// Tables that have changed since.
    private var changedTables = TableSet()
    private(set) var flowCount = 0
    private var masks = MaskUse()
    private var nextID: UInt64 = 1
    private var version: UInt64 = 0
    private var latest: FlowTablesSnapshot?
    private let plan = KeyPlan()
    private var recentEffects: FlowEffects?

    var timeouts = TimeoutQueue()
    private(set) var settings: [UInt8: TableSettings] = [:]
    /// By table, the flows of tables that evict.
    private var evictions: [UInt8: EvictionQueue] = [:]
    /// What has changed since this was last asked, as long as it is little.
    private var changes: [TableChange] = []
    private var hasChangedMuch = false
    /// The steps of the transaction under way, in order; `nil`: there is none.
    private var steps: [Step]?

    private enum Step {
        case inserted(FlowEntry)
        case removed(FlowEntry)
        case exchanged(FlowEntry, for: FlowEntry)
    }

    init(flowLimit: Int, hashSeed: UInt64) {
        self.flowLimit = flowLimit
        self.hashSeed = hashSeed
        hasher = KeyHash(seed: hashSeed)
        // Safe: pointers to nothing yet.
        unsafe published = unsafe Array(repeating: nil, count: Int(Flow.lastTable) + 1)
    }

    /// The same flows again, entries and counters shared.
    convenience init(copying other: FlowTablesModel) {
        self.init(flowLimit: other.flowLimit, hashSeed: other.hashSeed)
        nextID = other.nextID
        version = other.version
        settings = other.settings
        for table in other.settings.keys { resetEviction(of: table) }
        for rule in other.select(FlowSelection()).sorted(by: { $0.entry.id < $1.entry.id }) { insert(rule.entry) }
        hasChangedMuch = true
    }

    deinit { for case let table? in tables { table.discardAll() } }

    func table(_ number: UInt8) -> TableModel? { number <= Flow.lastTable ? tables[Int(number)] : nil }

    /// The flows that a selection means, in no particular order.
    func select(_ selection: FlowSelection) -> [RuleIndex.Rule] {
        var result: [RuleIndex.Rule] = []
        for number in selection.table.map({ $0...$0 }) ?? 0...Flow.lastTable {
            guard let table = table(number) else { continue }
            if let priority = selection.strictPriority {
                if let rule = table.rules.find(selection.match, priority: priority),
                    selection.includesBesideMatch(rule.entry.flow)
                {
                    result.append(rule)
                }
            } else if selection.match.mask.isZero {
                result.reserveCapacity(result.count + table.rules.count)
                let isAny = selection.isOfMatchAlone
                table.rules.forEach {
                    if isAny || selection.includesBesideMatch($0.entry.flow) { result.append($0) }
                }
            } else {
                table.forEachWithin(selection.match) { entry in
                    if selection.includesBesideMatch(entry.flow), let rule = rule(of: entry) { result.append(rule) }
                }
            }
        }
        return result
    }

    /// The rule with the match and priority of an entry.
    func rule(of entry: FlowEntry) -> RuleIndex.Rule? {
        table(entry.flow.table)?.rules.find(entry.flow.match, priority: entry.flow.priority)
    }

    /// Whether a flow is still there, as this or a modified entry.
    func isCurrent(_ entry: FlowEntry) -> Bool { rule(of: entry)?.entry.id == entry.id }

    // MARK: Changes

    /// Adds a flow, in the place of the one with its match and priority if there is one.
    ///
    /// - Parameter evicted: what had to go for want of room.
    func add(
        _ flow: Flow, now: UInt64, evicted: (FlowEntry) -> Void
    ) throws(FlowTableError) -> FlowTables.Addition {
        let old = table(flow.table)?.rules.find(flow.match, priority: flow.priority)
        if old == nil { try makeRoom(for: flow, evicted: evicted) }
        if let old { remove(old) }
        let kept = flow.flags.contains(.resetCounts) ? nil : old?.entry.counters
        let entry = makeEntry(flow, id: nextID, counters: kept ?? FlowCounters(), created: now)
        nextID += 1
        insert(entry)
        return FlowTables.Addition(entry: entry, replaced: old?.entry)
    }

    private func makeRoom(for flow: Flow, evicted: (FlowEntry) -> Void) throws(FlowTableError) {
        let limit = min(settings[flow.table]?.maxEntries ?? flowLimit, flowLimit)
        if flowCount < flowLimit, table(flow.table)?.rules.count ?? 0 < limit { return }
        guard let victim = evictions[flow.table]?.popLeast(below: flow.importance, isCurrent: isCurrent),
            let rule = rule(of: victim)
        else { throw .tableFull(limit: limit) }
        remove(rule)
        evicted(rule.entry)
    }

    private func makeEntry(_ flow: Flow, id: UInt64, counters: FlowCounters, created: UInt64) -> FlowEntry {
        let effects = FlowEffects.of(flow, recent: recentEffects)
        if let effects { recentEffects = effects }
        return FlowEntry(flow: flow, id: id, counters: counters, createdNanoseconds: created, effects: effects)
    }

    /// Gives a flow other instructions, and another cookie if one is given.
    func modify(
        _ rule: RuleIndex.Rule, instructions: InstructionSet, cookie: UInt64?, resetsCounts: Bool
    ) -> FlowEntry {
        var flow = rule.entry.flow
        flow.instructions = instructions
        if let cookie { flow.cookie = cookie }
        let counters = resetsCounts ? FlowCounters() : rule.entry.counters
        if resetsCounts { counters.touch(at: rule.entry.counters.lastUsedNanoseconds) }
        let new = makeEntry(flow, id: rule.entry.id, counters: counters, created: rule.entry.createdNanoseconds)
        exchange(rule, for: new)
        return new
    }

    /// Gives a flow other timeouts; all else stays.
    func setTimeouts(of rule: RuleIndex.Rule, idleSeconds: UInt16, hardSeconds: UInt16) {
        let old = rule.entry
        var flow = old.flow
        (flow.idleTimeoutSeconds, flow.hardTimeoutSeconds) = (idleSeconds, hardSeconds)
        timeouts.forget(old, isCurrent: isCurrent)
        let new = makeEntry(flow, id: old.id, counters: old.counters, created: old.createdNanoseconds)
        exchange(rule, for: new)
        timeouts.add(new)
    }

    private func insert(_ entry: FlowEntry) {
        note(.inserted(entry), entry)
        let number = Int(entry.flow.table)
        let table = tables[number] ?? TableModel(hasher: hasher, reclaimer: reclaimer)
        tables[number] = table
        table.insert(entry)
        masks.add(entry.flow.match.mask)
        flowCount += 1
        timeouts.add(entry)
        // Asked first, for to change a dictionary's value in place allocates, be it there or not.
        if evictions.isEmpty { return }
        evictions[entry.flow.table]?.add(entry, flowCount: table.rules.count, isCurrent: isCurrent)
    }

    func remove(_ rule: RuleIndex.Rule) {
        tables[Int(rule.entry.flow.table)]?.remove(rule)
        forget(rule.entry)
    }

    /// Removes flows, each of which is named once. A table that loses all goes as a whole.
    func remove(_ rules: [RuleIndex.Rule]) {
        var counts = [Int](repeating: 0, count: tables.count)
        for rule in rules { counts[Int(rule.entry.flow.table)] += 1 }
        var isCleared = [Bool](repeating: false, count: tables.count)
        for (number, table) in tables.enumerated() {
            guard let table, counts[number] > 0, counts[number] == table.rules.count else { continue }
            table.discardAll()
            tables[number] = nil
            isCleared[number] = true
        }
        for rule in rules {
            if isCleared[Int(rule.entry.flow.table)] { forget(rule.entry) } else { remove(rule) }
        }
    }

    /// What is kept of a flow beside its table goes.
    private func forget(_ entry: FlowEntry) {
        note(.removed(entry), entry)
        masks.remove(entry.flow.match.mask)
        flowCount -= 1
        timeouts.forget(entry, isCurrent: isCurrent)
    }

    private func exchange(_ rule: RuleIndex.Rule, for entry: FlowEntry) {
        note(.exchanged(rule.entry, for: entry), entry, wasConjunctive: rule.entry.isConjunctive)
        tables[Int(entry.flow.table)]?.exchange(rule, for: entry)
    }

    private func note(_ step: Step, _ entry: FlowEntry, wasConjunctive: Bool = false) {
        latest = nil
        changedTables.insert(entry.flow.table)
        steps?.append(step)
        if changes.count >= TableChanges.limit { hasChangedMuch = true }
        if hasChangedMuch { return }
        changes.append(TableChange(entry.flow, isConjunctive: entry.isConjunctive || wasConjunctive))
    }

    // MARK: Transactions

    func beginTransaction() {
        precondition(steps == nil, "one transaction at a time")
        steps = []
    }

    func commit() { steps = nil }

    /// Takes back each step since the transaction began, the last one first.
    func rollBack() {
        let taken = steps ?? []
        steps = nil
        for step in taken.reversed() {
            switch step {
            case .inserted(let entry): rule(of: entry).map(remove)
            case .removed(let entry): insert(entry)
            case .exchanged(let before, let after): rule(of: after).map { exchange($0, for: before) }
            }
        }
    }

    // MARK: Settings

    func set(_ new: TableSettings?, of table: UInt8) {
        settings[table] = new
        resetEviction(of: table)
    }

    private func resetEviction(of table: UInt8) {
        evictions[table] = nil
        guard settings[table]?.evicts ?? false else { return }
        var queue = EvictionQueue()
        self.table(table)?.rules.forEach { queue.add($0.entry, flowCount: flowCount, isCurrent: isCurrent) }
        evictions[table] = queue
    }

    // MARK: Snapshots

    func snapshot() -> FlowTablesSnapshot {
        if let latest { return latest }
        version += 1
        // Safe: the snapshot frees the list; the tables in it stay as long as it owns the epoch.
        let list = UnsafeMutablePointer<UnsafeMutablePointer<PublishedTable>?>.allocate(capacity: tables.count)
        changedTables.forEach { unsafe published[Int($0)] = unsafe tables[Int($0)]?.publish() }
        changedTables = TableSet()
        for number in unsafe published.indices { unsafe (list + number).initialize(to: published[number]) }
        let result = unsafe FlowTablesSnapshot(
            version: version, flowCount: flowCount, examinableMask: masks.union, tables: list, hasher: hasher,
            plan: plan, epoch: reclaimer.seal())
        latest = result
        return result
    }

    /// What has changed since this was last asked.
    func takeChanges() -> TableChanges {
        defer {
            changes.removeAll(keepingCapacity: true)
            hasChangedMuch = false
        }
        return hasChangedMuch ? .everything : .some(changes)
    }
}
