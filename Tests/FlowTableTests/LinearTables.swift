import OpenFlow
import Packet

@testable import FlowTable

/// How much a test does: builds without optimisation do less.
enum Effort {
    static func full(_ whole: Int, _ unoptimised: Int) -> Int {
        #if DEBUG
            unoptimised
        #else
            whole
        #endif
    }
}

/// Flow tables that are searched flow by flow: slow, and plainly right.
struct LinearTables {
    struct Item {
        var flow: Flow
        var id: UInt64
    }

    /// What the search looks at: the words that a match has bits of, with value and mask.
    private struct Test {
        let table: UInt8
        let priority: UInt16
        let words: [(word: Int, value: UInt64, mask: UInt64)]

        func matches(_ key: FlowKey) -> Bool {
            for (word, value, mask) in words where key[word] & mask != value { return false }
            return true
        }
    }

    /// In the order in which they were added.
    private(set) var items: [Item] = []
    private var tests: [Test] = []

    mutating func add(_ flow: Flow, id: UInt64) {
        _ = remove { $0.table == flow.table && $0.priority == flow.priority && $0.match == flow.match }
        let words = (0..<FlowKey.wordCount).filter { flow.match.mask[$0] != 0 }
            .map { (word: $0, value: flow.match.key[$0], mask: flow.match.mask[$0]) }
        items.append(Item(flow: flow, id: id))
        tests.append(Test(table: flow.table, priority: flow.priority, words: words))
    }

    /// The numbers of the flows that went.
    mutating func remove(where condition: (Flow) -> Bool) -> [UInt64] {
        let gone = items.indices.filter { condition(items[$0].flow) }
        let ids = gone.map { items[$0].id }
        for number in gone.reversed() {
            items.remove(at: number)
            tests.remove(at: number)
        }
        return ids
    }

    /// The numbers of the flows that changed.
    mutating func modify(_ instructions: InstructionSet, where condition: (Flow) -> Bool) -> [UInt64] {
        let changed = items.indices.filter { condition(items[$0].flow) }
        for number in changed { items[number].flow.instructions = instructions }
        return changed.map { items[$0].id }
    }

    /// The highest priority wins; among equals the first.
    func lookup(table: UInt8, key: FlowKey) -> Item? {
        var best: Int?
        for (number, test) in tests.enumerated() where test.table == table {
            if let found = best, tests[found].priority >= test.priority { continue }
            if test.matches(key) { best = number }
        }
        return best.map { items[$0] }
    }
}
