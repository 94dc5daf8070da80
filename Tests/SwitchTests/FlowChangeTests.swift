import DPDK
import Datapath
import Dispatch
import FlowTable
import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Switch

/// A switch that plays captures without end into its first ports; the others count and forget.
private final class LiveSwitch {
    let vswitch: OneBridge
    let packets: [[CapturedPacket]]

    init(inputs: [[CapturedPacket]], workers: Int) throws {
        packets = inputs
        var options = SwitchOptions()
        options.datapath.workerCores = Array(repeating: nil, count: workers)
        options.datapath.packetBuffers = 4000
        vswitch = try OneBridge(options)
        for (index, packets) in inputs.enumerated() {
            var pcap = PcapOptions()
            pcap.capture = try Capture.load(bytes: CaptureFile.pcap(packets))
            pcap.rounds = nil
            // Slow enough that all others of the machine get on too.
            pcap.pace = .packetsPerSecond(200_000)
            try vswitch.addPort(PortConfiguration(name: "in\(index + 1)", number: UInt32(index + 1), kind: .pcap(pcap)))
        }
        for number in inputs.count + 1...6 {
            try vswitch.addPort(PortConfiguration(name: "p\(number)", number: UInt32(number), kind: .null))
        }
        try vswitch.start()
    }

    /// Waits until more packets have come in; fails when they don't.
    func wait(packets: UInt64) throws {
        let goal = vswitch.datapath.counters.receivedPackets + packets
        let deadline = DispatchTime.now() + 30
        while vswitch.datapath.counters.receivedPackets < goal {
            try #require(DispatchTime.now() < deadline, "packets no longer flow")
            PolledThread.sleep(microseconds: 100)
        }
    }

    func delivered(_ number: UInt32) -> UInt64 {
        let port = vswitch.ports.first { $0.number == number }!
        return vswitch.datapath.counters(ofPort: port.index).deliveredPackets
    }
}

extension RunningSwitch {
    /// Changing flows while packets flow.
    @Suite(.serialized)
    struct FlowChangeTests {
        private static let tables = [
            "priority=5,ip actions=output:3\npriority=1 actions=output:3",
            "priority=5,ip actions=output:4\npriority=1 actions=output:4", "actions=drop", "",
            "actions=resubmit(,1)\ntable=1,tcp actions=dec_ttl,output:5\ntable=1,priority=0 actions=output:5",
        ]

        /// The port that a table of the above sends to.
        private static let target: [UInt32?] = [3, 4, nil, nil, 5]

        @Test(arguments: [1, 2])
        func removedFlowsTreatNothing(workers: Int) throws {
            let inputs = (0..<workers).map { SimulationTests.capture(seed: UInt64($0), count: 100) }
            let live = try LiveSwitch(inputs: inputs, workers: workers)
            var random = SeededGenerator(seed: 3)
            for round in 0..<60 {
                let table = round % 5 == 4 ? random.below(5) : round % 5
                let flows = try FlowText.parseFlows(Self.tables[table])
                let removed = live.vswitch.flowsWithCounters()
                try live.vswitch.setFlows(flows)
                let counts = removed.map { [$0.packetCount, $0.byteCount] }
                let before = (3...5).map { live.delivered($0) }
                let drops = live.vswitch.datapath.counters.droppedPackets
                try live.wait(packets: 150)
                #expect(
                    removed.map { [$0.packetCount, $0.byteCount] } == counts,
                    "round \(round): removed flows count no more")
                for (index, port) in (3...UInt32(5)).enumerated() {
                    let grew = live.delivered(port) > before[index]
                    #expect(grew == (Self.target[table] == port), "round \(round), table \(table), port \(port)")
                }
                // Later fragments and the like are no exception: without an output everything is dropped.
                let dropped = live.vswitch.datapath.counters.droppedPackets - drops
                #expect(Self.target[table] != nil || dropped > 0)
            }
            try live.vswitch.stop()
            #expect(live.vswitch.datapath.counters.isBalanced)
            #expect(live.vswitch.datapath.counters.receivedPackets == live.vswitch.playedPackets)
        }

        /// Random tables follow each other while packets flow; the flows that then count are those that a search flow
        /// by flow finds for the packets of the captures, and they count as often as these come.
        @Test(arguments: 0..<3)
        func agreesWithLinearSearch(seed: UInt64) throws {
            let inputs = (0..<2).map { SimulationTests.capture(seed: seed * 2 + UInt64($0), count: 90) }
            let live = try LiveSwitch(inputs: inputs, workers: 2)
            for round in 0..<15 {
                var random = RandomTables(seed: seed * 1000 + UInt64(round))
                random.usesNormal = false
                let text = random.text()
                let flows = try FlowText.parseFlows(text)
                var rounds = (UInt64.max, UInt64(0))
                let before = (1...2).map { Self.received(live, $0) }
                try live.vswitch.setFlows(flows)
                let after = (1...2).map { Self.received(live, $0) }
                try live.wait(packets: 500)
                let low = (1...2).map { Self.received(live, $0) }
                let entries = live.vswitch.flowsWithCounters()
                let high = (1...2).map { Self.received(live, $0) }
                for port in 0..<2 {
                    rounds.0 = min(rounds.0, (low[port] - after[port]) / 90)
                    rounds.1 = max(rounds.1, (high[port] - before[port]) / 90 + 2)
                }
                var plain = PlainSwitch(flows: flows, ports: Array(1...6))
                for (index, packets) in inputs.enumerated() {
                    for packet in packets { _ = plain.forward(PlainPacket(packet.bytes), from: UInt32(index + 1)) }
                }
                for (flow, count) in zip(plain.flows, plain.counts) {
                    let got = try #require(entries.first { $0.flow == flow }).packetCount
                    #expect(
                        got >= rounds.0 * count.packets && got <= rounds.1 * count.packets,
                        "seed \(seed), round \(round): \(got) of \(flow), \(count.packets) a round:\n\(text)"
                    )
                }
            }
            try live.vswitch.stop()
            #expect(live.vswitch.datapath.counters.isBalanced)
        }

        private static func received(_ live: LiveSwitch, _ number: UInt32) -> UInt64 {
            live.vswitch.datapath.counters(ofPort: live.vswitch.ports[Int(number) - 1].index).receivedPackets
        }

        /// Too many flows are refused, and those that were there go on.
        @Test func refusedFlowsChangeNothing() throws {
            let live = try LiveSwitch(inputs: [SimulationTests.capture(seed: 1, count: 50)], workers: 1)
            try live.vswitch.setFlows(try FlowText.parseFlows("actions=output:3"))
            var bad = Flow(match: Match(), instructions: InstructionSet(apply: []))
            bad.table = 255
            #expect(throws: (any Error).self) { try live.vswitch.setFlows([bad]) }
            let before = live.delivered(3)
            try live.wait(packets: 100)
            #expect(live.delivered(3) > before)
            try live.vswitch.stop()
        }

        /// A port that is added while packets flow is flooded to from then on.
        @Test func portsComeWhilePacketsFlow() throws {
            let live = try LiveSwitch(inputs: [SimulationTests.capture(seed: 1, count: 50)], workers: 1)
            try live.vswitch.setFlows(try FlowText.parseFlows("actions=ALL,output:9"))
            try live.wait(packets: 100)
            try live.vswitch.addPort(PortConfiguration(name: "late", number: 9, kind: .null))
            try live.wait(packets: 100)
            try live.vswitch.stop()
            let late = live.vswitch.ports.last!
            let counters = live.vswitch.datapath.counters(ofPort: late.index)
            #expect(counters.deliveredPackets >= 200, "twice for each packet since: by ALL and by its number")
            #expect(counters.deliveredPackets % 2 == 0)
            #expect(live.vswitch.datapath.counters.isBalanced)
        }
    }
}
