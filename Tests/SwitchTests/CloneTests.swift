import FlowTable
import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Switch

extension RunningSwitch {
    /// `clone`, as packets see it; random ones stand in the tables of the simulation.
    @Suite(.serialized)
    struct CloneTests {
        private static let packet = {
            var packet = PlainPacket([UInt8](repeating: 0, count: 64))
            packet.put(0x0200_0000_0001, 0, 6)
            packet.put(0x0200_0000_0002, 6, 6)
            packet.put(0x88b5, 12, 2)
            return packet
        }()

        /// By port, the last byte of the destination of each packet that leaves.
        private func destinations(_ flows: String...) throws -> [UInt32: [UInt8]] {
            let bench = try PacketOutBench(flows)
            try bench.send(Self.packet)
            #expect(bench.counters.isBalanced)
            return try bench.finish().mapValues { $0.map { $0[5] } }.filter { !$0.value.isEmpty }
        }

        @Test func headersAndRegistersAreAsBefore() throws {
            let found = try destinations(
                "actions=load:3->reg0,clone(load:9->reg0,load:5->NXM_OF_ETH_DST[0..7],output:2),"
                    + "move:reg0[0..7]->NXM_OF_ETH_DST[0..7],output:3")
            #expect(found == [2: [5], 3: [3]])
        }

        @Test func theStackIsAsBefore() throws {
            let found = try destinations(
                "actions=load:7->reg0,push:reg0[0..7],clone(pop:NXM_OF_ETH_DST[0..7],output:2,push:reg1[0..7]),"
                    + "pop:NXM_OF_ETH_DST[0..7],output:3")
            #expect(found == [2: [7], 3: [7]])
        }

        /// The copy comes to its end in the clone, and so to its action set; the packet comes to its own later.
        @Test func theActionSetIsExecutedForBoth() throws {
            let found = try destinations(
                "actions=write_actions(output:2),goto_table:1",
                "table=1 actions=clone(load:5->NXM_OF_ETH_DST[0..7],resubmit(,2)),load:6->NXM_OF_ETH_DST[0..7]",
                "table=2 actions=output:4,write_actions(output:3)")
            #expect(found == [4: [5], 3: [5], 2: [6]])
        }

        /// ovs-actions(7), exit: nothing more of any table; the action set all the same.
        @Test func exitInACloneEndsAll() throws {
            let found = try destinations(
                "actions=clone(resubmit(,1),output:3),output:4", "table=1 actions=output:2,exit,output:4")
            #expect(found == [2: [1]])
        }

        /// Flows are found, and go with their groups, by what stands in clones too.
        @Test func whatStandsInsideCounts() throws {
            let bench = try PacketOutBench()
            let bucket = Group.Bucket(weight: 0, actions: [.to(2)])
            try bench.bridge.apply(GroupMod(.add, Group(id: 7, kind: .all, buckets: [bucket])))
            for text in ["dl_vlan=1 actions=clone(clone(group:7),1)", "dl_vlan=2 actions=clone(output:3)"] {
                try bench.bridge.apply(FlowMod(.add, FlowText.parseFlow(text)))
            }
            #expect(bench.bridge.statistics(ofGroup: 7)?.references == 1)
            var selection = FlowSelection()
            selection.outputPort = PortNumber(3)
            #expect(bench.bridge.tables.flows(selection).count == 1)
            try bench.bridge.apply(GroupMod(.delete, Group(id: 7, kind: .all, buckets: [])))
            #expect(bench.bridge.tables.flows(FlowSelection()).count == 1)
            // A group that is not there can't be named inside either.
            let error = #expect(throws: OpenFlowError.self) {
                try bench.bridge.apply(FlowMod(.add, FlowText.parseFlow("actions=clone(group:8)")))
            }
            #expect(error.map { [$0.type, $0.code] } == [2, 9])
        }
    }
}
