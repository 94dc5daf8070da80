import OpenFlow

/// What a flow of ``PlainBridge`` matches, as a person says it: whichever of in_port, the EtherType and, of an IPv4
/// packet, the first bits of its source. Not in the switch's own terms, so that both can't share a fault.
struct PlainMatch: Hashable {
    var inPort: UInt32?
    var etherType: UInt16?
    /// Only with the EtherType of IPv4.
    var source: (bits: UInt32, length: Int)?

    static func == (left: PlainMatch, right: PlainMatch) -> Bool {
        left.inPort == right.inPort && left.etherType == right.etherType && left.source?.bits == right.source?.bits
            && left.source?.length == right.source?.length
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(inPort)
        hasher.combine(etherType)
        hasher.combine(source?.bits)
    }

    private static func agree(_ left: UInt32, _ right: UInt32, first length: Int) -> Bool {
        length == 0 || (left ^ right) >> UInt32(32 - length) == 0
    }

    /// Whether every packet that this matches, `other` matches too: what modify and delete go by (OpenFlow 1.3.5 §6.4).
    func isWithin(_ other: PlainMatch) -> Bool {
        if let port = other.inPort, port != inPort { return false }
        if let type = other.etherType, type != etherType { return false }
        guard let wide = other.source else { return true }
        guard let source else { return false }
        return wide.length <= source.length && Self.agree(wide.bits, source.bits, first: wide.length)
    }

    /// Whether some packet is matched by both.
    func overlaps(_ other: PlainMatch) -> Bool {
        if let inPort, let port = other.inPort, port != inPort { return false }
        if let etherType, let type = other.etherType, type != etherType { return false }
        guard let source, let far = other.source else { return true }
        return Self.agree(source.bits, far.bits, first: min(source.length, far.length))
    }

    var match: Match {
        var match = Match()
        if let inPort { match.set(.inPort, UInt128(inPort)) }
        if let etherType { match.set(.ethType, UInt128(etherType)) }
        if let source {
            let mask = source.length == 0 ? 0 : UInt32.max << UInt32(32 - source.length)
            match.set(.ipv4Src, UInt128(source.bits & mask), mask: UInt128(mask))
        }
        return match
    }
}

/// A bridge's tables in the plainest way: an array of flows and two dictionaries (OpenFlow 1.3.5 §6.4, §6.5, §6.6).
struct PlainBridge: Equatable {
    struct Item: Equatable {
        var match: PlainMatch
        var flow: Flow
    }

    /// A change; a flow mod with its match as a person says it.
    enum Mod {
        case flow(FlowMod, PlainMatch)
        case group(GroupMod)
        case meter(MeterMod)
    }

    /// The number of an error's type and code (OpenFlow 1.3.5 §7.4.4).
    struct Fault: Hashable {
        let type: UInt16
        let code: UInt16

        init(_ type: UInt16, _ code: UInt16) { (self.type, self.code) = (type, code) }
    }

    typealias Result = (removed: [Flow], reason: FlowRemovedReason, faults: Set<Fault>)

    /// In the order in which they were added.
    private(set) var items: [Item] = []
    private(set) var groups: [UInt32: Group] = [:]
    private(set) var meters: [UInt32: Meter] = [:]

    /// What the change does; faults, of which any may be told, if it is refused.
    ///
    /// - Returns: the flows that went, but for one that was replaced, and why.
    mutating func apply(_ mod: Mod) -> Result {
        switch mod {
        case .flow(let mod, let match):
            let faults = faults(of: mod, match)
            return (faults.isEmpty ? apply(mod, match) : [], .delete, faults)
        case .group(let mod): return apply(mod)
        case .meter(let mod): return apply(mod)
        }
    }

    // MARK: Flows

    private func faults(of mod: FlowMod, _ match: PlainMatch) -> Set<Fault> {
        if mod.command == .delete || mod.command == .deleteStrict { return [] }
        var faults: Set<Fault> = []
        // Modifications that go by the cookie may mean all tables.
        if mod.flow.table == 255, mod.command == .add || mod.cookieMask == 0 { faults.insert(Fault(5, 2)) }
        for case .group(let id) in mod.flow.allActions where groups[id] == nil { faults.insert(Fault(2, 9)) }
        if let id = mod.flow.instructions.meter, meters[id] == nil { faults.insert(Fault(12, 3)) }
        if mod.command == .add, mod.flow.flags.contains(.checkOverlap) {
            let others = items.filter { $0.flow.table == mod.flow.table && $0.flow.priority == mod.flow.priority }
            if others.contains(where: { $0.match.overlaps(match) }) { faults.insert(Fault(5, 3)) }
        }
        return faults
    }

    private mutating func apply(_ mod: FlowMod, _ match: PlainMatch) -> [Flow] {
        let isMeant = items.map { self.isMeant($0, by: mod, match) }
        switch mod.command {
        case .add:
            items.removeAll {
                $0.flow.table == mod.flow.table && $0.flow.priority == mod.flow.priority && $0.match == match
            }
            items.append(Item(match: match, flow: mod.flow))
            return []
        case .modify, .modifyStrict:
            for index in items.indices where isMeant[index] {
                items[index].flow.instructions = mod.flow.instructions
            }
            return []
        case .delete, .deleteStrict:
            let removed = zip(items, isMeant).filter(\.1).map(\.0.flow)
            items = zip(items, isMeant).filter { !$0.1 }.map(\.0)
            return removed
        }
    }

    private func isMeant(_ item: Item, by mod: FlowMod, _ match: PlainMatch) -> Bool {
        let isStrict = mod.command == .modifyStrict || mod.command == .deleteStrict
        if isStrict, item.match != match || item.flow.priority != mod.flow.priority { return false }
        if !isStrict, !item.match.isWithin(match) { return false }
        if mod.flow.table != 255, item.flow.table != mod.flow.table { return false }
        if item.flow.cookie & mod.cookieMask != mod.flow.cookie & mod.cookieMask { return false }
        if mod.command == .modify || mod.command == .modifyStrict { return true }
        let (port, group) = (mod.outputPort, mod.outputGroup)
        let outputs = item.flow.allActions.contains { if case .output(port, _) = $0 { true } else { false } }
        return (port == .any || outputs) && (group == Group.any || item.flow.allActions.contains(.group(group)))
    }

    private mutating func removeFlows(where isMeant: (Flow) -> Bool) -> [Flow] {
        let removed = items.map(\.flow).filter(isMeant)
        items.removeAll { isMeant($0.flow) }
        return removed
    }

    // MARK: Groups

    private mutating func apply(_ mod: GroupMod) -> Result {
        let id = mod.group.id
        switch mod.command {
        case .add, .modify, .addOrModify, .insertBuckets, .removeBuckets:
            var faults = faults(of: mod.group)
            if mod.command == .add, groups[id] != nil { faults.insert(Fault(6, 0)) }
            if mod.command == .modify, groups[id] == nil { faults.insert(Fault(6, 8)) }
            if faults.isEmpty { groups[id] = mod.group }
            return ([], .groupDelete, faults)
        case .delete where id == Group.all:
            groups = [:]
            let removed = removeFlows { flow in
                flow.allActions.contains { if case .group = $0 { true } else { false } }
            }
            return (removed, .groupDelete, [])
        case .delete:
            if id > Group.lastID { return ([], .groupDelete, [Fault(6, 1)]) }
            if groups[id] == nil { return ([], .groupDelete, []) }
            let others = groups.values.filter { $0.id != id }.flatMap(\.buckets)
            if others.contains(where: { $0.actions.contains(.group(id)) }) { return ([], .groupDelete, [Fault(6, 9)]) }
            groups[id] = nil
            return (removeFlows { $0.allActions.contains(.group(id)) }, .groupDelete, [])
        }
    }

    private func faults(of group: Group) -> Set<Fault> {
        var faults: Set<Fault> = []
        if group.id > Group.lastID { faults.insert(Fault(6, 1)) }
        if group.kind == .indirect, group.buckets.count != 1 { faults.insert(Fault(6, 1)) }
        var later = groups
        later[group.id] = group
        for bucket in group.buckets {
            let watches = bucket.watchPort != .any || bucket.watchGroup != Group.any
            if group.kind == .fastFailover, !watches { faults.insert(Fault(6, 6)) }
            if bucket.watchGroup != Group.any, groups[bucket.watchGroup] == nil || bucket.watchGroup == group.id {
                faults.insert(Fault(6, 13))
            }
            for case .group(let next) in bucket.actions where later[next] == nil { faults.insert(Fault(2, 9)) }
        }
        if Self.comesBack(to: group.id, in: later) { faults.insert(Fault(6, 7)) }
        return faults
    }

    /// Whether a packet of a group's, or the question whether the group is alive, comes back to it.
    private static func comesBack(to id: UInt32, in groups: [UInt32: Group]) -> Bool {
        var reached: Set<UInt32> = []
        var front: Set<UInt32> = [id]
        while !front.isEmpty {
            let next = front.flatMap { groups[$0]?.buckets ?? [] }.flatMap { bucket in
                bucket.actions.compactMap { if case .group(let next) = $0 { next } else { nil } } + [bucket.watchGroup]
            }
            front = Set(next).subtracting(reached)
            reached.formUnion(front)
        }
        return reached.contains(id)
    }

    // MARK: Meters

    private mutating func apply(_ mod: MeterMod) -> Result {
        let id = mod.meter.id
        let isOut = (id == 0 || id > Meter.lastID) && id != Meter.controller && id != Meter.slowPath
        switch mod.command {
        case .add, .modify:
            var faults: Set<Fault> = isOut ? [Fault(12, 2)] : []
            if mod.command == .add, meters[id] != nil { faults.insert(Fault(12, 1)) }
            if mod.command == .modify, meters[id] == nil { faults.insert(Fault(12, 3)) }
            if faults.isEmpty { meters[id] = mod.meter }
            return ([], .meterDelete, faults)
        case .delete where id == Meter.all:
            meters = [:]
            return (removeFlows { $0.instructions.meter != nil }, .meterDelete, [])
        case .delete:
            if isOut { return ([], .meterDelete, [Fault(12, 2)]) }
            if meters.removeValue(forKey: id) == nil { return ([], .meterDelete, []) }
            return (removeFlows { $0.instructions.meter == id }, .meterDelete, [])
        }
    }

    // MARK: Uses

    func uses(ofGroup id: UInt32) -> Int {
        items.filter { $0.flow.allActions.contains(.group(id)) }.count
            + groups.values.filter { $0.buckets.contains { $0.actions.contains(.group(id)) } }.count
    }

    func uses(ofMeter id: UInt32) -> Int { items.filter { $0.flow.instructions.meter == id }.count }
}

extension Flow {
    fileprivate var allActions: [Action] { instructions.apply + instructions.write }
}
