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
    /// By ``PrefixField``, what the tries lack.
    private var prefixChanges = Array(repeating: PrefixChanges(), count: PrefixField.count)
    private(set) var count = 0
    /// What was chosen for a mask, of which many flows have the same.
    private var choices: [Choice?] = Array(repeating: nil, count: 64)
    private var choicesDisplaced = 0
    private static let choicesAtMost = 4096

    /// The subtables for flows with a mask, of a partition; as long as their shapes are the same.
    private final class Choice {
        let mask: FlowMask
        let partition: Partition
        let compared: UInt32
        let levels: [FlowMask]
        var subtables: [Subtable?]

        init(mask: FlowMask, partition: Partition, compared: UInt32) {
            self.mask = mask
            self.partition = partition
            self.compared = compared
            levels = MaskRelaxation.levels(mask)
            subtables = levels.map { _ in nil }
        }

        func forget(_ subtable: Subtable) {
            for number in subtables.indices where subtables[number] === subtable { subtables[number] = nil }
        }
    }

    init(hasher: KeyHash, reclaimer: Reclaimer) {
        self.hasher = hasher
        self.reclaimer = reclaimer
        tries = PrefixField.all.map { _ in PrefixTrie(reclaimer: reclaimer) }
    }

    /// Adds a flow; the subtable that it is in from now on.
    func insert(_ entry: FlowEntry) -> Subtable {
        let (subtable, hash) = chooseSubtable(entry.flow.match)
        subtable.insert(entry, hash: hash)
        forEachPrefix(entry.flow.match) { prefixChanges[$0].note($1, length: $2, isRemoval: false) }
        count += 1
        return subtable
    }

    func remove(_ entry: FlowEntry, from subtable: Subtable) {
        subtable.remove(entry)
        if subtable.flowCount == 0 {
            subtables[subtable.shape] = nil
            for choice in choices { choice?.forget(subtable) }
            subtable.discardAll()
        }
        forEachPrefix(entry.flow.match) { prefixChanges[$0].note($1, length: $2, isRemoval: true) }
        count -= 1
    }

    /// The subtable for a flow, and the flow's hash in it.
    private func chooseSubtable(_ match: Match) -> (Subtable, hash: UInt64) {
        let words = match.mask.wordSet
        let compared = MaskRelaxation.comparedWords(match, words: words, subtables: subtables.count)
        let choice = choice(match, words: words, compared: compared)
        let limit = MaskRelaxation.bucketLimit(subtables: subtables.count)
        for number in choice.levels.indices {
            guard let subtable = choice.subtables[number] ?? known(choice, number) else {
                let shape = SubtableShape(
                    hashMask: choice.levels[number], comparedWords: compared, partition: choice.partition)
                let new = Subtable(shape: shape, hasher: hasher, reclaimer: reclaimer)
                subtables[shape] = new
                choice.subtables[number] = new
                return (new, new.hash(match.key))
            }
            let hash = subtable.hash(match.key)
            if number == choice.levels.count - 1 || subtable.bucketSize(hash) < limit { return (subtable, hash) }
        }
        preconditionFailure("the last level takes any flow")
    }

    private func known(_ choice: Choice, _ number: Int) -> Subtable? {
        let shape = SubtableShape(
            hashMask: choice.levels[number], comparedWords: choice.compared, partition: choice.partition)
        let subtable = subtables[shape]
        choice.subtables[number] = subtable
        return subtable
    }

    private func choice(_ match: Match, words: UInt32, compared: UInt32) -> Choice {
        let partition = Partition(match)
        var state = hasher.mix(hasher.seed, partition.value)
        state = hasher.hash(match.mask, words: words, after: state)
        let place = Int(truncatingIfNeeded: state) & (choices.count - 1)
        if let known = choices[place], known.partition == partition, known.compared == compared,
            known.mask == match.mask
        {
            return known
        }
        let new = Choice(mask: match.mask, partition: partition, compared: compared)
        if choices[place] != nil { choicesDisplaced += 1 }
        if choicesDisplaced > choices.count, choices.count < Self.choicesAtMost {
            choices = Array(repeating: nil, count: choices.count * 4)
            choicesDisplaced = 0
        } else {
            choices[place] = new
        }
        return new
    }

    private func forEachPrefix(_ match: Match, _ body: (Int, UInt64, Int) -> Void) {
        let (key, mask) = (match.key.words.span, match.mask.words.span)
        for field in PrefixField.all {
            let place = PrefixField.place(field)
            let length = place.prefixLength(mask[place.word])
            guard length > 0 else { continue }
            body(field, place.aligned(key[place.word] & place.leading(length)), length)
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
        for field in PrefixField.all {
            prefixChanges[field].apply(to: &tries[field], isLarge: PrefixField.place(field).width > 16)
        }
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
