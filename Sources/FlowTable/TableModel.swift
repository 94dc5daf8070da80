import OpenFlow
import Packet

// Safe throughout: offsets stay within the lengths that blocks are allocated with, and a block lives as long as any
// snapshot that refers to it (Reclaimer).

/// One flow table, as the writer keeps it.
@safe
final class TableModel {
    private(set) var rules: RuleIndex
    private let hasher: KeyHash
    private let reclaimer: Reclaimer
    /// The flows that are answers.
    private let flows: SubtableIndex
    /// The flows that are only parts of conjunctive matches.
    private var parts: SubtableIndex?
    private var isChanged = true
    private var published: UnsafeMutablePointer<PublishedTable>?

    init(hasher: KeyHash, reclaimer: Reclaimer) {
        self.hasher = hasher
        self.reclaimer = reclaimer
        rules = RuleIndex(hasher: hasher)
        flows = SubtableIndex(hasher: hasher, reclaimer: reclaimer)
    }

    private func index(for entry: FlowEntry) -> SubtableIndex {
        guard entry.isConjunctive else { return flows }
        if let parts { return parts }
        let new = SubtableIndex(hasher: hasher, reclaimer: reclaimer)
        parts = new
        return new
    }

    /// Adds a flow; there is none yet with its match and priority.
    func insert(_ entry: FlowEntry) {
        isChanged = true
        rules.set(entry, in: index(for: entry).insert(entry))
    }

    func remove(_ rule: RuleIndex.Rule) {
        isChanged = true
        index(for: rule.entry).remove(rule.entry, from: rule.subtable)
        rules.remove(rule.entry)
        reclaimer.discard(rule.entry)
    }

    /// Puts an entry with the same match, priority and number in the place of another.
    func exchange(_ rule: RuleIndex.Rule, for entry: FlowEntry) {
        isChanged = true
        if rule.entry.isConjunctive == entry.isConjunctive {
            rule.subtable.remove(rule.entry)
            rule.subtable.insert(entry)
            rules.set(entry, in: rule.subtable)
        } else {
            index(for: rule.entry).remove(rule.entry, from: rule.subtable)
            rules.set(entry, in: index(for: entry).insert(entry))
        }
        reclaimer.discard(rule.entry)
    }

    /// A flow of the priority that matches some of the packets that `match` does.
    func overlap(_ match: Match, priority: UInt16) -> FlowEntry? {
        var found: FlowEntry?
        for index in [flows, parts] where found == nil {
            index?.forEachOverlapping(match, where: { $0.has(priority: priority) }) { entry in
                if entry.flow.priority == priority { found = entry }
                return found == nil
            }
        }
        return found
    }

    /// Visits the flows that have this match or a narrower one.
    func forEachWithin(_ match: Match, _ body: (FlowEntry) -> Void) {
        for index in [flows, parts] {
            index?.forEachOverlapping(match, where: { match.mask.isSubset(of: $0.maskBound) }) { entry in
                if match.mask.isSubset(of: entry.flow.match.mask) { body(entry) }
                return true
            }
        }
    }

    /// The table as lookups see it until the next change; `nil` when it is empty.
    func publish() -> UnsafeMutablePointer<PublishedTable>? {
        guard isChanged else { return unsafe published }
        isChanged = false
        unpublish()
        guard rules.count > 0 else { return nil }
        let result = unsafe flows.publish() ?? Self.empty()
        // Safe: nobody else knows the table yet.
        unsafe result.pointee.conjunctive = unsafe parts?.publish()
        unsafe result.pointee.flowCount = rules.count
        unsafe published = unsafe result
        return unsafe result
    }

    /// A table without answers, for one that has parts of conjunctive matches alone.
    private static func empty() -> UnsafeMutablePointer<PublishedTable> {
        let result = UnsafeMutablePointer<PublishedTable>.allocate(capacity: 1)
        // Safe: the list is never read, as its count is 0.
        unsafe result.initialize(
            to: PublishedTable(
                subtables: UnsafeMutablePointer<SubtableHeader>.allocate(capacity: 1), subtableCount: 0, flowCount: 0,
                tries: InlineArray(repeating: 0), conjunctive: nil))
        return unsafe result
    }

    private func unpublish() {
        guard let old = unsafe published else { return }
        // Safe: all were allocated in `publish`, and snapshots that know them are owners of the epoch.
        for unsafe part in unsafe [old.pointee.conjunctive, old] {
            guard let part = unsafe part else { continue }
            unsafe reclaimer.discardPublished(UnsafeMutableRawPointer(part.pointee.subtables))
            unsafe reclaimer.discardPublished(UnsafeMutableRawPointer(part))
        }
        unsafe published = nil
    }

    /// Takes all memory of the table out of use.
    func discardAll() {
        unpublish()
        flows.discardAll()
        parts?.discardAll()
        rules.forEach { reclaimer.discard($0.entry) }
    }
}
