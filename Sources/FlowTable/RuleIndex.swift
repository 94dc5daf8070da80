import OpenFlow
import Packet

/// The flows of a table by match and priority: what adding, and strict removal and modification, look up.
struct RuleIndex {
    struct Rule {
        let entry: FlowEntry
        let subtable: Subtable
    }

    /// Hashes apart from rules, so that a search goes through one short array; 0: the place is free.
    private var hashes: [UInt64] = Array(repeating: 0, count: 16)
    private var rules: [Rule?] = Array(repeating: nil, count: 16)
    private(set) var count = 0
    private let hasher: KeyHash

    init(hasher: KeyHash) { self.hasher = hasher }

    private func hash(_ match: Match, _ priority: UInt16) -> UInt64 {
        let words = match.mask.wordSet
        let state = hasher.mix(hasher.seed, UInt64(words) << 16 | UInt64(priority))
        let result = hasher.hash(match.key, words: words, after: hasher.hash(match.mask, words: words, after: state))
        return result == 0 ? 1 : result
    }

    private func place(_ hash: UInt64, _ match: Match, _ priority: UInt16) -> (number: Int, isTaken: Bool) {
        let mask = hashes.count - 1
        var number = Int(truncatingIfNeeded: hash) & mask
        while hashes[number] != 0 {
            if hashes[number] == hash, let rule = rules[number], rule.entry.isFor(match, priority) {
                return (number, true)
            }
            number = (number + 1) & mask
        }
        return (number, false)
    }

    func find(_ match: Match, priority: UInt16) -> Rule? {
        let (number, isTaken) = place(hash(match, priority), match, priority)
        return isTaken ? rules[number] : nil
    }

    /// Adds a flow, or puts it in the place of the one with the same match and priority.
    mutating func set(_ entry: FlowEntry, in subtable: Subtable) {
        if (count + 1) * 4 > hashes.count * 3 { grow() }
        let hash = hash(entry.flow.match, entry.flow.priority)
        let (number, isTaken) = place(hash, entry.flow.match, entry.flow.priority)
        hashes[number] = hash
        rules[number] = Rule(entry: entry, subtable: subtable)
        if !isTaken { count += 1 }
    }

    mutating func remove(_ entry: FlowEntry) {
        let hash = hash(entry.flow.match, entry.flow.priority)
        let mask = hashes.count - 1
        // The entry is known, so its match need not be compared.
        var hole = Int(truncatingIfNeeded: hash) & mask
        while hashes[hole] != hash || rules[hole]?.entry !== entry { hole = (hole + 1) & mask }
        var next = (hole + 1) & mask
        count -= 1
        // Move up what had to go further because the place was taken.
        while hashes[next] != 0 {
            let home = Int(truncatingIfNeeded: hashes[next]) & mask
            if (next - home) & mask >= (next - hole) & mask {
                hashes[hole] = hashes[next]
                rules.swapAt(hole, next)
                hole = next
            }
            next = (next + 1) & mask
        }
        hashes[hole] = 0
        rules[hole] = nil
    }

    private mutating func grow() {
        let (oldHashes, oldRules) = (hashes, rules)
        hashes = Array(repeating: 0, count: oldHashes.count * 2)
        rules = Array(repeating: nil, count: oldHashes.count * 2)
        let mask = hashes.count - 1
        for (place, hash) in oldHashes.enumerated() where hash != 0 {
            var number = Int(truncatingIfNeeded: hash) & mask
            while hashes[number] != 0 { number = (number + 1) & mask }
            hashes[number] = hash
            rules[number] = oldRules[place]
        }
    }

    /// Visits all flows, in no particular order.
    func forEach(_ body: (Rule) -> Void) {
        for case let rule? in rules { body(rule) }
    }
}

extension FlowEntry {
    /// Whether this is the flow with a match and priority.
    fileprivate func isFor(_ match: Match, _ priority: UInt16) -> Bool {
        flow.priority == priority && flow.match.key == match.key && flow.match.mask == match.mask
    }
}
