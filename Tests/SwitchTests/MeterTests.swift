import Datapath
import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Switch

extension RunningSwitch {
    /// Meters, as packets see them.
    @Suite(.serialized)
    struct MeterTests {
        private static func packet(dscp: UInt128) -> PlainPacket {
            var packets = RandomPackets(seed: 6)
            var packet = packets.packet(.udp)
            while packet.tagCount > 0 { packet.popTag() }
            packet.set(.ipDSCP, dscp)
            packet.recomputeChecksums()
            return packet
        }

        private static func meter(_ bands: [OpenFlow.Meter.Band]) -> MeterMod {
            MeterMod(.add, OpenFlow.Meter(id: 1, flags: [.packetsPerSecond, .burst, .statistics], bands: bands))
        }

        private static func metered(_ actions: [Action], goto next: UInt8? = nil) -> Flow {
            var flow = Flow.all(actions, goto: next)
            flow.instructions.meter = 1
            return flow
        }

        /// What a meter drops comes no further, and is counted no further.
        @Test func drop() throws {
            let bench = try PacketOutBench()
            try bench.bridge.apply(Self.meter([.init(.drop, rate: 1, burst: 4)]))
            try bench.bridge.setFlows([Self.metered([], goto: 1), Flow.all(table: 1, [.to(2)])])
            for _ in 0..<40 { try bench.send(Self.packet(dscp: 0)) }
            let meter = try #require(bench.bridge.statistics(ofMeter: 1))
            let dropped = bench.counters.dropped[Int(DropReason.meter.rawValue)]
            #expect(meter.packets == 40 && meter.flows == 1)
            #expect(meter.bands.map(\.packets) == [dropped])
            #expect((20..<37).contains(dropped))
            #expect(bench.bridge.flowsWithCounters().map(\.packetCount) == [40, 40 - dropped])
            #expect(bench.bridge.statistics.lookups(in: 1).matched == 40 - dropped)
            #expect(bench.counters.isBalanced)
            #expect(try bench.finish()[2]?.count == 40 - Int(dropped))
        }

        /// The class's drop precedence rises, not above the highest; other classes stay. Later tables see the new one.
        @Test(arguments: [(18, 1, 20), (18, 9, 22), (10, 2, 14), (0, 1, 0), (46, 1, 46), (38, 1, 38), (8, 1, 8)])
        func remark(before: UInt128, levels: UInt8, after: UInt128) throws {
            let bench = try PacketOutBench()
            try bench.bridge.apply(Self.meter([.init(.remarkDSCP(precedenceLevels: levels), rate: 0)]))
            try bench.bridge.setFlows([
                Self.metered([.to(2)], goto: 1), Flow.all(table: 1, [.to(4)]),
                Flow.all(table: 1, priority: 9, [.to(3)]).matching(.ethType, 0x0800).matching(.ipDSCP, after),
            ])
            try bench.send(Self.packet(dscp: before))
            #expect(bench.counters.isBalanced)
            let expected = Self.packet(dscp: after).bytes
            #expect(try bench.finish() == [1: [], 2: [expected], 3: [expected], 4: []])
        }
    }
}

/// What is refused, with the standard's codes.
struct MeterTableTests {
    @Test func refusals() throws {
        typealias Code = OpenFlowError.MeterModFailed
        var table = MeterTable()
        func code(_ command: MeterMod.Command, _ id: UInt32, _ flags: OpenFlow.Meter.Flags, bands: Int = 1) -> UInt16? {
            let bands = (0..<bands).map { _ in OpenFlow.Meter.Band(.drop, rate: 5, burst: 0) }
            do {
                try table.apply(MeterMod(command, OpenFlow.Meter(id: id, flags: flags, bands: bands)))
                return nil
            } catch { return error.type == 12 ? error.code : 100 }
        }
        #expect(code(.add, 1, .kilobitsPerSecond) == nil)
        #expect(code(.add, 1, .kilobitsPerSecond) == Code.meterExists.rawValue)
        #expect(code(.modify, 2, .kilobitsPerSecond) == Code.unknownMeter.rawValue)
        #expect(code(.add, 0, .kilobitsPerSecond) == Code.invalidMeter.rawValue)
        #expect(code(.add, OpenFlow.Meter.lastID + 1, .kilobitsPerSecond) == Code.invalidMeter.rawValue)
        #expect(code(.add, OpenFlow.Meter.controller, .packetsPerSecond) == nil)
        #expect(code(.add, 3, [.kilobitsPerSecond, .packetsPerSecond]) == Code.badFlags.rawValue)
        #expect(code(.add, 3, .kilobitsPerSecond, bands: MeterTable.bandLimit + 1) == Code.outOfBands.rawValue)
        #expect(code(.delete, 9, []) == nil)
        #expect(table.entries[1]?.meter.bands == [.init(.drop, rate: 5, burst: 0)])
        let all = OpenFlow.Meter(id: OpenFlow.Meter.all, flags: [], bands: [])
        #expect(try table.apply(MeterMod(.delete, all)).count == 2)
    }
}
