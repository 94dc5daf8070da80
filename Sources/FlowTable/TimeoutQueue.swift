/// The flows that have a timeout, the one to be looked at next first: a binary heap.
///
/// An idle timeout moves with every packet, and a flow may go before its time; so what comes out is only due to be
/// looked at. Flows gone are dropped when they come out, or when they are more than those still there.
struct TimeoutQueue {
    private struct Item {
        let due: UInt64
        let entry: FlowEntry
    }

    private var heap: [Item] = []
    /// Flows with a timeout that are in the tables.
    private var liveCount = 0

    /// When to look again, in nanoseconds of the monotonic clock.
    var nextDue: UInt64? { heap.first?.due }

    /// A flow has come.
    mutating func add(_ entry: FlowEntry) {
        guard let expiry = entry.expiry() else { return }
        liveCount += 1
        push(Item(due: expiry.nanoseconds, entry: entry))
    }

    /// A flow has gone. - Parameter isCurrent: whether a flow is still in the tables.
    mutating func forget(_ entry: FlowEntry, isCurrent: (FlowEntry) -> Bool) {
        guard entry.flow.idleTimeoutSeconds > 0 || entry.flow.hardTimeoutSeconds > 0 else { return }
        liveCount -= 1
        guard heap.count > 2 * liveCount + 1024 else { return }
        let kept = heap.filter { isCurrent($0.entry) }
        heap.removeAll(keepingCapacity: true)
        for item in kept { push(item) }
    }

    /// A flow is looked at again later, because a packet has come.
    mutating func postpone(_ entry: FlowEntry, to due: UInt64) { push(Item(due: due, entry: entry)) }

    /// The flow whose time has come, if there is one.
    mutating func popDue(at now: UInt64) -> FlowEntry? {
        guard let first = heap.first, first.due <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown()
        }
        return first.entry
    }

    private mutating func push(_ item: Item) {
        heap.append(item)
        var place = heap.count - 1
        while place > 0, heap[(place - 1) / 2].due > item.due {
            heap[place] = heap[(place - 1) / 2]
            place = (place - 1) / 2
        }
        heap[place] = item
    }

    private mutating func siftDown() {
        let item = heap[0]
        var place = 0
        while 2 * place + 1 < heap.count {
            var child = 2 * place + 1
            if child + 1 < heap.count, heap[child + 1].due < heap[child].due { child += 1 }
            if heap[child].due >= item.due { break }
            heap[place] = heap[child]
            place = child
        }
        heap[place] = item
    }
}
