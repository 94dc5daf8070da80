import Datapath
import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Switch

/// The suites that run switches, one after the other: the machine may have few cores, and DPDK is one for all.
@Suite(.serialized)
enum RunningSwitch {}

extension RunningSwitch {
    /// Random packets through random tables: what leaves each port, and what is counted, is what a plain switch says.
    @Suite(.serialized)
    struct SimulationTests {
        static let start: UInt64 = 1_700_000_000_000_000_000

        /// Packets with timestamps that tell them apart.
        static func capture(seed: UInt64, count: Int, from start: UInt64 = start) -> [CapturedPacket] {
            var packets = RandomPackets(seed: seed)
            // Flows of packets: some come again and again, so that caches get something to do.
            let known = (0..<max(1, count / 4)).map { _ in packets.packet() }
            return (0..<count).map { index in
                let packet = packets.random.chance(75) ? packets.random.pick(known) : packets.packet()
                return CapturedPacket(packet.bytes, timestamp: start + UInt64(index) * 1001)
            }
        }

        struct Expectation {
            var outputs: [UInt32: [CapturedPacket]]
            var delivered: UInt64 = 0
            var plain: PlainSwitch
        }

        static func expect(_ flows: [Flow], _ packets: [CapturedPacket], from port: UInt32, ports: UInt32)
            -> Expectation
        {
            var expected = Expectation(
                outputs: Dictionary(uniqueKeysWithValues: (1...ports).map { ($0, []) }),
                plain: PlainSwitch(flows: flows, ports: Array(1...ports)))
            for packet in packets {
                let outputs = expected.plain.forward(PlainPacket(packet.bytes), from: port)
                if !outputs.isEmpty { expected.delivered += 1 }
                for output in outputs {
                    expected.outputs[output.port]!.append(
                        CapturedPacket(output.packet.bytes, timestamp: packet.timestamp))
                }
            }
            return expected
        }

        /// Names the first packet that differs; `nil` if none does.
        static func difference(_ got: [CapturedPacket], _ wanted: [CapturedPacket], first: UInt64) -> String? {
            if got == wanted { return nil }
            let index = zip(got, wanted).enumerated().first { $1.0 != $1.1 }?.offset ?? min(got.count, wanted.count)
            func text(_ packets: [CapturedPacket]) -> String {
                guard index < packets.count else { return "nothing" }
                let number = (packets[index].timestamp - first) / 1001
                return "input packet \(number), \(packets[index].bytes.count) bytes: \(packets[index].bytes.prefix(80))"
            }
            return
                "at place \(index) of \(got.count) instead of \(wanted.count): \(text(got)); expected \(text(wanted))"
        }

        static func check(_ run: SwitchRun, _ packets: [CapturedPacket], _ expected: Expectation, _ what: Comment)
            throws
        {
            let outcome = try run.run([1: packets])
            for port in 1...run.portCount {
                let difference = difference(
                    outcome.outputs[port]!, expected.outputs[port]!, first: packets[0].timestamp)
                #expect(difference == nil, "p\(port), caches \(run.usesCaches), workers \(run.workerCount), \(what)")
                #expect(outcome.portCounters[port]!.deliveredPackets == expected.outputs[port]!.count, what)
            }
            #expect(outcome.counters.isBalanced, what)
            #expect(outcome.counters.receivedPackets == packets.count, what)
            #expect(outcome.counters.deliveredPackets == expected.delivered, what)
            for (flow, counts) in zip(expected.plain.flows, expected.plain.counts) {
                let got = outcome.flowCounts[flow]
                #expect(
                    got == [counts.packets, counts.bytes], "counts of '\(flow)', caches \(run.usesCaches), \(what)")
            }
        }

        static func simulate(_ seed: UInt64, isShallow: Bool = false) throws {
            var tables = RandomTables(seed: seed)
            tables.isShallow = isShallow
            let text = tables.text()
            let flows = try FlowText.parseFlows(text, file: "seed \(seed)")
            let packets = capture(seed: seed &+ 1_000_000, count: 110)
            let expected = expect(flows, packets, from: 1, ports: 4)
            var run = SwitchRun()
            run.flows = flows
            for (caches, workers) in [(true, 1), (false, 1), (true, 2)] {
                run.usesCaches = caches
                run.workerCount = workers
                try check(run, packets, expected, "seed \(seed), flows:\n\(text)")
            }
        }

        @Test(arguments: 0..<10)
        func randomTables(block: UInt64) throws {
            for seed in block * 5..<block * 5 + 5 { try SimulationTests.simulate(seed) }
        }

        /// Tables that look at little, so that the depth to which packets are parsed changes while they run.
        @Test(arguments: 0..<5)
        func shallowTables(block: UInt64) throws {
            for seed in block * 5..<block * 5 + 5 { try SimulationTests.simulate(10_000 + seed, isShallow: true) }
        }
    }
}
