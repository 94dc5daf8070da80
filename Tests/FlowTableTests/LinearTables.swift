import OpenFlow
import Packet

@testable import FlowTable

/// Flow tables that are searched flow by flow: slow, and plainly right.
struct LinearTables {
    struct Item {
        var flow: Flow
        var order: Int
        var id: UInt64
        /// The words that the match looks at, with value and mask.
        var words: [(word: Int, value: UInt64, mask: UInt64)]

        func matches(_ key: FlowKey) -> Bool {
            for (word, value, mask) in words where key[word] & mask != value { return false }
            return true
        }
    }

    private(set) var items: [Item] = []
    private var nextOrder = 0

    mutating func add(_ flow: Flow, id: UInt64) {
        items.removeAll {
            $0.flow.table == flow.table && $0.flow.priority == flow.priority && $0.flow.match == flow.match
        }
        let words = (0..<FlowKey.wordCount).filter { flow.match.mask[$0] != 0 }
            .map { (word: $0, value: flow.match.key[$0], mask: flow.match.mask[$0]) }
        items.append(Item(flow: flow, order: nextOrder, id: id, words: words))
        nextOrder += 1
    }

    /// The numbers of the flows that went.
    mutating func remove(where condition: (Flow) -> Bool) -> [UInt64] {
        let gone = items.filter { condition($0.flow) }.map(\.id)
        items.removeAll { condition($0.flow) }
        return gone
    }

    mutating func modify(_ instructions: InstructionSet, where condition: (Flow) -> Bool) -> [UInt64] {
        var changed: [UInt64] = []
        for number in items.indices where condition(items[number].flow) {
            items[number].flow.instructions = instructions
            changed.append(items[number].id)
        }
        return changed
    }

    func lookup(table: UInt8, key: FlowKey) -> Item? {
        var best: Int?
        for number in items.indices where items[number].flow.table == table && items[number].matches(key) {
            guard let found = best else {
                best = number
                continue
            }
            let (new, old) = (items[number], items[found])
            if (new.flow.priority, -new.order) > (old.flow.priority, -old.order) { best = number }
        }
        return best.map { items[$0] }
    }
}
