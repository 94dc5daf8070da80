import OpenFlow
import Packet
import Testing

@testable import FlowTable

/// What many flows cost, and that they are all found.
@Suite(.serialized) struct ScaleTests {
    static var flowCount: Int {
        #if DEBUG
            20_000
        #else
            1_000_000
        #endif
    }

    private func match(_ number: Int) -> Match {
        // Multiplying by an odd number spreads addresses over the whole space.
        var match = Match()
        match.set(.ethType, 0x0800)
        match.set(.ipv4Dst, UInt128(UInt32(truncatingIfNeeded: number &* 2_654_435_761)))
        match.set(.ipv4Src, UInt128(UInt32(truncatingIfNeeded: number / 1000)))
        return match
    }

    @Test func manyFlowsWithASnapshotEvery500() throws {
        var tables = FlowTables(hashSeed: 7)
        let clock = ContinuousClock()
        var snapshots = 0
        var snapshotTime = Duration.zero
        var last = tables.snapshot()
        let whole = try clock.measure {
            for number in 0..<Self.flowCount {
                try tables.add(Flow(match: match(number), instructions: InstructionSet()))
                if number % 500 == 499 {
                    snapshotTime += clock.measure { last = tables.snapshot() }
                    snapshots += 1
                }
            }
        }
        last = tables.snapshot()
        #expect(last.flowCount == Self.flowCount)
        var keys: [FlowKey] = []
        for number in stride(from: 0, to: Self.flowCount, by: 97) { keys.append(match(number).key) }
        var missing = 0
        let looking = clock.measure {
            for key in keys where last.lookup(table: 0, key: key)?.flow.match.key != key { missing += 1 }
        }
        #expect(missing == 0)
        #expect(throws: Never.self) { try tables.add(Flow(match: match(0), instructions: InstructionSet())) }
        let removing = clock.measure { tables.remove(FlowSelection()) }
        #expect(tables.count == 0)
        #expect(last.lookup(table: 0, key: keys[3]) != nil)
        #expect(tables.snapshot().lookup(table: 0, key: keys[3]) == nil)
        print(
            "\(Self.flowCount) flows: \(Int(Double(Self.flowCount) / (whole / .seconds(1)))) adds/s with \(snapshots)",
            "snapshots of \(Int(snapshotTime / .microseconds(1)) / snapshots) µs,",
            "lookup \(Int(looking / .nanoseconds(1)) / keys.count) ns,",
            "\(Int(Double(Self.flowCount) / (removing / .seconds(1)))) removals/s")
    }
}
