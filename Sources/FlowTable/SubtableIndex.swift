import OpenFlow
import Packet

// Safe throughout: offsets stay within the lengths that blocks are allocated with, and a block lives as long as any
// snapshot that refers to it (Reclaimer).

/// Flows of one table in subtables, with the tries of their prefixes, as the writer keeps them: what is searched.
@safe
final class SubtableIndex {
    private let hasher: KeyHash
    private let reclaimer: Reclaimer
    private(set) var subtables: [SubtableShape: Subtable] = [:]
    private var tries: [PrefixTrie]
    private(set) var count = 0
    /// The mask of the flow added last, and what follows from it: flows with one mask mostly come together.
    private var recent: (mask: FlowMask, levels: [FlowMask]) = (FlowMask(), MaskRelaxation.levels(FlowMask()))

    init(hasher: KeyHash, reclaimer: Reclaimer) {
        self.hasher = hasher
        self.reclaimer = reclaimer
        tries = PrefixField.all.map { _ in PrefixTrie(reclaimer: reclaimer) }
    }

    /// Adds a flow; the subtable that it is in from now on.
    func insert(_ entry: FlowEntry) -> Subtable {
        let subtable = chooseSubtable(entry.flow.match)
        subtable.insert(entry)
        forEachPrefix(entry.flow.match) { tries[$0].add($1, length: $2) }
        count += 1
        return subtable
    }

    func remove(_ entry: FlowEntry, from subtable: Subtable) {
        subtable.remove(entry)
        if subtable.flowCount == 0 {
            subtables[subtable.shape] = nil
            subtable.discardAll()
        }
        forEachPrefix(entry.flow.match) { tries[$0].remove($1, length: $2) }
        count -= 1
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

    /// Visits the flows that match some of the packets that `match` does, at any priority, until told to stop.
    ///
    /// A subtable whose hashed bits `match` has is asked for one bucket; of others every flow is compared.
    ///
    /// - Parameter body: returns whether to go on.
    func forEachOverlapping(_ match: Match, where isWanted: (Subtable) -> Bool, _ body: (FlowEntry) -> Bool) {
        for subtable in subtables.values where isWanted(subtable) {
            if !subtable.forEachOverlapping(match, body) { return }
        }
    }

    /// The index as lookups see it until the next change; `nil` when it is empty. It goes to ``Reclaimer`` later.
    func publish() -> UnsafeMutablePointer<PublishedTable>? {
        guard count > 0 else { return nil }
        let ordered = subtables.values.map { (rank: $0.publishedRank(), subtable: $0) }.sorted { $0.rank > $1.rank }
        // Safe: both are initialised whole here, never changed, and kept by the reclaimer until no snapshot has them.
        let list = UnsafeMutablePointer<SubtableHeader>.allocate(capacity: ordered.count)
        for (number, item) in ordered.enumerated() { unsafe (list + number).initialize(to: item.subtable.publish()) }
        var table = unsafe PublishedTable(
            subtables: list, subtableCount: ordered.count, flowCount: count, tries: InlineArray(repeating: 0),
            conjunctive: nil)
        for field in PrefixField.all { table.tries[field] = tries[field].root }
        let result = UnsafeMutablePointer<PublishedTable>.allocate(capacity: 1)
        unsafe result.initialize(to: table)
        return unsafe result
    }

    /// Takes all memory of the index out of use.
    func discardAll() {
        for subtable in subtables.values { subtable.discardAll() }
        for trie in tries { trie.discardAll() }
    }
}
