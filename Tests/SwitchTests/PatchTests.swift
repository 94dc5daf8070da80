import DPDK
import Datapath
import OpenFlow
import Packet
import Switch
import TestSupport
import Testing

extension RunningSwitch {
    /// Bridges joined by patch ports.
    @Suite(.serialized)
    struct PatchTests {
        /// Plays one packet into `in` of the first bridge; what left `out` of the second.
        private func run(
            _ packets: [CapturedPacket], first: String, second: String, joins: Int = 1
        ) throws -> (packets: [CapturedPacket], counters: WorkerCounters) {
            let folder = try TemporaryFolder()
            var options = SwitchOptions()
            options.datapath.packetBuffers = 6000
            options.datapath.waitsForBuffers = true
            options.macTableCapacity = 256
            let vswitch = try VirtualSwitch(environment: TestEnvironment.shared, options: options)
            let near = try vswitch.addBridge(name: "near")
            let far = try vswitch.addBridge(name: "far")
            var source = PcapOptions()
            source.capture = try Capture.load(bytes: CaptureFile.pcap(packets))
            var sink = PcapOptions()
            sink.outputPath = folder.file("out.pcap")
            try vswitch.addPort(PortConfiguration(name: "in", number: 1, kind: .pcap(source)), to: near)
            for join in 0..<joins {
                let number = UInt32(10 + join)
                try vswitch.addPort(
                    PortConfiguration(name: "n\(join)", number: number, kind: .patch(peer: "f\(join)")), to: near)
                try vswitch.addPort(
                    PortConfiguration(name: "f\(join)", number: number, kind: .patch(peer: "n\(join)")), to: far)
            }
            try vswitch.addPort(PortConfiguration(name: "out", number: 2, kind: .pcap(sink)), to: far)
            try near.setFlows(FlowText.parseFlows(first))
            try far.setFlows(FlowText.parseFlows(second))
            try vswitch.start()
            while !vswitch.hasPlayedAllCaptures { PolledThread.sleep(microseconds: 50) }
            vswitch.datapath.stop()
            let counters = vswitch.datapath.counters
            try vswitch.stop()
            return (try CaptureFile.read(folder.file("out.pcap")).packets, counters)
        }

        private func samples(_ count: Int) -> [CapturedPacket] {
            var random = RandomPackets(seed: 7)
            return (0..<count).map { CapturedPacket(random.packet().bytes, timestamp: UInt64($0) * 1000) }
        }

        @Test func packetsCrossInOrder() throws {
            let packets = samples(500)
            let (out, counters) = try run(packets, first: "actions=output:10", second: "in_port=10 actions=output:2")
            #expect(out.map(\.bytes) == packets.map(\.bytes))
            #expect(counters.deliveredPackets == 500)
            #expect(counters.isBalanced)
        }

        @Test func aPacketThatCrossesTwiceCountsOnce() throws {
            let packets = samples(100)
            let (out, counters) = try run(
                packets, first: "actions=output:10,output:11", second: "actions=output:2", joins: 2)
            #expect(out.count == 200)
            #expect(counters.deliveredPackets == 100)
            #expect(counters.isBalanced)
        }

        @Test func aDropBehindThePatchCountsWhereThePacketCameIn() throws {
            let (out, counters) = try run(samples(64), first: "actions=output:10", second: "actions=drop")
            #expect(out.isEmpty)
            #expect(counters.dropped[Int(DropReason.flowAction.rawValue)] == 64)
            #expect(counters.isBalanced)
        }

        @Test func aCircleOfPatchesEnds() throws {
            let (out, counters) = try run(
                samples(40), first: "in_port=1 actions=output:10\nin_port=11 actions=output:10",
                second: "in_port=10 actions=output:11", joins: 2)
            #expect(out.isEmpty)
            #expect(counters.dropped[Int(DropReason.patchLoop.rawValue)] == 40)
            #expect(counters.isBalanced)
        }
    }
}
