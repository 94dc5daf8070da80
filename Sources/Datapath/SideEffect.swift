import FlowTable
import Synchronization

/// Something that packets of a kind have the control side do, such as learning a flow; what it is, the Switch room
/// knows.
///
/// Told when a translation meets it, and again each time that counts are credited while such packets come.
public protocol SideEffect: AnyObject, Sendable {}

/// Side effects on their way from the workers to the control side. Nobody waits for anybody: workers push, each at the
/// cost of one exchange, and the control side takes all there are.
// Safe: atomic, but for references that are constant.
public final class SideEffectQueue: @unchecked Sendable {
    /// Effects that may wait; further ones are lost, and told again when counts are credited next.
    static let limit = 16384

    private final class Node: Sendable {
        let bridge: Int
        let effect: any SideEffect
        /// The one pushed before, retained; zero: none.
        // Safe: written before the node is published, read by the one that has taken it.
        nonisolated(unsafe) var before: UInt = 0

        init(_ effect: any SideEffect, bridge: Int) {
            self.effect = effect
            self.bridge = bridge
        }
    }

    /// The newest, retained.
    private let newest = Atomic<UInt>(0)
    private let packets: PacketInQueue
    /// Effects pushed and not done yet: whoever replays a capture waits until there are none.
    let pendingCount: UnsafeMutablePointer<Atomic<Int>>

    /// - Parameter packets: its descriptor becomes readable for effects too.
    init(wakingWith packets: PacketInQueue) {
        self.packets = packets
        pendingCount = .allocate(capacity: 1)
        pendingCount.initialize(to: Atomic(0))
    }

    deinit {
        _ = takeAll()
        pendingCount.deinitialize(count: 1)
        pendingCount.deallocate()
    }

    func push(_ effect: any SideEffect, bridge: Int) {
        if pendingCount.pointee.load(ordering: .relaxed) >= Self.limit { return }
        pendingCount.pointee.add(1, ordering: .relaxed)
        let node = Node(effect, bridge: bridge)
        let bits = UInt(bitPattern: Unmanaged.passRetained(node).toOpaque())
        var before = newest.load(ordering: .relaxed)
        while true {
            node.before = before
            let (isDone, now) = newest.compareExchange(
                expected: before, desired: bits, successOrdering: .releasing, failureOrdering: .relaxed)
            if isDone { break }
            before = now
        }
        packets.wake()
    }

    /// Takes out all effects, the oldest first. Once they are done, ``finish(_:)`` must be told how many.
    public func takeAll() -> [(bridge: Int, effect: any SideEffect)] {
        var result: [(bridge: Int, effect: any SideEffect)] = []
        var bits = newest.exchange(0, ordering: .acquiring)
        while let address = UnsafeRawPointer(bitPattern: bits) {
            // Safe: each was retained once when it was pushed.
            let node = Unmanaged<Node>.fromOpaque(address).takeRetainedValue()
            result.append((node.bridge, node.effect))
            bits = node.before
        }
        result.reverse()
        return result
    }

    /// What was taken out has been done, and is in force.
    public func finish(_ count: Int) { pendingCount.pointee.subtract(count, ordering: .releasing) }
}

/// Where the side effects of one bridge's packets go.
struct SideEffectOutlet {
    let queue: SideEffectQueue
    /// The data path's number of the bridge.
    let bridge: Int

    func push(_ effects: ContiguousArray<any SideEffect>) {
        for effect in effects { queue.push(effect, bridge: bridge) }
    }
}
