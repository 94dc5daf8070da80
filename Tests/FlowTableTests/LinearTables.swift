import OpenFlow
import Packet

@testable import FlowTable

/// Flow tables that are searched flow by flow: slow, and plainly right.
struct LinearTables {
    struct Item {
        var flow: Flow
        var order: Int
        var id: UInt64
    }

    private(set) var items: [Item] = []
    private var nextOrder = 0

    mutating func add(_ flow: Flow, id: UInt64) {
        items.removeAll {
            $0.flow.table == flow.table && $0.flow.priority == flow.priority && $0.flow.match == flow.match
        }
        items.append(Item(flow: flow, order: nextOrder, id: id))
        nextOrder += 1
    }

    mutating func remove(where condition: (Flow) -> Bool) -> [UInt64] {
        let gone = items.filter { condition($0.flow) }.map(\.id)
        items.removeAll { condition($0.flow) }
        return gone
    }

    mutating func modify(_ instructions: InstructionSet, where condition: (Flow) -> Bool) {
        for number in items.indices where condition(items[number].flow) {
            items[number].flow.instructions = instructions
        }
    }

    func lookup(table: UInt8, key: FlowKey) -> Item? {
        var best: Item?
        for item in items where item.flow.table == table && item.flow.match.matches(key) {
            guard let found = best else {
                best = item
                continue
            }
            if (item.flow.priority, -item.order) > (found.flow.priority, -found.order) { best = item }
        }
        return best
    }
}
