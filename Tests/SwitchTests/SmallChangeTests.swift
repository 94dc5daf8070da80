import DPDK
@_spi(Workbench) import Datapath
import FlowTable
import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Switch

extension RunningSwitch {
    /// Changing a flow or two while the caches are full: each packet is treated by the tables as they are, and counts
    /// for the flows that it then meets, although most decisions stay in the caches.
    @Suite(.serialized)
    struct SmallChangeTests {
        private let vswitch: VirtualSwitch
        private let bridge: Bridge
        private let bench: Workbench

        init() throws {
            vswitch = try VirtualSwitch(environment: TestEnvironment.shared)
            bridge = try vswitch.addBridge(name: "br0")
            for number in 1...5 as ClosedRange<UInt32> {
                try vswitch.addPort(
                    PortConfiguration(name: "p\(number)", number: number, kind: .null), to: bridge)
            }
            bench = vswitch.datapath.workbench(bridge: 0)
        }

        private func treat(_ packets: [PlainPacket]) {
            for start in stride(from: 0, to: packets.count, by: Limits.burst) {
                let burst = packets[start..<min(start + Limits.burst, packets.count)].map(\.bytes)
                bench.receive(burst)
                bench.parse(burst.count)
                bench.resolve(burst.count)
                bench.execute(burst.count)
            }
        }

        private func delivered() -> [UInt64] {
            bridge.ports.map { vswitch.datapath.counters(ofPort: $0.index).deliveredPackets }
        }

        /// What packets from port 1 do to counters, and whether that is what a plain switch does with these flows.
        private func check(_ flows: [Flow], _ packets: [PlainPacket], _ what: Comment) {
            var plain = PlainSwitch(flows: flows, ports: Array(1...5))
            var outputs = [UInt64](repeating: 0, count: 5)
            for packet in packets {
                for output in plain.forward(packet, from: 1) { outputs[Int(output.port) - 1] += 1 }
            }
            func counts() -> [Flow: UInt64] {
                Dictionary(uniqueKeysWithValues: bridge.flowsWithCounters().map { ($0.flow, $0.packetCount) })
            }
            let (countsBefore, deliveredBefore) = (counts(), delivered())
            treat(packets)
            let (countsAfter, deliveredAfter) = (counts(), delivered())
            #expect(Set(countsAfter.keys) == Set(flows), what)
            for (flow, count) in zip(plain.flows, plain.counts) {
                let grown = (countsAfter[flow] ?? 0) - (countsBefore[flow] ?? 0)
                #expect(grown == count.packets, "'\(flow)', \(what)")
            }
            #expect(zip(deliveredAfter, deliveredBefore).map { $0 - $1 } == outputs, what)
        }

        @Test(arguments: 0..<12 as Range<UInt64>)
        func packetsMeetTheTablesAsTheyAre(seed: UInt64) throws {
            defer { try? vswitch.stop() }
            var random = SeededGenerator(seed: seed)
            var pool: [Flow] = []
            for number in 0..<3 as Range<UInt64> {
                var tables = RandomTables(seed: seed * 10 + number)
                tables.usesNormal = false
                tables.isShallow = seed % 6 == 5
                pool += try FlowText.parseFlows(tables.text())
            }
            var packets = RandomPackets(seed: seed &+ 77)
            let known = (0..<80).map { _ in PlainPacket(packets.packet().bytes) }
            var model = PlainTables()
            try bridge.setFlows([])
            for flow in pool.shuffled(using: &random).prefix(pool.count / 2) { try change(.add, flow, &model) }
            bridge.publishChanges()
            for step in 0..<30 {
                for _ in 0..<(1 + random.below(random.chance(5) ? 90 : 3)) {
                    let flow = random.pick(random.chance(50) && !model.flows.isEmpty ? model.flows : pool)
                    switch random.below(6) {
                    case 0...2: try change(.add, random.pick(pool), &model)
                    case 3: try change(.deleteStrict, flow, &model)
                    case 4 where random.chance(30): try change(.delete, flow, &model)
                    default:
                        var other = flow
                        other.instructions = random.pick(pool.filter { $0.table == flow.table }).instructions
                        try change(.modifyStrict, other, &model)
                    }
                }
                bridge.publishChanges()
                let sent = (0..<40).map { _ in
                    random.chance(90) ? random.pick(known) : PlainPacket(packets.packet().bytes)
                }
                check(model.flows, sent, "seed \(seed), step \(step)")
            }
            let counters = vswitch.datapath.counters
            #expect(counters.exactMatchHits > 0 && counters.translations > 0)
        }

        private func change(_ command: FlowMod.Command, _ flow: Flow, _ model: inout PlainTables) throws {
            _ = try bridge.apply(FlowMod(command, flow))
            model.apply(FlowMod(command, flow))
        }

        /// A change that has nothing to do with a packet costs no translation of it.
        @Test func unconcernedDecisionsStay() throws {
            defer { try? vswitch.stop() }
            try bridge.setFlows(
                FlowText.parseFlows(
                    """
                    priority=9,udp,tp_dst=53 actions=output:2
                    priority=5,ip actions=load:1->NXM_NX_REG0[],resubmit(,1)
                    priority=1 actions=output:3
                    table=1,ip,reg0=1,nw_dst=10.0.0.0/8 actions=output:4
                    table=1,priority=1 actions=output:5
                    """))
            var packets = RandomPackets(seed: 4)
            let known = (0..<60).map { _ in PlainPacket(packets.packet().bytes) }
            treat(known)
            treat(known)
            let before = vswitch.datapath.counters.translations
            for (number, text) in [
                "table=3,ip actions=output:2", "priority=7,in_port=4 actions=output:2",
                "priority=7,dl_type=0x9999 actions=output:2", "table=1,reg1=5 actions=output:2",
            ].enumerated() {
                _ = try bridge.apply(FlowMod(.add, try FlowText.parseFlow(text)))
                bridge.publishChanges()
                treat(known)
                let after = vswitch.datapath.counters.translations
                #expect(after == before, "change \(number)")
            }
            _ = try bridge.apply(FlowMod(.add, try FlowText.parseFlow("table=1,priority=9,reg0=1 actions=output:2")))
            bridge.publishChanges()
            treat(known)
            let after = vswitch.datapath.counters.translations
            #expect(after > before)
        }
    }
}

/// Flow tables as a list, changed in the plainest way (OpenFlow 1.3.5 §6.4).
struct PlainTables {
    /// In the order in which they were added.
    private(set) var flows: [Flow] = []

    mutating func apply(_ mod: FlowMod) {
        let meant = mod.flow
        func isMeant(_ flow: Flow) -> Bool {
            guard meant.table == FlowMod.allTables || flow.table == meant.table else { return false }
            if (flow.cookie ^ meant.cookie) & mod.cookieMask != 0 { return false }
            switch mod.command {
            case .add, .modifyStrict, .deleteStrict:
                return flow.priority == meant.priority && flow.match == meant.match
            case .modify, .delete:
                return meant.match.mask.isSubset(of: flow.match.mask) && meant.match.matches(flow.match.key)
            }
        }
        switch mod.command {
        case .add:
            flows.removeAll(where: isMeant)
            flows.append(meant)
        case .delete, .deleteStrict: flows.removeAll(where: isMeant)
        case .modify, .modifyStrict:
            for index in flows.indices where isMeant(flows[index]) { flows[index].instructions = meant.instructions }
        }
    }
}
