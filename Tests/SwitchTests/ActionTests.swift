import Datapath
import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Switch

/// The order of an action set (OpenFlow 1.3.5 §5.10), however it was written.
struct ActionSetTests {
    @Test func order() {
        let ordered: [Action] = [
            .copyTTLIn, .popVLAN, .popPBB, .popMPLS(etherType: 0x0800), .pushMPLS(etherType: 0x8847),
            .pushPBB(etherType: 0x88e7), .pushVLAN(etherType: 0x8100), .copyTTLOut, .decrementTTL, .decrementMPLSTTL,
            .setField(.ethDst, value: 1, mask: 0xffff_ffff_ffff), .setQueue(3), .group(1),
        ]
        for seed in 0..<20 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            #expect(ActionSet(ordered.shuffled(using: &random) + [.to(9)]).actions == ordered, "seed \(seed)")
        }
        #expect(ActionSet(Array(ordered.dropLast())).actions.isEmpty)
        #expect(ActionSet([.to(1), .setQueue(1), .to(2), .setQueue(5)]).actions == [.setQueue(5), .to(2)])
    }
}

extension RunningSwitch {
    /// Single actions that no other suite is about.
    @Suite(.serialized)
    struct ActionTests {
        private static let bytes = Array(repeating: 2 as UInt8, count: 12) + [0x12, 0x34] + Array(0..<100)

        @Test func queuesAreCounted() throws {
            let bench = try PacketOutBench()
            try bench.bridge.setFlows([
                Flow.all([
                    .setQueue(4), .to(2), .to(3), .popQueue, .to(4), .enqueue(PortNumber(2), queue: 9), .to(2),
                ])
            ])
            for _ in 0..<3 { try bench.send(Self.bytes) }
            bench.bridge.creditCounters()
            let statistics = bench.bridge.statistics
            #expect(
                statistics.usedQueues == [.init(port: 2, queue: 4), .init(port: 2, queue: 9), .init(port: 3, queue: 4)])
            #expect(statistics.usedQueues.map { statistics.counters(of: $0)?.packets } == [3, 3, 3])
            #expect(statistics.counters(of: .init(port: 3, queue: 4))?.bytes == UInt64(3 * Self.bytes.count))
            #expect(try bench.finish().mapValues(\.count) == [1: 0, 2: 9, 3: 3, 4: 3])
        }

        @Test func cut() throws {
            let bench = try PacketOutBench()
            try bench.bridge.setFlows([
                Flow.all([
                    .outputTruncated(PortNumber(2), maxLength: 20), .to(3),
                    .outputTruncated(PortNumber(4), maxLength: 5000),
                ])
            ])
            try bench.send(Self.bytes)
            #expect(bench.counters.isBalanced)
            #expect(try bench.finish() == [1: [], 2: [Array(Self.bytes[..<20])], 3: [Self.bytes], 4: [Self.bytes]])
        }

        @Test func stackAndExit() throws {
            let bench = try PacketOutBench()
            let destination = FieldSlice(.ethDst), source = FieldSlice(.ethSrc)
            try bench.bridge.setFlows([
                Flow.all([
                    .setField(.ethDst, value: 7, mask: 0xffff_ffff_ffff), .push(destination), .push(source),
                    .pop(destination), .pop(source), .pop(destination), .to(2), .resubmit(port: nil, table: 3), .to(4),
                ], goto: 5),
                Flow.all(table: 3, [.to(3), .exit, .to(4)]), Flow.all(table: 5, [.to(4)]),
            ])
            try bench.send(Self.bytes)
            var swapped = Self.bytes
            swapped.replaceSubrange(6..<12, with: [0, 0, 0, 0, 0, 7])
            #expect(try bench.finish() == [1: [], 2: [swapped], 3: [swapped], 4: []])
        }

        /// Looked up and matched, by table.
        @Test func tableCounters() throws {
            let bench = try PacketOutBench()
            try bench.bridge.setFlows([
                Flow.all([], goto: 2), Flow.all(table: 2, [.to(2)]).matching(.inPort, 1),
            ])
            for port in [1, 1, 2, 3, 1] as [UInt32] { try bench.send(Self.bytes, from: port) }
            bench.bridge.creditCounters()
            #expect(bench.bridge.statistics.lookups(in: 0) == (5, 5))
            #expect(bench.bridge.statistics.lookups(in: 2) == (5, 3))
            #expect(bench.bridge.statistics.lookups(in: 1) == (0, 0))
            #expect(bench.counters.isBalanced)
        }
    }
}
