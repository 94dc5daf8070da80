import Datapath
import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Switch

extension RunningSwitch {
    /// Packets that are parsed again on their way: what is under a header is seen once the header is off.
    @Suite(.serialized)
    struct PassTests {
        private static func ip(hops: UInt128) -> PlainPacket {
            var packets = RandomPackets(seed: 14)
            var packet = packets.packet(.udp)
            while packet.tagCount > 0 { packet.popTag() }
            packet.set(.ipTTL, hops)
            packet.recomputeChecksums()
            return packet
        }

        /// The packet under labels, outermost first.
        private static func labelled(_ packet: [UInt8], _ labels: [UInt32]) -> [UInt8] {
            var bytes = Array(packet[..<12]) + [0x88, 0x47]
            for (index, label) in labels.enumerated() {
                let word = label << 12 | (index == labels.count - 1 ? 0x100 : 0) | 64
                bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
            }
            return bytes + packet[14...]
        }

        private static let popped = Action.popMPLS(etherType: 0x0800)

        @Test(arguments: [true, false])
        func popAndLook(usesCaches: Bool) throws {
            let bench = try PacketOutBench(usesCaches: usesCaches)
            try bench.bridge.setFlows([
                Flow.all([Self.popped], goto: 1).matching(.ethType, 0x8847),
                Flow.all(table: 1, [.to(2)]).matching(.ethType, 0x0800).matching(.ipTTL, 7),
                Flow.all(table: 1, priority: 0, [.to(3)]),
            ])
            for hops in [7, 8, 7, 9, 7] as [UInt128] {
                try bench.send(Self.labelled(Self.ip(hops: hops).bytes, [100]))
            }
            let counts = bench.bridge.flowsWithCounters().map(\.packetCount)
            #expect(counts == [5, 3, 2])
            #expect(bench.bridge.statistics.lookups(in: 0) == (5, 5))
            #expect(bench.bridge.statistics.lookups(in: 1) == (5, 5))
            #expect(bench.counters.recirculations == 5 && bench.counters.isBalanced)
            let outputs = try bench.finish()
            #expect(outputs[2] == [7, 7, 7].map { Self.ip(hops: $0).bytes })
            #expect(outputs[3] == [8, 9].map { Self.ip(hops: $0).bytes })
        }

        /// In the middle of a list of actions, in a bucket and in what follows it, twice for one packet.
        @Test func inTheMiddle() throws {
            let bench = try PacketOutBench()
            let inner = Self.ip(hops: 20)
            try bench.bridge.apply(
                GroupMod(
                    .add,
                    Group(
                        id: 1, kind: .all,
                        buckets: [
                            .init(actions: [Self.popped, .decrementTTL, .to(2)]),
                            .init(actions: [.decrementMPLSTTL, .to(3)]),
                        ])))
            try bench.bridge.setFlows([
                Flow.all([.group(1), Self.popped, .decrementTTL, .decrementTTL, .pushMPLS(etherType: 0x8847),
                    .decrementMPLSTTL, .to(4)])
            ])
            try bench.send(Self.labelled(inner.bytes, [5]))
            #expect(bench.counters.isBalanced)
            let outputs = try bench.finish()
            #expect(outputs[2] == [Self.ip(hops: 19).bytes])
            var less = Self.labelled(inner.bytes, [5])
            less[17] = 63
            #expect(outputs[3] == [less])
            var anew = Self.labelled(Self.ip(hops: 18).bytes, [0])
            anew[17] = 17
            #expect(outputs[4] == [anew])
        }

        /// The pipeline's own state stays: metadata, registers, the action set.
        @Test func stateStays() throws {
            let bench = try PacketOutBench()
            var first = Flow.all([.load(value: 9, to: FieldSlice(.reg5)), .popMPLS(etherType: 0x0800)], goto: 4)
            first.instructions.write = [.to(3), .modField(.ipTTL, 99)]
            first.instructions.metadata = .init(value: 0x55)
            try bench.bridge.setFlows([
                first,
                Flow.all(table: 4, [.to(2)]).matching(.ethType, 0x0800).matching(.ipTTL, 7).matching(.reg5, 9)
                    .matching(.metadata, 0x55).matching(.inPort, 1),
            ])
            try bench.send(Self.labelled(Self.ip(hops: 7).bytes, [1]))
            #expect(bench.counters.isBalanced)
            #expect(
                try bench.finish() == [
                    1: [], 2: [Self.ip(hops: 7).bytes], 3: [Self.ip(hops: 99).bytes], 4: [],
                ])
        }

        /// A packet that is parsed again for ever is dropped for that.
        @Test func endless() throws {
            let bench = try PacketOutBench()
            try bench.bridge.setFlows([
                Flow.all([.pushMPLS(etherType: 0x8847), Self.popped, .resubmit(port: nil, table: 1)]),
                Flow.all(table: 1, [.resubmit(port: nil, table: 0)]).matching(.ethType, 0x0800).matching(.ipTTL, 7),
            ])
            try bench.send(Self.ip(hops: 7))
            #expect(bench.counters.isBalanced)
            #expect(bench.counters.dropped[Int(DropReason.tooManyPasses.rawValue)] == 1)
        }

        /// What nobody looks at needs no second pass.
        @Test func noNeed() throws {
            let bench = try PacketOutBench()
            try bench.bridge.setFlows([
                Flow.all([
                    Self.popped, .pushVLAN(etherType: 0x8100), .setField(.vlanVID, value: 0x1007, mask: 0x1fff),
                    .setField(.ipv4Src, value: 0x0a00_0001, mask: 0xffff_ffff), .to(2),
                ])
            ])
            try bench.send(Self.labelled(Self.ip(hops: 7).bytes, [1]))
            #expect(bench.counters.recirculations == 0)
            var expected = Self.ip(hops: 7)
            expected.set(.ipv4Src, 0x0a00_0001)
            expected.recomputeChecksums()
            expected.pushTag(type: 0x8100, control: 7)
            #expect(try bench.finish()[2] == [expected.bytes])
        }
    }
}
