import OpenFlow
import Packet
import Testing

@testable import FlowTable

/// Flow mods against a plain list of flows, and each error by its name.
@Suite struct FlowModTests {
    /// A flow mod that is likely to meet flows that are there.
    private func mod(_ generator: inout RandomFlows, near flows: [Flow]) -> FlowMod {
        let command = generator.random.pick(
            [.add, .add, .add, .modify, .modifyStrict, .delete, .deleteStrict] as [FlowMod.Command])
        var flow = generator.flow()
        if let known = flows.randomElement(using: &generator.random), generator.random.chance(70) {
            (flow.table, flow.priority, flow.match) = (known.table, known.priority, known.match)
            if generator.random.chance(30) {
                let wide = generator.match()
                flow.match = Match(key: known.match.key, mask: known.match.mask & wide.mask)
            }
        }
        if generator.random.chance(20) { flow.instructions.write = [.group(UInt32(generator.random.below(3)))] }
        if generator.random.chance(30) { flow.flags.insert(.checkOverlap) }
        if generator.random.chance(30) { flow.flags.insert(.resetCounts) }
        var mod = FlowMod(command, flow)
        if generator.random.chance(20) { mod.cookieMask = UInt64(generator.random.below(16)) }
        if command == .delete || command == .deleteStrict {
            if generator.random.chance(20) { mod.flow.table = FlowMod.allTables }
            if generator.random.chance(30) { mod.outputPort = PortNumber(UInt32(1 + generator.random.below(8))) }
            if generator.random.chance(20) { mod.outputGroup = UInt32(generator.random.below(3)) }
        }
        mod.addsWhenNoneIsModified = generator.random.chance(30)
        mod.setsCookie = generator.random.chance(30)
        return mod
    }

    /// Any sequence of mods, some in transactions that are taken back, leaves the tables equal to the list.
    @Test(arguments: 0..<UInt64(Effort.full(40, 12)))
    func tablesEqualTheModel(seed: UInt64) throws {
        var generator = RandomFlows(seed: seed)
        generator.tables = [0, 7]
        var tables = FlowTables(flowLimit: 120, hashSeed: seed)
        var model = PlainFlowTables(limit: 120)
        for step in 0..<400 as Range<UInt64> {
            let context = "seed \(seed), step \(step)"
            if generator.random.chance(10) {
                // A bundle of which one mod fails, or that is given up.
                tables.beginTransaction()
                let saved = model
                for _ in 0..<generator.random.below(12) {
                    applyBoth(mod(&generator, near: model.items.map(\.flow)), &tables, &model, step, context)
                }
                if generator.random.chance(70) {
                    tables.rollBackTransaction()
                    model = saved
                } else {
                    tables.commitTransaction()
                }
            } else {
                applyBoth(mod(&generator, near: model.items.map(\.flow)), &tables, &model, step, context)
            }
            if let index = model.items.indices.randomElement(using: &generator.random) {
                let flow = model.items[index].flow
                model.count(index)
                tables.flow(in: flow.table, match: flow.match, priority: flow.priority)?.add(packets: 1, bytes: 60)
            }
            guard step % 5 == 0 else { continue }
            compare(&tables, model, context)
        }
    }

    private func compare(_ tables: inout FlowTables, _ model: PlainFlowTables, _ context: String) {
        let entries = tables.flows(FlowSelection()).sorted { $0.id < $1.id }
        #expect(entries.map(\.flow) == model.items.map(\.flow), "\(context)")
        #expect(entries.map(\.createdNanoseconds) == model.items.map(\.created), "\(context)")
        // A rolled-back replacement leaves counts made meanwhile, of which this test makes none.
        #expect(entries.map(\.packetCount) == model.items.map(\.packets), "\(context)")
        let snapshot = tables.snapshot()
        let listed = (snapshot.flows(in: 0) + snapshot.flows(in: 7)).map(\.id).sorted()
        #expect(listed == entries.map(\.id), "\(context)")
    }

    private func applyBoth(
        _ mod: FlowMod, _ tables: inout FlowTables, _ model: inout PlainFlowTables, _ now: UInt64, _ context: String
    ) {
        var expected: (removed: [Flow], modified: Int)?
        var error: OpenFlowError?
        do throws(PlainFlowTables.Refusal) {
            expected = try model.apply(mod, now: now)
        } catch {
            #expect(error == .full || error == .overlap)
        }
        do throws(OpenFlowError) {
            let outcome = try tables.apply(mod, now: now)
            #expect(Set(outcome.removed.map(\.entry.flow)) == expected.map { Set($0.removed) }, "\(context)")
            #expect(outcome.removed.allSatisfy { $0.reason == .delete })
            #expect(outcome.modified.count == expected?.modified, "\(context)")
        } catch let refusal {
            error = refusal
        }
        #expect((error != nil) == (expected == nil), "\(context): \(mod)")
    }

    // MARK: Errors

    private func error(
        _ text: String, _ change: (inout FlowMod) -> Void = { _ in },
        rules: FlowModRules = FlowModRules(groupExists: { $0 == 1 }, meterExists: { $0 == 1 }), limit: Int = 1
    ) throws -> OpenFlowError? {
        var tables = FlowTables(flowLimit: limit)
        if limit == 0 { tables = FlowTables(flowLimit: 0) }
        var mod = FlowMod(.add, try FlowText.parseFlow(text))
        change(&mod)
        do throws(OpenFlowError) {
            _ = try tables.apply(mod, now: 0, rules: rules)
            return nil
        } catch {
            #expect(tables.count == 0)
            return error
        }
    }

    private func expect(
        _ error: OpenFlowError?, _ expected: OpenFlowError, location: SourceLocation = #_sourceLocation
    ) {
        #expect(error?.type == expected.type && error?.code == expected.code, sourceLocation: location)
        #expect(error?.experimenter == expected.experimenter, sourceLocation: location)
    }

    @Test func refusals() throws {
        expect(try error("actions=drop", limit: 0), .flowModFailed(.tableFull, ""))
        expect(try error("actions=drop", { $0.flow.table = 255 }), .flowModFailed(.badTableID, ""))
        expect(
            try error("actions=drop", { ($0.command, $0.flow.table) = (.modify, 255) }),
            .flowModFailed(.badTableID, ""))
        expect(try error("actions=drop", { $0.flow.flags = .init(rawValue: 0x40) }), .flowModFailed(.badFlags, ""))
        expect(
            try error("table=3 actions=drop", { $0.flow.instructions.gotoTable = 3 }), .badInstruction(.badTableID, ""))
        expect(
            try error("table=3 actions=drop", { $0.flow.instructions.gotoTable = 255 }),
            .badInstruction(.badTableID, ""))
        for port in [0, PortNumber.any.rawValue, PortNumber.maximum.rawValue + 1, 0xffff_fff7] {
            expect(
                try error("actions=drop", { $0.flow.instructions.write = [.output(PortNumber(port), maxLength: 0)] }),
                .badAction(.badOutPort, ""))
        }
        expect(try error("actions=drop", { $0.flow.instructions.apply = [.group(2)] }), .badAction(.badOutGroup, ""))
        expect(try error("actions=drop", { $0.flow.instructions.meter = 2 }), .meterModFailed(.unknownMeter, ""))
        let conjunction: [Action] = [.conjunction(id: 1, clause: 3, count: 2)]
        expect(try error("actions=drop", { $0.flow.instructions.apply = conjunction }), .badConjunction(""))
        #expect(try error("actions=output:1,IN_PORT,LOCAL,CONTROLLER,NORMAL,FLOOD") == nil)
        #expect(
            try error("actions=drop", {
                $0.flow.instructions.apply = [.group(1)]
                $0.flow.instructions.meter = 1
            }) == nil)
        #expect(try error("actions=drop", { $0.command = .delete; $0.flow.table = 255 }) == nil)
    }

    /// Modified flows keep what only an addition sets, and their duration; a replacement begins anew.
    @Test func durations() throws {
        var tables = FlowTables()
        let flow = try FlowText.parseFlow("idle_timeout=5,actions=output:1")
        let added = try tables.apply(FlowMod(.add, flow), now: 1_000)
        var other = try FlowText.parseFlow("idle_timeout=9,send_flow_rem,actions=output:2")
        let modified = try #require(try tables.apply(FlowMod(.modify, other), now: 5_000).modified.first)
        #expect(modified.before === added.added.first)
        #expect(modified.after.flow.idleTimeoutSeconds == 5 && modified.after.flow.flags.isEmpty)
        #expect(modified.after.duration(at: 6_000) == 5_000)
        other.flags = []
        let replaced = try tables.apply(FlowMod(.add, other), now: 7_000)
        #expect(replaced.replaced.first === modified.after && replaced.removed.isEmpty)
        let removed = try #require(try tables.apply(FlowMod(.delete, flow), now: 9_500).removed.first)
        #expect(removed.durationNanoseconds == 2_500 && removed.reason == .delete)
    }

    // MARK: Timeouts and bounds

    private static let second: UInt64 = 1_000_000_000

    @Test func timeouts() throws {
        var tables = FlowTables()
        for text in [
            "priority=1,idle_timeout=10,actions=drop", "priority=2,hard_timeout=15,actions=drop",
            "priority=3,idle_timeout=4,hard_timeout=20,actions=drop", "priority=4,actions=drop",
        ] { _ = try tables.apply(FlowMod(.add, try FlowText.parseFlow(text)), now: Self.second) }
        #expect(tables.nextExpiry == 5 * Self.second)
        func expire(_ at: UInt64, used: [UInt16: UInt64] = [:]) -> [UInt16: FlowRemovedReason] {
            let flows = tables.flows(FlowSelection())
            let removed = tables.expire(now: at * Self.second) {
                for entry in flows { if let used = used[entry.flow.priority] { entry.touch(at: used * Self.second) } }
            }
            return Dictionary(uniqueKeysWithValues: removed.map { ($0.entry.flow.priority, $0.reason) })
        }
        #expect(expire(4).isEmpty)
        #expect(expire(6, used: [3: 5]).isEmpty)
        #expect(tables.nextExpiry == 9 * Self.second)
        #expect(expire(10, used: [3: 9]).isEmpty)
        #expect(expire(12, used: [1: 11, 3: 12]).isEmpty)
        #expect(expire(16, used: [3: 14]) == [2: .hardTimeout])
        #expect(expire(20, used: [3: 20]).isEmpty)
        #expect(expire(21, used: [3: 21]) == [1: .idleTimeout, 3: .hardTimeout])
        #expect(tables.nextExpiry == nil && tables.count == 1)
    }

    /// Flows go when their time has come, whatever else happens to them, and never before.
    @Test(arguments: 0..<10 as Range<UInt64>) func timeoutsEqualTheModel(seed: UInt64) throws {
        var generator = RandomFlows(seed: seed)
        var tables = FlowTables(hashSeed: seed)
        var used: [UInt64: UInt64] = [:]
        for step in 0..<600 as Range<UInt64> {
            let now = step * Self.second / 4
            if generator.random.chance(70) {
                var flow = generator.flow()
                flow.idleTimeoutSeconds = UInt16(generator.random.below(6))
                flow.hardTimeoutSeconds = UInt16(generator.random.below(30))
                for addition in try tables.apply(FlowMod(.add, flow), now: now).added { used[addition.id] = now }
            }
            if let entry = tables.flows(FlowSelection()).randomElement(using: &generator.random) {
                switch generator.random.below(10) {
                case 0: tables.remove(entry)
                case 1: tables.modify(FlowSelection(match: entry.flow.match), instructions: generator.instructions())
                default:
                    entry.touch(at: now)
                    used[entry.id] = now
                }
            }
            let expected = tables.flows(FlowSelection()).filter { entry in
                let (idle, hard) = (entry.flow.idleTimeoutSeconds, entry.flow.hardTimeoutSeconds)
                return idle > 0 && now >= max(used[entry.id]!, entry.createdNanoseconds) + UInt64(idle) * Self.second
                    || hard > 0 && now >= entry.createdNanoseconds + UInt64(hard) * Self.second
            }
            let removed = tables.expire(now: now) {}
            #expect(Set(removed.map(\.entry.id)) == Set(expected.map(\.id)), "seed \(seed), step \(step)")
            #expect(tables.nextExpiry.map { $0 > now } ?? true)
        }
    }

    @Test func evictionTakesTheLeastImportant() throws {
        var tables = FlowTables()
        var settings = tables.settings(of: 2)
        #expect(settings.name == "table2")
        settings.maxEntries = 3
        tables.set(settings, of: 2)
        func add(_ port: UInt32, importance: UInt16) throws -> FlowModOutcome {
            var flow = try FlowText.parseFlow("table=2,in_port=\(port),actions=drop")
            flow.importance = importance
            return try tables.apply(FlowMod(.add, flow), now: UInt64(port))
        }
        for (port, importance) in [(1, 5), (2, 3), (3, 4)] as [(UInt32, UInt16)] {
            _ = try add(port, importance: importance)
        }
        #expect(throws: OpenFlowError.self) { try add(4, importance: 9) }
        settings.evicts = true
        tables.set(settings, of: 2)
        #expect(throws: OpenFlowError.self) { try add(4, importance: 2) }
        let outcome = try add(4, importance: 3)
        #expect(outcome.removed.map(\.reason) == [.eviction])
        #expect(outcome.removed.first?.entry.flow.importance == 3 && outcome.removed.first?.durationNanoseconds == 2)
        #expect(tables.count(in: 2) == 3)
        // The same flow again needs no room.
        #expect(try add(4, importance: 0).removed.isEmpty)
        #expect(try add(5, importance: 1).removed.first?.entry.flow.importance == 0)
    }
}
