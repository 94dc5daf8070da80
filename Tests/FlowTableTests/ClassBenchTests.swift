import OpenFlow
import Packet
import Testing

@testable import FlowTable

/// The sets that classifiers are compared by: right for each packet of each trace, and how fast.
@Suite(.serialized) struct ClassBenchTests {
    /// Linear search is too slow to do for each packet without optimisation.
    static let step = Effort.full(1, 41)

    private func tables(_ set: ClassBench) throws -> FlowTables {
        var tables = FlowTables(hashSeed: 42)
        for flow in set.flows { try tables.add(flow) }
        return tables
    }

    @Test(arguments: ClassBench.names)
    func picksTheRuleThatLinearSearchPicks(_ name: String) throws {
        guard let set = ClassBench(name) else { return }
        var tables = try tables(set)
        let snapshot = tables.snapshot()
        for packet in stride(from: 0, to: set.trace.count, by: Self.step).map({ set.trace[$0] }) {
            let expected = set.linearSearch(packet)
            var wildcards = FlowMask()
            let found = snapshot.lookup(table: 0, key: packet.key, wildcards: &wildcards)
            #expect(found?.flow.cookie == UInt64(expected), "\(name): \(packet)")
        }
    }

    @Test(arguments: ClassBench.names)
    func answersDependOnReportedBitsOnly(_ name: String) throws {
        guard let set = ClassBench(name) else { return }
        var tables = try tables(set)
        let snapshot = tables.snapshot()
        var random = SeededGenerator(seed: 99)
        for packet in stride(from: 0, to: set.trace.count, by: Self.step).map({ set.trace[$0] }) {
            let key = packet.key
            var wildcards = FlowMask()
            let found = snapshot.lookup(table: 0, key: key, wildcards: &wildcards)
            for _ in 0..<10 {
                var other = random.pick(set.trace).key
                for word in 0..<FlowKey.wordCount {
                    other[word] = other[word] & ~wildcards[word] | key[word] & wildcards[word]
                }
                #expect(snapshot.lookup(table: 0, key: other)?.id == found?.id, "\(name), seed 99: \(packet)")
            }
        }
    }

    @Test func timings() throws {
        #if DEBUG
            print("skipped: timings are those of release builds")
        #else
            for name in ClassBench.names { try measure(name) }
        #endif
    }

    private func measure(_ name: String) throws {
        guard let set = ClassBench(name) else { return }
        let flows = set.flows
        var tables = FlowTables(hashSeed: 42)
        let start = ThreadClock.now
        for flow in flows { try tables.add(flow) }
        let adding = ThreadClock.now - start
        let snapshot = tables.snapshot()
        var random = SeededGenerator(seed: 1)
        let keys = set.trace.map(\.key).shuffled(using: &random)
        let rounds = 400_000 / keys.count + 1
        var matched = 0
        let plain = time(rounds) {
            for key in keys where unsafe withUnsafePointer(to: key, {
                unsafe snapshot.find(table: 0, key: $0, wildcards: nil) != nil
            }) { matched += 1 }
        }
        var masks: Set<FlowMask> = []
        var bits = 0
        for key in keys {
            var mask = FlowMask()
            _ = snapshot.lookup(table: 0, key: key, wildcards: &mask)
            masks.insert(mask)
            for word in 0..<FlowKey.wordCount { bits += mask[word].nonzeroBitCount }
        }
        let tracked = time(rounds / 4 + 1) {
            for key in keys {
                var mask = FlowMask()
                matched += snapshot.lookup(table: 0, key: key, wildcards: &mask) == nil ? 0 : 1
            }
        }
        #expect(matched > 0)
        let count = keys.count
        print(
            name, "\(flows.count) flows, \(snapshot.subtableCount(in: 0)) subtables,",
            "lookup \(Int(plain / Double(count))) ns, with wildcards \(Int(tracked / Double(count))) ns,",
            "\(bits / count) bits examined, \(masks.count) masks,",
            "\(Int(Double(flows.count) / adding * 1e9)) adds/s")
    }

    /// The shortest time of a round on the processor, in nanoseconds.
    private func time(_ rounds: Int, _ body: () -> Void) -> Double {
        (0..<rounds).map { _ in
            let start = ThreadClock.now
            body()
            return ThreadClock.now - start
        }.min() ?? 0
    }
}
