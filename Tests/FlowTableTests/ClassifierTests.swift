import OpenFlow
import Packet
import Testing

@testable import FlowTable

/// Random tables against a linear search, and the soundness of the bits that lookups report.
@Suite struct ClassifierTests {
    /// Tables, their oracle and the generator they came from.
    private func build(seed: UInt64, flows: Int, tables: [UInt8]) throws -> (FlowTables, LinearTables, RandomFlows) {
        var generator = RandomFlows(seed: seed)
        generator.tables = tables
        var subject = FlowTables(hashSeed: seed)
        var oracle = LinearTables()
        for _ in 0..<flows {
            let flow = generator.flow()
            oracle.add(flow, id: try subject.add(flow).entry.id)
        }
        return (subject, oracle, generator)
    }

    @Test(
        arguments: [
            (1, 1), (2, 5), (3, 30), (4, 30), (5, 200), (6, 200), (7, Effort.full(1000, 300)),
            (8, Effort.full(3000, 400)),
        ] as [(UInt64, Int)])
    func findsWhatLinearSearchFinds(seed: UInt64, flows: Int) throws {
        var (subject, oracle, generator) = try build(seed: seed, flows: flows, tables: [0, 1, 254])
        let snapshot = subject.snapshot()
        #expect(snapshot.flowCount == oracle.items.count)
        let all = oracle.items.map(\.flow)
        for _ in 0..<Effort.full(2000, 200) {
            let key = generator.packet(near: all)
            for table: UInt8 in [0, 1, 2, 254, 255] {
                let expected = oracle.lookup(table: table, key: key)
                var wildcards = FlowMask()
                let found = snapshot.lookup(table: table, key: key, wildcards: &wildcards)
                #expect(found?.id == expected?.id, "seed \(seed)")
                #expect(found?.flow == expected?.flow, "seed \(seed)")
                #expect(snapshot.lookup(table: table, key: key)?.id == expected?.id, "seed \(seed)")
                #expect(wildcards.isSubset(of: snapshot.examinableMask), "seed \(seed)")
            }
        }
    }

    /// Whatever is changed outside the reported bits, the answer and the report's claim stay.
    @Test(
        arguments: [
            (11, 1), (12, 3), (13, 10), (14, 40), (15, 150), (16, Effort.full(600, 200)),
            (17, Effort.full(2500, 300)),
        ] as [(UInt64, Int)])
    func answersDependOnReportedBitsOnly(seed: UInt64, flows: Int) throws {
        var (subject, oracle, generator) = try build(seed: seed, flows: flows, tables: [3])
        let snapshot = subject.snapshot()
        let all = oracle.items.map(\.flow)
        for _ in 0..<Effort.full(400, 60) {
            let key = generator.packet(near: all)
            var wildcards = FlowMask()
            let id = snapshot.lookup(table: 3, key: key, wildcards: &wildcards)?.id
            for trial in 0..<40 {
                let other = disguise(key, keeping: wildcards, trial: trial, near: all, &generator)
                #expect(oracle.lookup(table: 3, key: other)?.id == id, "seed \(seed)")
            }
        }
    }

    /// Another packet that agrees with `key` in `mask`.
    private func disguise(
        _ key: FlowKey, keeping mask: FlowMask, trial: Int, near flows: [Flow], _ generator: inout RandomFlows
    ) -> FlowKey {
        var change = FlowKey()
        switch trial % 4 {
        case 0:
            // One bit.
            change[generator.random.below(28)] = 1 << UInt64(generator.random.below(64))
        case 1:
            // A few bits where fields are.
            for _ in 0..<6 {
                change[generator.random.pick([0, 1, 3, 3, 4, 4, 5, 6, 7, 8, 18])]
                    |= 1 << UInt64(generator.random.below(64))
            }
        case 2:
            for word in 0..<FlowKey.wordCount { change[word] = generator.random.next() }
        default:
            // Towards another packet that flows know.
            let target = generator.packet(near: flows)
            for word in 0..<FlowKey.wordCount { change[word] = key[word] ^ target[word] }
        }
        var result = key
        for word in 0..<FlowKey.wordCount { result[word] ^= change[word] & ~mask[word] }
        return result
    }

    @Test func reportedBitsAccumulate() throws {
        var tables = FlowTables(hashSeed: 1)
        var match = Match()
        match.set(.inPort, 1)
        try tables.add(Flow(match: match, instructions: InstructionSet()))
        var wildcards = FlowMask()
        wildcards[.metadata] = 7
        var key = FlowKey()
        key[.inPort] = 1
        let found = tables.snapshot().lookup(table: 0, key: key, wildcards: &wildcards)
        #expect(found != nil)
        #expect(wildcards[.metadata] == 7)
        #expect(wildcards[.inPort] == Field[.inPort].allOnes)
    }

    @Test func equalPrioritiesGoToTheFirstAdded() throws {
        var tables = FlowTables()
        var narrow = Match()
        narrow.set(.ethDst, 5)
        var wide = Match()
        wide.set(.inPort, 1)
        let first = try tables.add(Flow(priority: 7, match: wide, instructions: InstructionSet())).entry
        let second = try tables.add(Flow(priority: 7, match: narrow, instructions: InstructionSet())).entry
        var key = FlowKey()
        key[.inPort] = 1
        key[.ethDst] = 5
        let before = tables.snapshot().lookup(table: 0, key: key)
        #expect(before?.id == first.id)
        // Adding the first again makes it the later one.
        try tables.add(first.flow)
        let after = tables.snapshot().lookup(table: 0, key: key)
        #expect(after?.id == second.id)
    }
}
