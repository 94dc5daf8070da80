import OpenFlow
import Packet

@testable import FlowTable

/// Flow tables as a list, changed in the plainest way (OpenFlow 1.3.5 §6.4): what flow mods must agree with.
struct PlainFlowTables {
    struct Item: Equatable {
        var flow: Flow
        var created: UInt64
        var packets: UInt64 = 0
    }

    enum Refusal: Error { case full, overlap }

    /// In the order in which they were added.
    private(set) var items: [Item] = []
    let limit: Int

    init(limit: Int) { self.limit = limit }

    /// What went, but for what was replaced, and whether anything was modified.
    mutating func apply(_ mod: FlowMod, now: UInt64) throws(Refusal) -> (removed: [Flow], modified: Int) {
        switch mod.command {
        case .add:
            try add(mod.flow, now: now)
            return ([], 0)
        case .modify, .modifyStrict:
            let chosen = items.indices.filter { isMeant(items[$0].flow, by: mod) }
            for index in chosen {
                items[index].flow.instructions = mod.flow.instructions
                if mod.setsCookie { items[index].flow.cookie = mod.flow.cookie }
                if mod.flow.flags.contains(.resetCounts) { items[index].packets = 0 }
            }
            if chosen.isEmpty, mod.addsWhenNoneIsModified { try add(mod.flow, now: now) }
            return ([], chosen.count)
        case .delete, .deleteStrict:
            let removed = items.filter { isMeant($0.flow, by: mod) }
            items = items.filter { !isMeant($0.flow, by: mod) }
            return (removed.map(\.flow), 0)
        }
    }

    private mutating func add(_ flow: Flow, now: UInt64) throws(Refusal) {
        if flow.flags.contains(.checkOverlap) {
            for other in items.map(\.flow) where other.table == flow.table && other.priority == flow.priority {
                let both = other.match.mask & flow.match.mask
                if other.match.key & both == flow.match.key & both { throw .overlap }
            }
        }
        var item = Item(flow: flow, created: now)
        let same = items.firstIndex {
            $0.flow.table == flow.table && $0.flow.priority == flow.priority && $0.flow.match == flow.match
        }
        if let same {
            if !flow.flags.contains(.resetCounts) { item.packets = items[same].packets }
            items.remove(at: same)
        } else if items.count >= limit {
            throw .full
        }
        items.append(item)
    }

    private func isMeant(_ flow: Flow, by mod: FlowMod) -> Bool {
        let meant = mod.flow
        if meant.table != FlowMod.allTables, flow.table != meant.table { return false }
        if (flow.cookie ^ meant.cookie) & mod.cookieMask != 0 { return false }
        switch mod.command {
        case .add, .modifyStrict, .deleteStrict:
            if flow.priority != meant.priority || flow.match != meant.match { return false }
        case .modify, .delete:
            if !meant.match.mask.isSubset(of: flow.match.mask) || !meant.match.matches(flow.match.key) { return false }
        }
        if mod.command == .modify || mod.command == .modifyStrict { return true }
        let actions = flow.instructions.apply + flow.instructions.write
        let outputs = actions.contains { if case .output(mod.outputPort, _) = $0 { true } else { false } }
        return (mod.outputPort == .any || outputs)
            && (mod.outputGroup == Group.any || actions.contains(.group(mod.outputGroup)))
    }

    /// A packet meets a flow.
    mutating func count(_ index: Int) { items[index].packets += 1 }
}
