import OpenFlow
import Packet

/// The flows of a table by match and priority: what adding, and strict removal and modification, look up.
struct RuleIndex {
    struct Rule {
        let hash: UInt64
        let entry: FlowEntry
        let subtable: Subtable
    }

    private var slots: [Rule?] = Array(repeating: nil, count: 16)
    private(set) var count = 0
    private let hasher: KeyHash

    init(hasher: KeyHash) { self.hasher = hasher }

    private func hash(_ match: Match, _ priority: UInt16) -> UInt64 {
        let words = match.mask.wordSet
        let state = hasher.mix(hasher.seed, UInt64(words) << 16 | UInt64(priority))
        return hasher.hash(match.key, words: words, after: hasher.hash(match.mask, words: words, after: state))
    }

    private func slot(_ hash: UInt64, _ match: Match, _ priority: UInt16) -> (number: Int, isTaken: Bool) {
        let mask = slots.count - 1
        var number = Int(truncatingIfNeeded: hash) & mask
        while let rule = slots[number] {
            if rule.hash == hash, rule.entry.flow.priority == priority, rule.entry.flow.match == match {
                return (number, true)
            }
            number = (number + 1) & mask
        }
        return (number, false)
    }

    func find(_ match: Match, priority: UInt16) -> Rule? {
        let (number, isTaken) = slot(hash(match, priority), match, priority)
        return isTaken ? slots[number] : nil
    }

    /// Adds a flow, or puts it in the place of the one with the same match and priority.
    mutating func set(_ entry: FlowEntry, in subtable: Subtable) {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        let hash = hash(entry.flow.match, entry.flow.priority)
        let (number, isTaken) = slot(hash, entry.flow.match, entry.flow.priority)
        slots[number] = Rule(hash: hash, entry: entry, subtable: subtable)
        if !isTaken { count += 1 }
    }

    mutating func remove(_ entry: FlowEntry) {
        let hash = hash(entry.flow.match, entry.flow.priority)
        var hole = slot(hash, entry.flow.match, entry.flow.priority).number
        let mask = slots.count - 1
        var next = (hole + 1) & mask
        slots[hole] = nil
        count -= 1
        // Move up what had to go further because the slot was taken.
        while let rule = slots[next] {
            let home = Int(truncatingIfNeeded: rule.hash) & mask
            if (next - home) & mask >= (next - hole) & mask {
                slots[hole] = rule
                slots[next] = nil
                hole = next
            }
            next = (next + 1) & mask
        }
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: nil, count: old.count * 2)
        let mask = slots.count - 1
        for case let rule? in old {
            var number = Int(truncatingIfNeeded: rule.hash) & mask
            while slots[number] != nil { number = (number + 1) & mask }
            slots[number] = rule
        }
    }

    /// Visits all flows, in no particular order.
    func forEach(_ body: (Rule) -> Void) {
        for case let rule? in slots { body(rule) }
    }
}
