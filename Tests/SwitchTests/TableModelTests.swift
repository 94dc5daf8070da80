import FlowTable
import OpenFlow
import TestSupport
import Testing

@testable import Switch

/// Random changes of few flows, groups and meters, so that most meet something that is there.
private struct RandomMods {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func chance(_ percent: Int) -> Bool { random.chance(percent) }
    mutating func below(_ bound: Int) -> Int { random.below(bound) }

    mutating func mod() -> PlainBridge.Mod {
        switch random.below(10) {
        case 0...5: return flowMod()
        case 6...7: return .group(groupMod())
        default: return .meter(meterMod())
        }
    }

    private mutating func match() -> PlainMatch {
        var match = PlainMatch()
        if random.chance(40) { match.inPort = UInt32(1 + random.below(2)) }
        if random.chance(70) { match.etherType = random.pick([0x0800, 0x0800, 0x0806]) }
        if match.etherType == 0x0800, random.chance(60) {
            let length = random.pick([1, 8, 24, 32])
            let bits = random.pick([0x0a00_0001, 0x0a00_0002, 0x0a01_0000, 0x8000_0000]) as UInt32
            match.source = (bits & UInt32.max << UInt32(32 - length), length)
        }
        return match
    }

    /// Of five groups and meters that may be there, few are missing most of the time.
    private mutating func id() -> UInt32 { UInt32(1 + random.below(5)) }

    private mutating func actions() -> [Action] {
        (0..<random.below(3)).map { _ in
            random.chance(35) ? .group(id()) : .output(PortNumber(UInt32(1 + random.below(3))), maxLength: 0)
        }
    }

    private mutating func flowMod() -> PlainBridge.Mod {
        let command = random.pick(
            [.add, .add, .add, .add, .modify, .modifyStrict, .delete, .deleteStrict] as [FlowMod.Command])
        let match = match()
        var flow = Flow(
            table: random.pick([0, 1, 254]), priority: UInt16(1 + random.below(2)), match: match.match,
            instructions: InstructionSet(apply: actions()))
        flow.cookie = UInt64(random.below(4))
        if random.chance(2) { flow.table = 255 }
        if command != .delete, command != .deleteStrict {
            if random.chance(20) { flow.instructions.write = actions() }
            if random.chance(20) { flow.instructions.meter = id() }
            if random.chance(10) { flow.flags.insert(.checkOverlap) }
            if random.chance(30) { flow.flags.insert(.sendFlowRemoved) }
            if random.chance(20), flow.table < 254 { flow.instructions.gotoTable = 254 }
        }
        var mod = FlowMod(command, flow)
        if command != .add, random.chance(30) { mod.cookieMask = UInt64(random.below(4)) }
        if command == .delete || command == .deleteStrict {
            mod.flow.instructions = InstructionSet()
            if random.chance(40) { mod.flow.table = FlowMod.allTables }
            if random.chance(30) { mod.outputPort = PortNumber(UInt32(1 + random.below(3))) }
            if random.chance(30) { mod.outputGroup = id() }
        }
        return .flow(mod, match)
    }

    private mutating func groupMod() -> GroupMod {
        let command = random.pick([.add, .add, .add, .modify, .addOrModify, .delete] as [GroupMod.Command])
        if command == .delete {
            let id = random.chance(8) ? Group.all : random.chance(5) ? Group.any : id()
            return GroupMod(.delete, Group(id: id, kind: .all, buckets: []))
        }
        let kind = random.pick(Group.Kind.allCases)
        let count = kind == .indirect && random.chance(90) ? 1 : random.below(3)
        let buckets = (0..<count).map { _ in
            var bucket = Group.Bucket(actions: actions())
            if kind == .fastFailover || kind == .select, random.chance(80) {
                if random.chance(70) { bucket.watchPort = PortNumber(2) } else { bucket.watchGroup = id() }
            }
            return bucket
        }
        return GroupMod(command, Group(id: random.chance(2) ? Group.lastID + 1 : id(), kind: kind, buckets: buckets))
    }

    private mutating func meterMod() -> MeterMod {
        let command = random.pick([.add, .add, .modify, .delete] as [MeterMod.Command])
        var id = random.pick([id(), id(), id(), id(), Meter.controller, 0, Meter.lastID + 1])
        if command == .delete, random.chance(8) { id = Meter.all }
        let bands = command == .delete ? [] : [Meter.Band(.drop, rate: UInt32(1 + random.below(9)))]
        return MeterMod(command, Meter(id: id, flags: .packetsPerSecond, bands: bands))
    }
}

extension RunningSwitch {
    /// Any sequence of flow, group and meter mods leaves a bridge's tables equal to ``PlainBridge``.
    @Suite(.serialized)
    struct TableModelTests {
        @Test(arguments: 0..<20 as Range<UInt64>)
        func tablesEqualTheModel(seed: UInt64) throws {
            let vswitch = try VirtualSwitch(environment: TestEnvironment.shared)
            let bridge = try vswitch.addBridge(name: "br0")
            try bridge.setFlows([])
            var mods = RandomMods(seed: seed)
            var model = PlainBridge()
            var seen: Set<PlainBridge.Fault> = []
            var removed = 0
            for step in 0..<400 {
                let place = "seed \(seed), step \(step)"
                if mods.chance(5) {
                    transact((0..<mods.below(12)).map { _ in mods.mod() }, bridge, &model, place)
                } else {
                    let mod = mods.mod()
                    let before = model
                    let expected = model.apply(mod)
                    seen.formUnion(expected.faults)
                    removed += expected.removed.count
                    #expect(expected.faults.isEmpty || model == before)
                    do throws(OpenFlowError) {
                        check(try Self.make(mod, in: bridge), expected, "\(place): \(mod)")
                    } catch {
                        let fault = PlainBridge.Fault(error.type, error.code)
                        #expect(expected.faults.contains(fault), "\(place): \(mod): \(error)")
                    }
                }
                guard isEqual(bridge, model, place) else { return }
                if mods.chance(20) { bridge.publishChanges() }
                if mods.chance(5) { compareInForce(bridge, model, place) }
            }
            // Group and meter missing, group and meter there already: what the mods were to bring about.
            let usual = [(2, 9), (12, 3), (6, 8), (6, 0), (12, 1)].map { PlainBridge.Fault($0, $1) }
            #expect(seen.isSuperset(of: usual) && removed > 20, "seed \(seed): \(removed) removed, \(seen)")
            try vswitch.stop()
        }

        /// Several changes at once, in force together; if one is refused, none is made.
        private func transact(
            _ mods: [PlainBridge.Mod], _ bridge: Bridge, _ model: inout PlainBridge, _ place: String
        ) {
            var all = model
            let faults = mods.lazy.map { all.apply($0).faults }.first { !$0.isEmpty }
            do throws(OpenFlowError) {
                try bridge.transaction { () throws(OpenFlowError) in
                    for mod in mods { _ = try Self.make(mod, in: bridge) }
                }
                #expect(faults == nil, "\(place): \(mods)")
                model = all
            } catch {
                let fault = PlainBridge.Fault(error.type, error.code)
                #expect(faults?.contains(fault) == true, "\(place): \(mods): \(error)")
            }
        }

        private static func make(
            _ mod: PlainBridge.Mod, in bridge: Bridge
        ) throws(OpenFlowError) -> FlowModOutcome {
            switch mod {
            case .flow(let mod, _): try bridge.apply(mod)
            case .group(let mod): try bridge.apply(mod)
            case .meter(let mod): try bridge.apply(mod)
            }
        }

        private func check(_ outcome: FlowModOutcome, _ expected: PlainBridge.Result, _ place: String) {
            #expect(expected.faults.isEmpty, "\(place) is to be refused: \(expected.faults)")
            #expect(Set(outcome.removed.map(\.entry.flow)) == Set(expected.removed), "\(place)")
            #expect(outcome.removed.count == expected.removed.count, "\(place)")
            #expect(outcome.removed.allSatisfy { $0.reason == expected.reason }, "\(place)")
        }

        private func isEqual(_ bridge: Bridge, _ model: PlainBridge, _ place: String) -> Bool {
            let flows = bridge.tables.flows(FlowSelection()).sorted { $0.id < $1.id }.map(\.flow)
            #expect(flows == model.items.map(\.flow), "\(place)")
            #expect(bridge.groups.entries.mapValues(\.group) == model.groups, "\(place)")
            #expect(bridge.meters.entries.mapValues(\.meter) == model.meters, "\(place)")
            return flows == model.items.map(\.flow) && bridge.groups.entries.mapValues(\.group) == model.groups
                && bridge.meters.entries.mapValues(\.meter) == model.meters
        }

        /// What workers ask, and what statistics tell.
        private func compareInForce(_ bridge: Bridge, _ model: PlainBridge, _ place: String) {
            bridge.publishChanges()
            let flows = [0, 1, 254].flatMap { bridge.pipeline.tables.flows(in: $0) }
            #expect(flows.sorted { $0.id < $1.id }.map(\.flow) == model.items.map(\.flow), "\(place)")
            #expect(bridge.pipeline.groups.mapValues(\.group) == model.groups, "\(place)")
            #expect(bridge.pipeline.meters.mapValues(\.meter) == model.meters, "\(place)")
            for group in bridge.groupStatistics() {
                #expect(group.references == model.uses(ofGroup: group.id), "\(place): group \(group.id)")
            }
            for meter in bridge.meterStatistics() {
                #expect(meter.flows == model.uses(ofMeter: meter.id), "\(place): meter \(meter.id)")
            }
        }
    }
}
