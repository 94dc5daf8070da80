import DPDK
import FlowTable
import Packet

/// The changes of the tables that decisions may be older than.
struct ChangeLog {
    private struct Item {
        /// Decisions with this stamp or a later one know of the change.
        let stamp: UInt64
        let change: TableChange
    }

    /// Oldest first.
    private var items: [Item] = []
    /// Changes that decisions with smaller stamps don't know of have been forgotten.
    private(set) var oldestStamp: UInt64 = 0

    mutating func append(_ changes: [TableChange], stamp: UInt64) {
        for change in changes { items.append(Item(stamp: stamp, change: change)) }
        let surplus = items.count - Limits.rememberedChanges
        guard surplus > 0 else { return }
        oldestStamp = items[surplus - 1].stamp
        items.removeFirst(items.prefix { $0.stamp <= oldestStamp }.count)
    }

    mutating func removeAll() {
        items.removeAll(keepingCapacity: true)
        oldestStamp = 0
    }

    /// Whether a change that a decision with that stamp does not know of might concern it.
    func concerns(_ decision: borrowing EarlierDecision, stamp: UInt64) -> Bool {
        for item in items.reversed() {
            if item.stamp <= stamp { return false }
            if decision.isConcerned(by: item.change) { return true }
        }
        return false
    }
}

/// What becomes of the caches when the tables change a little.
///
/// Nothing is looked through: from the change on, a megaflow is first checked against it when a packet meets it. Its
/// stamp tells what it knows of, and checking it gives it a new one. So a change costs a worker nothing at once, and
/// each megaflow in use a short while later.
extension BridgeState {
    /// Megaflows looked at in one go for being out of use.
    private static let sweepCount = 32

    /// Whether the decisions that changes don't concern are worth being kept.
    func keepsDecisions() -> Bool {
        if !usesCaches || megaflows.count == 0 || programs.count > Limits.programs { return false }
        // Programs that are gone on with later, or that count on flows by themselves, name what only the tables that
        // they were made from keep alive.
        if hasBoundPrograms { return false }
        // With fewer bits to look at, keys become shorter and less of each packet is parsed; not for every change, lest
        // a flow that comes and goes empty the caches again and again.
        let needed = KeyMask(publication.pointee.pipeline.examinableMask | examinedByActions)
        if needed.count == relevant.count, needed.depth == depth { return true }
        return evs_cycles() &- forgottenCycles < UInt64(Environment.cyclesPerSecond)
            || needed.count > relevant.count || needed.depth > depth
    }

    /// From now on, what was decided must be checked before it is used.
    mutating func keepDecisions(unlessConcernedBy list: [TableChange]) {
        changes.append(list, stamp: nextStamp)
        oldestStamp = nextStamp
        exactMatch.restartCounting()
        sweep()
    }

    /// Checks a decision against the changes that it does not know of; whether it holds still. If not, it is forgotten.
    ///
    /// - Parameter key: of a packet that it is about.
    mutating func renew(_ megaflow: MegaflowPointer, key: FlowKey) -> Bool {
        let stamp = megaflow.pointee.stamp
        if stamp >= changes.oldestStamp {
            var decision = EarlierDecision(key: key, mask: megaflows.mask(of: megaflow))
            megaflows.forEachFlow(of: megaflow) { decision.note($0) }
            if !changes.concerns(decision, stamp: stamp) {
                megaflow.pointee.stamp = nextStamp
                nextStamp += 1
                return true
            }
        }
        megaflows.remove(megaflow)
        return false
    }

    /// Looks at a few megaflows, and forgets those that have not been met since changes that are no longer known; lest
    /// what nobody asks for any more keep flows alive that have left the tables.
    private mutating func sweep() {
        for _ in 0..<min(Self.sweepCount, megaflows.count) {
            sweepPlace = sweepPlace > 0 && sweepPlace <= megaflows.count ? sweepPlace - 1 : megaflows.count - 1
            let megaflow = megaflows.megaflow(at: sweepPlace)
            if megaflow.pointee.stamp < changes.oldestStamp { megaflows.remove(megaflow) }
        }
    }
}
