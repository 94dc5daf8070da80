import Datapath
import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Switch

extension RunningSwitch {
    /// Packets to and from controllers.
    @Suite(.serialized)
    struct ControllerTests {
        private static func packet(hops: UInt128 = 64) -> PlainPacket {
            var packets = RandomPackets(seed: 4)
            var packet = packets.packet(.tcp)
            while packet.tagCount > 0 { packet.popTag() }
            packet.set(.ipTTL, hops)
            packet.recomputeChecksums()
            return packet
        }

        /// Everything that OpenFlow tells about a packet, as the flow saw it.
        @Test func packetIn() throws {
            let bench = try PacketOutBench([
                "table=0,priority=5,cookie=0x1234 actions=set_field:7->metadata,load:9->NXM_NX_REG3[],resubmit(,2)"
            ])
            var special = ControllerAction()
            special.controllerID = 77
            special.userdata = [1, 2, 3, 4, 5, 6, 7, 8, 9]
            special.maxLength = 60
            let further = Flow.all(
                table: 2, priority: 3, [.controller(special), .modField(.ipTTL, 9), .toController, .to(3)])
            _ = try bench.bridge.apply(FlowMod(.add, further))
            bench.bridge.setListens(true)
            let packet = Self.packet()
            try bench.send(packet)
            let messages = bench.vswitch.takePacketIns(limit: 10)
            #expect(messages.count == 2)
            #expect(messages.allSatisfy { $0.bridge === bench.bridge })
            var expected = ControllerMessage()
            expected.reason = PacketInReason.action.rawValue
            expected.table = 2
            expected.maximumLength = 60
            expected.controllerID = 77
            expected.userdata = special.userdata
            expected.inPort = 1
            expected.pipeline[.metadata] = 7
            expected.pipeline[.reg3] = 9
            #expect(messages.first?.packet.message == expected)
            #expect(messages.first?.packet.bytes == packet.bytes)
            var changed = packet
            changed.set(.ipTTL, 9)
            changed.recomputeChecksums()
            #expect(messages.last?.packet.bytes == changed.bytes)
            #expect(messages.last?.packet.message.maximumLength == 128)
            #expect(bench.counters.isBalanced && bench.counters.packetIns == 2)
            #expect(try bench.finish()[3] == [changed.bytes])
        }

        @Test func reasons() throws {
            let bench = try PacketOutBench()
            try bench.bridge.setFlows([
                Flow.all(priority: 0, [.toController]),
                Flow.all(priority: 5, [.toController]).matching(.ethType, 0x86dd),
                Flow.all(priority: 5, [.decrementTTL, .to(2)]).matching(.ethType, 0x0800),
                Flow.all(priority: 5, [.group(1)]).matching(.ethType, 0x0806),
            ])
            try bench.bridge.apply(
                GroupMod(.add, Group(id: 1, kind: .indirect, buckets: [.init(actions: [.toController])])))
            bench.bridge.setListens(true)
            var packets = RandomPackets(seed: 8)
            for (kind, reason) in [
                (RandomPackets.Kind.udp6, PacketInReason.action), (.arp, .group),
            ] {
                var packet = packets.packet(kind)
                while packet.tagCount > 0 { packet.popTag() }
                try bench.send(packet)
                #expect(bench.vswitch.takePacketIns(limit: 9).map(\.packet.message.reason) == [reason.rawValue])
            }
            try bench.send(Self.packet(hops: 1))
            #expect(bench.vswitch.takePacketIns(limit: 9).map(\.packet.message.reason) == [2])
            try bench.send(Self.packet(hops: 2))
            #expect(bench.vswitch.takePacketIns(limit: 9).isEmpty)
            try bench.send(Array(repeating: 0x55, count: 60))
            #expect(bench.vswitch.takePacketIns(limit: 9).map(\.packet.message.reason) == [0])
            try bench.send(Self.packet().bytes, from: .controller, [.toController])
            let own = bench.vswitch.takePacketIns(limit: 9)
            #expect(own.map(\.packet.message.reason) == [5] && own.first?.packet.message.cookie == .max)
            #expect(bench.counters.isBalanced)
        }

        /// Nobody listens: the reasons by which such packets count as dropped.
        @Test func nobodyListens() throws {
            let bench = try PacketOutBench()
            try bench.bridge.setFlows([Flow.all([.decrementTTL, .toController])])
            try bench.send(Self.packet())
            try bench.send(Self.packet(hops: 1))
            let counters = bench.counters
            #expect(counters.dropped[Int(DropReason.noController.rawValue)] == 1)
            #expect(counters.dropped[Int(DropReason.ttlExpired.rawValue)] == 1)
            #expect(counters.controllerPackets == 2 && counters.isBalanced)
        }

        /// A queue that nobody empties fills up, drops with its reason, and takes packets again.
        @Test func queueOverflows() throws {
            let bench = try PacketOutBench()
            try bench.bridge.setFlows([Flow.all([.toController])])
            bench.bridge.setListens(true)
            let bytes = Self.packet().bytes + Array(repeating: 0, count: 9000)
            for _ in 0..<600 { try bench.send(bytes) }
            let counters = bench.counters
            #expect(counters.packetIns > 300 && counters.packetInOverflows > 50)
            #expect(counters.packetIns + counters.packetInOverflows == 600)
            #expect(counters.dropped[Int(DropReason.controllerQueueFull.rawValue)] == counters.packetInOverflows)
            #expect(counters.isBalanced)
            var taken = 0
            while true {
                let packets = bench.vswitch.takePacketIns(limit: 50)
                #expect(packets.allSatisfy { $0.packet.bytes == bytes })
                taken += packets.count
                if packets.count < 50 { break }
            }
            #expect(UInt64(taken) == counters.packetIns)
            try bench.send(bytes)
            #expect(bench.vswitch.takePacketIns(limit: 50).count == 1)
        }

        /// The virtual meter of controllers.
        @Test func controllerMeter() throws {
            let bench = try PacketOutBench()
            try bench.bridge.setFlows([Flow.all([.toController])])
            try bench.bridge.apply(
                MeterMod(
                    .add,
                    OpenFlow.Meter(
                        id: OpenFlow.Meter.controller, flags: [.packetsPerSecond, .burst],
                        bands: [.init(.drop, rate: 1, burst: 3)])))
            bench.bridge.setListens(true)
            for _ in 0..<50 { try bench.send(Self.packet()) }
            let counters = bench.counters
            // The test takes less than some seconds.
            #expect((3..<20).contains(counters.packetIns))
            #expect(counters.dropped[Int(DropReason.meter.rawValue)] == 50 - counters.packetIns)
            #expect(counters.isBalanced)
        }

        @Test func packetOut() throws {
            let bench = try PacketOutBench(["in_port=1 actions=output:4", "in_port=LOCAL actions=output:2"])
            let packet = Self.packet().bytes
            try bench.send(packet, from: .controller, [.to(1), .output(.inPort, maxLength: 0)])
            try bench.send(packet, from: PortNumber(2), [.output(.all, maxLength: 0)])
            try bench.send(packet, from: PortNumber(3), [.to(3), .output(.inPort, maxLength: 0)])
            try bench.send(packet, from: .local, [.output(.table, maxLength: 0)])
            try bench.send(packet, from: PortNumber(1), [.output(.table, maxLength: 0)])
            try bench.send(packet, from: PortNumber(2), [])
            #expect(throws: OpenFlowError.self) { try bench.send([1, 2, 3], from: .controller, [.to(1)]) }
            let counts = bench.bridge.flowsWithCounters().map(\.packetCount)
            #expect(counts == [1, 1])
            #expect(bench.counters.isBalanced && bench.counters.injectedPackets == 6)
            let outputs = try bench.finish().mapValues(\.count)
            #expect(outputs == [1: 2, 2: 1, 3: 2, 4: 2])
        }

        /// NORMAL learns at ports, and not where controllers are.
        @Test func normal() throws {
            let bench = try PacketOutBench()
            let normal = [Action.output(.normal, maxLength: 0)]
            var there = Self.packet(), back = Self.packet()
            there.put(0x0200_0000_0001, 6, 6)
            there.put(0x0200_0000_0002, 0, 6)
            back.put(0x0200_0000_0002, 6, 6)
            back.put(0x0200_0000_0001, 0, 6)
            try bench.send(there.bytes, from: .controller, normal)
            try bench.send(back.bytes, from: PortNumber(2), normal)
            try bench.send(there.bytes, from: PortNumber(1), normal)
            try bench.send(back.bytes, from: PortNumber(2), normal)
            #expect(try bench.finish().mapValues(\.count) == [1: 3, 2: 2, 3: 2, 4: 2])
        }

        /// What a port is forbidden.
        @Test func portFlags() throws {
            let bench = try PacketOutBench(["actions=FLOOD", "priority=40000,in_port=1,tcp actions=ALL"])
            let arp = Array(repeating: 0xff as UInt8, count: 12) + Array(repeating: 6, count: 50)
            bench.bridge.setFlags(.noFlood, ofPort: 3)
            try bench.send(arp)
            try bench.send(Self.packet())
            bench.bridge.setFlags([], ofPort: 3)
            bench.bridge.setFlags(.noForward, ofPort: 2)
            try bench.send(arp)
            bench.bridge.setFlags(.noReceive, ofPort: 1)
            // A packet from a controller has not been received.
            try bench.send(arp)
            try bench.send(arp, from: .controller, [.to(2)])
            try bench.send(arp, from: PortNumber(1), [.output(.normal, maxLength: 0)])
            #expect(bench.counters.dropped[Int(DropReason.portBlocked.rawValue)] == 1)
            #expect(bench.counters.isBalanced)
            let counts = try bench.finish().mapValues(\.count)
            #expect(counts == [1: 0, 2: 2, 3: 4, 4: 5])
        }
    }
}
