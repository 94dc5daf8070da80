import Datapath
import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Switch

extension RunningSwitch {
    /// Cases that chance seldom makes.
    @Suite(.serialized)
    struct DirectedTests {
        private static func packets(_ packets: [PlainPacket]) -> [CapturedPacket] {
            packets.enumerated().map {
                CapturedPacket($1.bytes, timestamp: SimulationTests.start + UInt64($0) * 1001)
            }
        }

        /// Runs packets into p1 and compares with the plain switch, with caches and without.
        private static func check(_ text: String, _ packets: [CapturedPacket]) throws {
            let flows = try FlowText.parseFlows(text)
            let expected = SimulationTests.expect(flows, packets, from: 1, ports: 4)
            for caches in [true, false] {
                var run = SwitchRun()
                run.flows = flows
                run.usesCaches = caches
                try SimulationTests.check(run, packets, expected, "\(text)")
            }
        }

        private static func packet(_ kind: RandomPackets.Kind, to host: UInt64, tags: Int, seed: UInt64) -> PlainPacket
        {
            var packets = RandomPackets(seed: seed)
            var packet = packets.packet(kind)
            while packet.tagCount > 0 { packet.popTag() }
            for tag in 0..<tags { packet.pushTag(type: 0x8100, control: UInt16(tag + 1)) }
            packet.put(0x0200_0000_0000 | host, 0, 6)
            packet.set(.ipTTL, 64)
            packet.recomputeChecksums()
            return packet
        }

        /// The last packet of the second burst is the first for which more than Ethernet must be looked at. The others
        /// of the burst, known to the cache, have not been parsed so far then.
        @Test(arguments: [
            "dec_ttl", "strip_vlan", "push_vlan:0x8100", "mod_nw_tos:64", "mod_nw_src:10.9.9.9",
            "mod_dl_src:02:00:00:00:00:77",
        ])
        func depthGrowsWithinABurst(action: String) throws {
            let flows = """
                dl_dst=02:00:00:00:00:01 actions=\(action),output:2
                dl_dst=02:00:00:00:00:02 actions=mod_tp_dst:99,output:3
                """
            var packets = (0..<32).map { Self.packet(.tcp, to: 1, tags: 2, seed: UInt64($0)) }
            packets += (32..<63).map { Self.packet(.udp, to: 1, tags: 0, seed: UInt64($0)) }
            packets.append(Self.packet(.udp, to: 2, tags: 0, seed: 63))
            packets += (64..<90).map { Self.packet(.tcp6, to: 1, tags: 1, seed: UInt64($0)) }
            try Self.check(flows, Self.packets(packets))
        }

        /// ovs-actions(7): resubmit without a table means the table that it stands in.
        @Test func resubmitWithoutTable() throws {
            try Self.check(
                """
                table=0 actions=goto_table:2
                table=2,priority=10,in_port=7 actions=output:3
                table=2,priority=1 actions=output:2,resubmit:7,output:4
                """, Self.packets([Self.packet(.tcp, to: 1, tags: 0, seed: 1)]))
            try Self.check(
                """
                table=0,priority=1 actions=resubmit(,1),resubmit:9
                table=0,priority=10,in_port=9 actions=output:4
                table=1,priority=1 actions=resubmit:8
                table=1,priority=10,in_port=8 actions=output:2
                """, Self.packets([Self.packet(.tcp, to: 1, tags: 0, seed: 2)]))
        }

        /// A flow that sends packets round for ever: they are dropped, and counted as such.
        @Test func endlessResubmit() throws {
            var run = SwitchRun()
            run.flows = try FlowText.parseFlows("actions=output:2,resubmit(,0)")
            let outcome = try run.run([1: Self.packets([Self.packet(.tcp, to: 1, tags: 0, seed: 1)])])
            #expect(outcome.counters.dropped[Int(DropReason.tooManyResubmits.rawValue)] == 1)
            #expect(outcome.counters.isBalanced)
            #expect(outcome.outputs.values.allSatisfy { $0.isEmpty })
        }

        /// Many resubmits in all, none of them deep, and many actions.
        @Test func programsHaveABound() throws {
            var run = SwitchRun()
            let fan = Array(repeating: "resubmit(,1)", count: 17).joined(separator: ",")
            let second = Array(repeating: "resubmit(,2)", count: 17).joined(separator: ",")
            let third = Array(repeating: "output:2,mod_nw_tos:4,output:3,mod_nw_tos:8", count: 8).joined(separator: ",")
            run.flows = try FlowText.parseFlows("actions=\(fan)\ntable=1 actions=\(second)\ntable=2 actions=\(third)")
            let outcome = try run.run([1: Self.packets([Self.packet(.tcp, to: 1, tags: 0, seed: 1)])])
            #expect(outcome.counters.dropped[Int(DropReason.tooManyActions.rawValue)] == 1)
            #expect(outcome.counters.isBalanced)
        }

        /// Frames too short for Ethernet addresses, of every length, and none at all.
        @Test func shortFrames() throws {
            let frames = (0..<20).map {
                CapturedPacket(
                    Array(([4] + Array(repeating: 2, count: 20)).prefix($0)), timestamp: SimulationTests.start)
            }
            var run = SwitchRun()
            run.flows = try FlowText.parseFlows("actions=NORMAL")
            let normal = try run.run([1: frames])
            #expect(normal.counters.dropped[Int(DropReason.tooShort.rawValue)] == 14)
            #expect(normal.outputs[2]?.count == 6)
            run.flows = try FlowText.parseFlows(
                "actions=push_vlan:0x8100,dec_ttl,mod_dl_dst:02:00:00:00:00:09,strip_vlan,output:2")
            for caches in [true, false] {
                run.usesCaches = caches
                let outcome = try run.run([1: frames])
                #expect(outcome.counters.isBalanced)
                #expect(outcome.counters.receivedPackets == 20)
                #expect(outcome.outputs[2]?.map(\.bytes.count) == Array(0..<20), "what is no Ethernet is left as it is")
            }
        }

        /// Each reason for a drop, by a flow table that gives it.
        @Test(arguments: [
            ("dl_type=0x1234 actions=output:2", DropReason.noMatch), ("actions=drop", .flowAction),
            ("actions=output:1", .samePort), ("actions=output:77", .noSuchPort), ("actions=CONTROLLER", .noController),
            ("actions=mod_dl_dst:01:80:c2:00:00:0e,NORMAL", .reservedAddress),
            ("actions=mod_nw_ttl:1,dec_ttl,output:2", .ttlExpired),
            ("actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],NORMAL", .samePort),
        ])
        func dropReasons(flows: String, reason: DropReason) throws {
            var run = SwitchRun()
            run.flows = try FlowText.parseFlows(flows)
            let packets = (0..<100).map { Self.packet(.tcp, to: 1, tags: 0, seed: UInt64($0)) }.map {
                var packet = $0
                packet.put(0x0200_0000_0005, 6, 6)
                return packet
            }
            let outcome = try run.run([1: Self.packets(packets)])
            #expect(outcome.counters.dropped[Int(reason.rawValue)] == 100, "\(flows)")
            #expect(outcome.portCounters[1]?.dropped[Int(reason.rawValue)] == 100, "\(flows)")
            #expect(outcome.counters.isBalanced)
        }

        /// Two inputs, each polled by a worker of its own: outputs are those of the inputs, each input's in its order.
        @Test(arguments: 0..<12)
        func twoInputs(seed: UInt64) throws {
            var tables = RandomTables(seed: 777 + seed)
            tables.usesNormal = false
            let text = tables.text()
            let flows = try FlowText.parseFlows(text)
            let inputs =
                [
                    1: SimulationTests.capture(seed: seed, count: 100),
                    2: SimulationTests.capture(
                        seed: seed + 50, count: 100, from: SimulationTests.start + 1_000_000_000),
                ] as [UInt32: [CapturedPacket]]
            var run = SwitchRun()
            run.flows = flows
            run.workerCount = 2
            let outcome = try run.run(inputs)
            #expect(outcome.counters.isBalanced && outcome.counters.receivedPackets == 200)
            for (input, packets) in inputs {
                let expected = SimulationTests.expect(flows, packets, from: input, ports: 4)
                for port in 1...UInt32(4) {
                    let range = packets[0].timestamp...packets[99].timestamp
                    let got = outcome.outputs[port]!.filter { range.contains($0.timestamp) }
                    let difference = SimulationTests.difference(
                        got, expected.outputs[port]!, first: packets[0].timestamp)
                    #expect(difference == nil, "from p\(input) to p\(port), seed \(seed), flows:\n\(text)")
                }
            }
        }

        /// A capture played several times goes through the same as its packets several times over.
        @Test func rounds() throws {
            let flows = try FlowText.parseFlows("ip actions=dec_ttl,NORMAL\npriority=1 actions=NORMAL")
            let packets = SimulationTests.capture(seed: 3, count: 77)
            var run = SwitchRun()
            run.flows = flows
            run.rounds = 5
            let outcome = try run.run([1: packets])
            let all = Array(repeating: packets, count: 5).flatMap { $0 }
            let expected = SimulationTests.expect(flows, all, from: 1, ports: 4)
            for port in 1...UInt32(4) { #expect(outcome.outputs[port] == expected.outputs[port]) }
            #expect(outcome.playedPackets == 5 * 77)
        }
    }
}
