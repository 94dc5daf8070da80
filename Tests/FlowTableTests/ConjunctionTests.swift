import OpenFlow
import Packet
import Testing

@testable import FlowTable

/// Conjunctive matches (ovs-fields(7)) against a search flow by flow.
@Suite struct ConjunctionTests {
    /// The answer of a table, in the plainest way.
    private func search(_ flows: [FlowEntry], _ key: FlowKey) -> FlowEntry? {
        func conjunctions(_ entry: FlowEntry) -> [(id: UInt32, clause: UInt8, count: UInt8)] {
            entry.flow.instructions.apply.compactMap {
                if case .conjunction(let id, let clause, let count) = $0 { (id, clause, count) } else { nil }
            }
        }
        func best(_ key: FlowKey) -> FlowEntry? {
            flows.filter { conjunctions($0).isEmpty && $0.flow.match.matches(key) }.max { $0.rank < $1.rank }
        }
        let plain = best(key)
        let parts = flows.filter { entry in
            entry.flow.match.matches(key) && !conjunctions(entry).isEmpty
                && plain.map { entry.flow.priority > $0.flow.priority } ?? true
        }
        for priority in Set(parts.map(\.flow.priority)).sorted(by: >) {
            let clauses = parts.filter { $0.flow.priority == priority }.flatMap(conjunctions)
            for id in Set(clauses.map(\.id)).sorted() {
                let own = clauses.filter { $0.id == id }
                guard Set(own.map(\.clause)).count == Int(own[0].count) else { continue }
                var second = key
                second[.conjID] = UInt128(id)
                if let answer = best(second) { return answer }
            }
        }
        return plain
    }

    private func flow(_ generator: inout RandomFlows) -> Flow {
        var flow = generator.flow()
        flow.priority = generator.random.pick([1, 2, 3, 4])
        switch generator.random.below(10) {
        case 0..<6:
            // Small matches, so that several parts meet.
            let key = generator.packet()
            flow.match = Match()
            for field in [FieldID.inPort, .ipv4Src, .ipv4Dst, .ethSrc].shuffled(using: &generator.random).prefix(1) {
                flow.match.set(field, key[field], mask: field == .inPort ? nil : Field[field].allOnes << 12)
            }
            flow.instructions.apply = (0..<1 + generator.random.below(2)).map { _ in
                let id = UInt32(1 + generator.random.below(3))
                let count = UInt8(id == 3 ? 3 : 2)
                return .conjunction(id: id, clause: UInt8(1 + generator.random.below(Int(count))), count: count)
            }
        case 6, 7:
            flow.match = Match()
            flow.match.set(.conjID, UInt128(1 + generator.random.below(3)))
            if generator.random.chance(30) { flow.match.set(.inPort, UInt128(1 + generator.random.below(4))) }
        default: break
        }
        return flow
    }

    @Test func agreesWithSearch() throws {
        var answers = 0
        for seed in 0..<UInt64(Effort.full(60, 12)) { answers += try check(seed: seed) }
        #expect(answers > 20, "conjunctions are met")
    }

    /// How many answers a conjunction gave.
    private func check(seed: UInt64) throws -> Int {
        var generator = RandomFlows(seed: seed)
        var tables = FlowTables(hashSeed: seed)
        let count = 5 + generator.random.below(80)
        for _ in 0..<count { _ = try tables.apply(FlowMod(.add, flow(&generator)), now: 0) }
        var viaConjunction = 0
        for round in 0..<120 {
            if round % 10 == 9 {
                // A flow becomes a part of a conjunction, or no part any more, or goes.
                let other = flow(&generator)
                if let entry = tables.flows(in: 0).randomElement(using: &generator.random) {
                    let one = FlowSelection(table: 0, strictly: entry.flow.match, priority: entry.flow.priority)
                    if generator.random.chance(70) {
                        tables.modify(one, instructions: other.instructions)
                    } else {
                        tables.remove(one)
                    }
                }
            }
            let snapshot = tables.snapshot()
            let flows = tables.flows(in: 0)
            #expect(snapshot.flows(in: 0).map(\.id) == flows.map(\.id), "seed \(seed)")
            let key = generator.packet(near: flows.map(\.flow).filter { $0.match.mask[.conjID] == 0 })
            var wildcards = FlowMask()
            let found = snapshot.lookup(table: 0, key: key, wildcards: &wildcards)
            #expect(found === search(flows, key), "seed \(seed), round \(round)")
            #expect(snapshot.lookup(table: 0, key: key) === found, "seed \(seed), round \(round)")
            if let found, found.flow.match.mask[.conjID] != 0 { viaConjunction += 1 }
            for _ in 0..<20 {
                var other = generator.packet(near: flows.map(\.flow))
                for word in 0..<FlowKey.wordCount {
                    other[word] = other[word] & ~wildcards[word] | key[word] & wildcards[word]
                }
                other[.conjID] = 0
                #expect(search(flows, other) === found, "seed \(seed), round \(round): bits that decide are missing")
            }
        }
        return viaConjunction
    }
}
