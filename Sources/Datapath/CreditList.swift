// Slow path: part of translations, and of reading counters.
import FlowTable

/// What a megaflow's packets count for besides the last flow that they meet: the flows before it, and the counters of
/// tables, groups and queues.
///
/// Megaflows that have the same share a list. It is one worker's own, so its users are counted plainly; references to
/// flows, which others own too, are counted once a list.
struct CreditList {
    private var userCount = 1
    private let flowCount: Int
    private let counterCount: Int

    private init(flowCount: Int, counterCount: Int) {
        self.flowCount = flowCount
        self.counterCount = counterCount
    }

    fileprivate static func make(_ translation: borrowing Translation) -> CreditListPointer {
        let (flows, counters) = (translation.contributors.dropLast(), translation.counters)
        let header = MemoryLayout<CreditList>.stride
        let block = UnsafeMutableRawPointer.allocate(
            byteCount: header + (flows.count + counters.count) * MemoryLayout<UnsafeRawPointer>.stride, alignment: 8)
        let list = block.bindMemory(to: CreditList.self, capacity: 1)
        list.initialize(to: CreditList(flowCount: flows.count, counterCount: counters.count))
        let places = (block + header).bindMemory(
            to: UnsafeMutableRawPointer.self, capacity: flows.count + counters.count)
        for (place, flow) in flows.enumerated() { (places + place).initialize(to: flow.retain().toOpaque()) }
        for (place, counter) in counters.enumerated() {
            (places + flows.count + place).initialize(to: counter.toOpaque())
        }
        return list
    }

    fileprivate mutating func addUser() { userCount += 1 }
    /// Whether there is none left.
    fileprivate mutating func removeUser() -> Bool {
        userCount -= 1
        return userCount == 0
    }
    fileprivate var counts: (flows: Int, counters: Int) { (flowCount, counterCount) }
}

typealias CreditListPointer = UnsafeMutablePointer<CreditList>

extension CreditListPointer {
    /// The list for what a translation met, with one user.
    static func make(for translation: borrowing Translation) -> CreditListPointer { CreditList.make(translation) }

    /// Safe: as many as the list says follow it.
    private var places: UnsafeMutablePointer<UnsafeMutableRawPointer> {
        UnsafeMutableRawPointer(self + 1).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    }

    /// Whether it is what a translation met.
    func isFor(_ translation: borrowing Translation) -> Bool {
        let (flows, counters) = pointee.counts
        if translation.contributors.dropLast().count != flows || translation.counters.count != counters { return false }
        for place in 0..<flows where places[place] != translation.contributors[place].toOpaque() { return false }
        for place in 0..<counters where places[flows + place] != translation.counters[place].toOpaque() { return false }
        return true
    }

    func addUser() { pointee.addUser() }

    /// The list is gone after its last user.
    func removeUser() {
        guard pointee.removeUser() else { return }
        for place in 0..<pointee.counts.flows { Unmanaged<FlowEntry>.fromOpaque(places[place]).release() }
        deallocate()
    }

    func forEachFlow(_ body: (borrowing FlowEntry) -> Void) {
        for place in 0..<pointee.counts.flows {
            Unmanaged<FlowEntry>.fromOpaque(places[place])._withUnsafeGuaranteedRef { body($0) }
        }
    }

    func forEachCounter(_ body: (borrowing FlowCounters) -> Void) {
        let (flows, counters) = pointee.counts
        for place in flows..<flows + counters {
            Unmanaged<FlowCounters>.fromOpaque(places[place])._withUnsafeGuaranteedRef { body($0) }
        }
    }
}
