import Datapath
import FlowTable
import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Switch

extension RunningSwitch {
    /// Flows that packets make, or end.
    @Suite(.serialized)
    struct LearnTests {
        private static func packet(_ kind: RandomPackets.Kind = .tcp, seed: UInt64 = 4) -> PlainPacket {
            var packets = RandomPackets(seed: seed)
            var packet = packets.packet(kind)
            while packet.tagCount > 0 { packet.popTag() }
            packet.recomputeChecksums()
            return packet
        }

        private static let back =
            "NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[]"

        private func learned(_ bench: PacketOutBench, table: UInt8 = 10) -> [FlowEntry] {
            bench.bridge.tables.flows(in: table).filter { $0.flow.priority != 0 }
        }

        /// A reply goes where the first packet came from, and nowhere else.
        @Test func replyFindsTheWayBack() throws {
            let bench = try PacketOutBench([
                "table=0,actions=learn(table=10,cookie=0x5,priority=7,idle_timeout=60,\(Self.back)),resubmit(,10)",
                "table=10,priority=0,actions=output:4",
            ])
            let packet = Self.packet()
            var reply = packet
            let (from, to) = (UInt128(packet.number(6, 6)), UInt128(packet.number(0, 6)))
            reply.set(.ethSrc, to)
            reply.set(.ethDst, from)
            try bench.send(packet, from: 2)
            let outcome = bench.vswitch.performEffects()
            #expect(outcome.count == 1 && outcome[0].outcome.added.count == 1)
            let flow = try #require(learned(bench).first?.flow)
            #expect(flow.cookie == 5 && flow.priority == 7 && flow.idleTimeoutSeconds == 60)
            #expect(flow.match == { var match = Match(); match.set(.ethDst, from); return match }())
            try bench.send(reply, from: 3)
            // The same again changes nothing.
            bench.vswitch.performEffects()
            try bench.send(packet, from: 2)
            #expect(bench.vswitch.performEffects().allSatisfy { $0.outcome.added.isEmpty })
            #expect(bench.bridge.hasLearned)
            let sent = try bench.finish()
            #expect(sent[4] == [packet.bytes], "the first went on")
            #expect(sent[2] == [reply.bytes] && sent[3] == [packet.bytes])
        }

        @Test func whatIsGoneTeachesNothing() throws {
            let bench = try PacketOutBench([
                "table=0,cookie=1,actions=learn(table=10,delete_learned,cookie=0x9,\(Self.back))",
                "table=0,cookie=2,priority=9,udp,actions=learn(table=10,delete_learned,cookie=0x9,\(Self.back))",
                "table=10,priority=3,cookie=0x8,actions=output:1",
            ])
            try bench.send(Self.packet(), from: 2)
            try bench.bridge.setFlows([])
            bench.vswitch.performEffects()
            #expect(bench.bridge.tables.count == 0)
        }

        /// Learned flows go with the last flow that learned them.
        @Test func deletesLearned() throws {
            let bench = try PacketOutBench([
                "table=0,cookie=1,actions=learn(table=10,delete_learned,cookie=0x9,\(Self.back))",
                "table=0,cookie=2,priority=9,udp,actions=learn(table=10,delete_learned,cookie=0x9,\(Self.back))",
                "table=10,priority=3,cookie=0x8,actions=output:1",
            ])
            try bench.send(Self.packet(), from: 2)
            bench.vswitch.performEffects()
            #expect(learned(bench).count == 2)
            func delete(cookie: UInt64) throws -> FlowModOutcome {
                var mod = FlowMod(
                    .delete, Flow(table: FlowMod.allTables, match: Match(), instructions: InstructionSet()))
                mod.flow.cookie = cookie
                mod.cookieMask = .max
                return try bench.bridge.apply(mod)
            }
            #expect(try delete(cookie: 1).removed.count == 1)
            #expect(try delete(cookie: 2).removed.map(\.entry.flow.cookie) == [2, 9])
            #expect(learned(bench).map(\.flow.cookie) == [8])
        }

        @Test func limitIsKeptAndTold() throws {
            let bench = try PacketOutBench([
                "table=0,actions=learn(table=10,limit=2,result_dst=NXM_NX_REG0[3],\(Self.back)),resubmit(,1)",
                "table=1,reg0=8,actions=output:1", "table=1,reg0=0,actions=output:4",
            ])
            let packets = (0..<3).map { Self.packet(seed: $0 + 1) }
            for packet in packets {
                try bench.send(packet, from: 2)
                bench.vswitch.performEffects()
            }
            #expect(learned(bench).count == 2)
            // One that is there already is let in.
            try bench.send(packets[0], from: 2)
            bench.vswitch.performEffects()
            // Where one goes, there is room again.
            let gone = try #require(learned(bench).first)
            _ = try bench.bridge.apply(FlowMod(.deleteStrict, gone.flow))
            try bench.send(packets[2], from: 2)
            let sent = try bench.finish()
            #expect(sent[1] == [packets[0], packets[1], packets[0], packets[2]].map(\.bytes))
            #expect(sent[4] == [packets[2].bytes])
        }

        @Test func timeoutsOfAnEndedConnection() throws {
            let bench = try PacketOutBench([
                "tcp,idle_timeout=100,actions=fin_timeout(idle_timeout=5,hard_timeout=9),output:2"
            ])
            func timeouts() -> [UInt16] {
                bench.bridge.tables.flows(in: 0).flatMap {
                    [$0.flow.idleTimeoutSeconds, $0.flow.hardTimeoutSeconds]
                }
            }
            var packet = Self.packet()
            packet.set(.tcpFlags, 0x010)
            packet.recomputeChecksums()
            try bench.send(packet)
            bench.vswitch.performEffects()
            #expect(timeouts() == [100, 0])
            packet.set(.tcpFlags, 0x011)
            packet.recomputeChecksums()
            try bench.send(packet)
            bench.vswitch.performEffects()
            #expect(timeouts() == [5, 9])
            #expect(bench.bridge.nextExpiry.map { $0 < MonotonicClock.nanoseconds + 6_000_000_000 } == true)
        }

        /// Workers that go on from their caches teach again what they still do.
        @Test(.timeLimit(.minutes(1))) func cachedPacketsTeachAgain() throws {
            let vswitch = try OneBridge(SwitchOptions())
            var pcap = PcapOptions()
            pcap.capture = try Capture.load(
                bytes: CaptureFile.pcap([CapturedPacket(Self.packet().bytes, timestamp: 0)]))
            pcap.rounds = nil
            try vswitch.addPort(PortConfiguration(name: "in", number: 1, kind: .pcap(pcap)))
            try vswitch.setFlows(FlowText.parseFlows("actions=learn(table=10,\(Self.back))"))
            try vswitch.start()
            func learnAll() { while vswitch.bridge.tables.count(in: 10) == 0 { vswitch.vswitch.performEffects() } }
            learnAll()
            for _ in 0..<3 {
                _ = try vswitch.bridge.apply(
                    FlowMod(.delete, Flow(table: 10, match: Match(), instructions: InstructionSet())))
                vswitch.bridge.publishChanges()
                #expect(vswitch.bridge.tables.count(in: 10) == 0)
                let before = vswitch.datapath.counters.receivedPackets
                while vswitch.datapath.counters.receivedPackets < before + 100 {}
                vswitch.bridge.creditCounters()
                learnAll()
            }
            vswitch.vswitch.stopPlaying()
            try vswitch.stop()
            #expect(vswitch.datapath.counters.isBalanced)
        }
    }
}
