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
    private var subtables: [SubtableShape: Subtable] = [:]
    private var tries: [PrefixTrie]
    /// The mask of the flow added last, and what follows from it: flows with one mask mostly come together.
    private var recent: (mask: FlowMask, levels: [FlowMask]) = (FlowMask(), MaskRelaxation.levels(FlowMask()))
    private var isChanged = true
    private var published: UnsafeMutablePointer<PublishedTable>?

    init(hasher: KeyHash, reclaimer: Reclaimer) {
        self.hasher = hasher
        self.reclaimer = reclaimer
        rules = RuleIndex(hasher: hasher)
        tries = PrefixField.all.map { _ in PrefixTrie(reclaimer: reclaimer) }
    }

    /// Adds a flow; there is none yet with its match and priority.
    func insert(_ entry: FlowEntry) {
        isChanged = true
        let subtable = chooseSubtable(entry.flow.match)
        subtable.insert(entry)
        rules.set(entry, in: subtable)
        forEachPrefix(entry.flow.match) { tries[$0].add($1, length: $2) }
    }

    func remove(_ rule: RuleIndex.Rule) {
        isChanged = true
        rule.subtable.remove(rule.entry)
        if rule.subtable.flowCount == 0 {
            subtables[rule.subtable.shape] = nil
            rule.subtable.discardAll()
        }
        rules.remove(rule.entry)
        forEachPrefix(rule.entry.flow.match) { tries[$0].remove($1, length: $2) }
        reclaimer.discard(rule.entry)
    }

    /// Puts an entry with the same match, priority and number in the place of another.
    func exchange(_ rule: RuleIndex.Rule, for entry: FlowEntry) {
        isChanged = true
        rule.subtable.remove(rule.entry)
        rule.subtable.insert(entry)
        rules.set(entry, in: rule.subtable)
        reclaimer.discard(rule.entry)
    }

    /// A flow of the priority that matches some of the packets that `match` does.
    func overlap(_ match: Match, priority: UInt16) -> FlowEntry? {
        guard subtables.values.contains(where: { $0.has(priority: priority) }) else { return nil }
        var found: FlowEntry?
        rules.forEach { rule in
            let other = rule.entry.flow
            guard other.priority == priority, found.map({ $0.id > rule.entry.id }) ?? true else { return }
            let both = match.mask & other.match.mask
            if match.key & both == other.match.key & both { found = rule.entry }
        }
        return found
    }

    private func chooseSubtable(_ match: Match) -> Subtable {
        let compared = MaskRelaxation.comparedWords(
            match, words: match.mask.wordSet, subtables: subtables.count)
        let partition = Partition(match)
        let limit = MaskRelaxation.bucketLimit(subtables: subtables.count)
        if recent.mask != match.mask { recent = (match.mask, MaskRelaxation.levels(match.mask)) }
        let levels = recent.levels
        for (number, mask) in levels.enumerated() {
            let shape = SubtableShape(hashMask: mask, comparedWords: compared, partition: partition)
            guard let subtable = subtables[shape] else {
                let new = Subtable(shape: shape, hasher: hasher, reclaimer: reclaimer)
                subtables[shape] = new
                return new
            }
            if number == levels.count - 1 || subtable.bucketSize(subtable.hash(match.key)) < limit { return subtable }
        }
        preconditionFailure("the last level takes any flow")
    }

    private func forEachPrefix(_ match: Match, _ body: (Int, UInt64, Int) -> Void) {
        for field in PrefixField.all {
            let place = PrefixField.place(field)
            let length = place.prefixLength(match.mask[place.word])
            guard length > 0 else { continue }
            body(field, place.aligned(match.key[place.word] & place.leading(length)), length)
        }
    }

    /// The table as lookups see it until the next change; `nil` when it is empty.
    func publish() -> UnsafeMutablePointer<PublishedTable>? {
        guard isChanged else { return unsafe published }
        isChanged = false
        unpublish()
        guard rules.count > 0 else { return nil }
        let headers = subtables.values.map { $0.publish() }.sorted { $0.maximumRank > $1.maximumRank }
        // Safe: both are initialised whole here, never changed, and kept by the reclaimer until no snapshot has them.
        let list = UnsafeMutablePointer<SubtableHeader>.allocate(capacity: headers.count)
        for (number, header) in headers.enumerated() { unsafe (list + number).initialize(to: header) }
        var table = unsafe PublishedTable(
            subtables: list, subtableCount: headers.count, flowCount: rules.count, tries: InlineArray(repeating: 0))
        for field in PrefixField.all { table.tries[field] = tries[field].root }
        let result = UnsafeMutablePointer<PublishedTable>.allocate(capacity: 1)
        unsafe result.initialize(to: table)
        unsafe published = unsafe result
        return unsafe result
    }

    private func unpublish() {
        guard let old = unsafe published else { return }
        // Safe: both were allocated in `publish`, and snapshots that know them are owners of the epoch.
        unsafe reclaimer.discardPublished(UnsafeMutableRawPointer(old.pointee.subtables))
        unsafe reclaimer.discardPublished(UnsafeMutableRawPointer(old))
        unsafe published = nil
    }

    /// Takes all memory of the table out of use.
    func discardAll() {
        unpublish()
        for subtable in subtables.values { subtable.discardAll() }
        for trie in tries { trie.discardAll() }
        rules.forEach { reclaimer.discard($0.entry) }
    }
}
