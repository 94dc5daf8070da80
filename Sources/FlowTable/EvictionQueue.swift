/// The flows of a table that evicts, in the order in which they go when it is full: the least important first, of
/// equals the one that would time out first, then the oldest (OpenFlow 1.4 §6.10).
struct EvictionQueue {
    private struct Item: Comparable {
        let importance: UInt16
        let expiry: UInt64
        let id: UInt64
        let entry: FlowEntry

        init(_ entry: FlowEntry) {
            importance = entry.flow.importance
            expiry = entry.expiry()?.nanoseconds ?? .max
            id = entry.id
            self.entry = entry
        }

        static func == (left: Item, right: Item) -> Bool { left.id == right.id }

        static func < (left: Item, right: Item) -> Bool {
            (left.importance, left.expiry, left.id) < (right.importance, right.expiry, right.id)
        }
    }

    /// A binary heap. Flows that have gone are dropped when they come out, or when they are more than those there.
    private var heap: [Item] = []

    /// A flow has come. `flowCount`: flows that the table has.
    mutating func add(_ entry: FlowEntry, flowCount: Int, isCurrent: (FlowEntry) -> Bool) {
        if heap.count > 2 * flowCount + 1024 {
            let kept = heap.filter { isCurrent($0.entry) }
            heap.removeAll(keepingCapacity: true)
            for item in kept { push(item) }
        }
        push(Item(entry))
    }

    private mutating func push(_ item: Item) {
        heap.append(item)
        var place = heap.count - 1
        while place > 0, heap[place] < heap[(place - 1) / 2] {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    /// Takes out the first flow, if it is not more important than a new one.
    mutating func popLeast(below importance: UInt16, isCurrent: (FlowEntry) -> Bool) -> FlowEntry? {
        while let first = heap.first {
            let isThere = isCurrent(first.entry)
            if isThere, first.importance > importance { return nil }
            removeFirst()
            if isThere { return first.entry }
        }
        return nil
    }

    private mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        var place = 0
        while 2 * place + 1 < heap.count {
            var child = 2 * place + 1
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            if heap[place] < heap[child] { break }
            heap.swapAt(place, child)
            place = child
        }
    }
}
