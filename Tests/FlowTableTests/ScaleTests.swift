import OpenFlow
import Packet
import Testing

@testable import FlowTable

/// What many flows cost, and that they are all found.
@Suite(.serialized) struct ScaleTests {
    static let flowCount = Effort.full(1_000_000, 5_000)

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
        var snapshots = 0
        var snapshotTime = 0.0
        var last = tables.snapshot()
        let start = ThreadClock.now
        for number in 0..<Self.flowCount {
            try tables.add(Flow(match: match(number), instructions: InstructionSet()))
            if number % 500 == 499 {
                let before = ThreadClock.now
                last = tables.snapshot()
                snapshotTime += ThreadClock.now - before
                snapshots += 1
            }
        }
        let adding = ThreadClock.now - start
        last = tables.snapshot()
        #expect(last.flowCount == Self.flowCount)
        var keys: [FlowKey] = []
        for number in stride(from: 0, to: Self.flowCount, by: 97) { keys.append(match(number).key) }
        var missing = 0
        let beforeLooking = ThreadClock.now
        for key in keys where last.lookup(table: 0, key: key)?.flow.match.key != key { missing += 1 }
        let looking = ThreadClock.now - beforeLooking
        #expect(missing == 0)
        let beforeRemoving = ThreadClock.now
        tables.remove(FlowSelection())
        let removing = ThreadClock.now - beforeRemoving
        #expect(tables.count == 0)
        #expect(last.lookup(table: 0, key: keys[3]) != nil)
        let empty = tables.snapshot()
        #expect(empty.lookup(table: 0, key: keys[3]) == nil)
        func perSecond(_ nanoseconds: Double) -> Int { Int(Double(Self.flowCount) / nanoseconds * 1e9) }
        print(
            "\(Self.flowCount) flows: \(perSecond(adding)) adds/s with \(snapshots) snapshots of",
            "\(Int(snapshotTime / 1e3) / snapshots) µs, lookup \(Int(looking) / keys.count) ns,",
            "\(perSecond(removing)) removals/s")
    }
}
