import OpenFlow
import Packet
import Testing

@testable import FlowTable

/// What changes cost: flows added and removed one by one, and a snapshot after a single change of many flows.
@Suite(.serialized) struct FlowModBench {
    static let flowCount = Effort.full(100_000, 2_000)

    enum Kind: CaseIterable { case exact, prefixes }

    static func flows(_ kind: Kind) -> [Flow] {
        var random = SeededGenerator(seed: 5)
        return (0..<flowCount).map { number in
            var match = Match()
            match.set(.ethType, 0x0800)
            match.set(.ipProto, random.chance(50) ? 6 : 17)
            let isExact = kind == .exact
            func prefix(_ length: Int) -> UInt128? {
                isExact ? nil : UInt128(UInt32.max) << UInt128(32 - length) & 0xffff_ffff
            }
            match.set(.ipv4Src, UInt128(UInt32(truncatingIfNeeded: random.next())), mask: prefix(16 + random.below(17)))
            match.set(.ipv4Dst, UInt128(UInt32(truncatingIfNeeded: random.next())), mask: prefix(16 + random.below(17)))
            if isExact || random.chance(50) { match.set(.tcpSrc, UInt128(random.below(65536))) }
            if isExact || random.chance(70) { match.set(.tcpDst, UInt128(random.below(65536))) }
            return Flow(
                priority: isExact ? 100 : UInt16(random.below(1000)), match: match,
                instructions: InstructionSet(apply: [.output(PortNumber(1 + UInt32(number % 8)), maxLength: 0)]))
        }
    }

    @Test(arguments: Kind.allCases) func addAndRemove(kind: Kind) throws {
        let flows = Self.flows(kind)
        var tables = FlowTables(hashSeed: 7)
        let start = ThreadClock.now
        for flow in flows { try tables.add(flow) }
        let adding = ThreadClock.now - start
        let count = tables.count
        let first = tables.snapshot()
        var publishing = 0.0
        for flow in flows.prefix(200) {
            try tables.add(flow)
            let before = ThreadClock.now
            _ = tables.snapshot()
            publishing += ThreadClock.now - before
        }
        let beforeRemoving = ThreadClock.now
        for flow in flows {
            tables.remove(FlowSelection(table: 0, strictly: flow.match, priority: flow.priority))
        }
        let removing = ThreadClock.now - beforeRemoving
        #expect(tables.count == 0 && first.flowCount == count)
        func perSecond(_ nanoseconds: Double) -> Int { Int(Double(flows.count) / nanoseconds * 1e9) }
        print(
            "\(kind): \(count) flows, \(perSecond(adding)) adds/s, \(perSecond(removing)) strict deletions/s,",
            "\(Int(publishing / 200)) ns a snapshot of one change, \(first.subtableCount(in: 0)) subtables")
    }
}
