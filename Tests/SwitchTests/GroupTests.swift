import Datapath
import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Switch

extension RunningSwitch {
    /// Groups, as packets see them.
    @Suite(.serialized)
    struct GroupTests {
        private static func packets(_ count: Int) -> [PlainPacket] {
            var packets = RandomPackets(seed: 5)
            let first = packets.packet(.tcp)
            return (0..<count).map { number in
                var packet = first
                while packet.tagCount > 0 { packet.popTag() }
                packet.set(.ipTTL, 64)
                packet.put(0x0200_0000_0000 + UInt64(number), 6, 6)
                packet.recomputeChecksums()
                return packet
            }
        }

        private static func bucket(_ actions: [Action], weight: UInt16 = 1, watch: UInt32? = nil) -> Group.Bucket {
            Group.Bucket(weight: weight, watchPort: watch.map { PortNumber($0) } ?? .any, actions: actions)
        }

        /// What a bucket does to the packet is its own, and the flow goes on with the packet as it was.
        @Test func all() throws {
            let bench = try PacketOutBench()
            try bench.bridge.apply(
                GroupMod(
                    .add,
                    Group(
                        id: 7, kind: .all,
                        buckets: [
                            Self.bucket([.to(2), .modField(.ipTTL, 9)]), Self.bucket([.to(3)]),
                            Self.bucket([.decrementTTL, .to(4)]), Self.bucket([.modField(.ipTTL, 3)]),
                        ])))
            try bench.bridge.setFlows([Flow.all([.group(7), .output(.inPort, maxLength: 0)])])
            let packet = Self.packets(1)[0]
            try bench.send(packet)
            func with(hops: UInt128) -> [UInt8] {
                var packet = packet
                packet.set(.ipTTL, hops)
                packet.recomputeChecksums()
                return packet.bytes
            }
            let statistics = try #require(bench.bridge.statistics(ofGroup: 7))
            #expect(statistics.packets == 1 && statistics.bytes == UInt64(packet.bytes.count))
            #expect(statistics.references == 1)
            #expect(statistics.buckets.map(\.packets) == [1, 1, 1, 1])
            #expect(bench.counters.isBalanced)
            #expect(
                try bench.finish() == [1: [packet.bytes], 2: [with(hops: 9)], 3: [packet.bytes], 4: [with(hops: 63)]])
        }

        /// OpenFlow 1.5.1 §7.3.4.3: buckets come and go by their numbers; the rest of the group stays.
        @Test func bucketsComeAndGo() throws {
            var table = GroupTable()
            func numbered(_ id: UInt32) -> Group.Bucket {
                var bucket = Self.bucket([.to(id)])
                bucket.id = id
                return bucket
            }
            func change(_ command: GroupMod.Command, _ place: BucketPlace, _ ids: [UInt32] = []) throws(OpenFlowError) {
                var mod = GroupMod(command, Group(id: 1, kind: .all, buckets: ids.map(numbered)))
                mod.place = place
                try table.apply(mod)
            }
            func ids() -> [UInt32?] { table.entries[1]?.group.buckets.map(\.id) ?? [] }
            func refusal(_ command: GroupMod.Command, _ place: BucketPlace, _ ids: [UInt32] = []) -> UInt16? {
                do throws(OpenFlowError) {
                    try change(command, place, ids)
                    return nil
                } catch {
                    return error.type == 6 ? error.code : nil
                }
            }
            #expect(refusal(.insertBuckets, .last, [1]) == 8, "OFPGMFC_UNKNOWN_GROUP")
            // Buckets without numbers are known by their places.
            try table.apply(
                GroupMod(.add, Group(id: 1, kind: .select, buckets: [Self.bucket([.to(1)]), Self.bucket([.to(2)])])))
            try change(.insertBuckets, .last, [7, 8])
            #expect(ids() == [0, 1, 7, 8])
            try change(.insertBuckets, .first, [9])
            try change(.insertBuckets, .number(1), [5, 6])
            #expect(ids() == [9, 0, 1, 5, 6, 7, 8])
            #expect(table.entries[1]?.group.kind == .select, "the kind in the message doesn't count")
            #expect(refusal(.insertBuckets, .last, [5]) == 16, "OFPGMFC_BUCKET_EXISTS")
            #expect(refusal(.insertBuckets, .number(77), [70]) == 15, "OFPGMFC_UNKNOWN_BUCKET")
            #expect(refusal(.removeBuckets, .number(77)) == 15)
            try change(.removeBuckets, .number(5))
            try change(.removeBuckets, .first)
            try change(.removeBuckets, .last)
            #expect(ids() == [0, 1, 6, 7])
            try change(.removeBuckets, .all)
            #expect(ids().isEmpty && table.entries[1] != nil)
        }

        /// Weights, counters that agree with what left the ports, and flows that stay where they were.
        @Test func select() throws {
            let packets = Self.packets(3000)
            var shares: [[UInt32: [[UInt8]]]] = []
            for kept in [[1, 2, 3], [1, 3]] as [[UInt32]] {
                let bench = try PacketOutBench()
                let buckets = kept.map { Self.bucket([.to($0 + 1)], weight: UInt16($0)) }
                try bench.bridge.apply(GroupMod(.add, Group(id: 1, kind: .select, buckets: buckets)))
                try bench.bridge.setFlows([Flow.all([.group(1)])])
                for packet in packets { try bench.send(packet) }
                let statistics = try #require(bench.bridge.statistics(ofGroup: 1))
                let outputs = try bench.finish()
                #expect(statistics.packets == 3000)
                #expect(statistics.buckets.map { Int($0.packets) } == kept.map { outputs[$0 + 1]!.count })
                let total = kept.reduce(0, +)
                for port in kept {
                    let expected = 3000 * Int(port) / Int(total)
                    #expect(abs(outputs[port + 1]!.count - expected) < 200, "\(outputs.mapValues(\.count))")
                }
                #expect(bench.counters.isBalanced)
                shares.append(outputs)
            }
            for port in [2, 4] as [UInt32] { #expect(Set(shares[0][port]!).isSubset(of: Set(shares[1][port]!))) }
        }

        /// Each packet is chosen for anew, although all are of one megaflow.
        @Test func selectKeepsMasksWide() throws {
            let flows = [Flow.all([.group(1), .output(.inPort, maxLength: 0)])]
            let packets = Self.packets(200).enumerated().map {
                CapturedPacket($1.bytes, timestamp: 1_700_000_000_000_000_000 + UInt64($0))
            }
            let vswitch = try OneBridge(SwitchOptions())
            let folder = try TemporaryFolder()
            for number in 1...3 as ClosedRange<UInt32> {
                var pcap = PcapOptions()
                if number == 1 { pcap.capture = try Capture.load(bytes: CaptureFile.pcap(packets)) }
                pcap.outputPath = folder.file("p\(number).pcap")
                try vswitch.addPort(PortConfiguration(name: "p\(number)", number: number, kind: .pcap(pcap)))
            }
            let buckets = [Self.bucket([.to(2)]), Self.bucket([.decrementTTL, .to(3)])]
            try vswitch.bridge.apply(GroupMod(.add, Group(id: 1, kind: .select, buckets: buckets)))
            vswitch.bridge.publishChanges()
            try vswitch.setFlows(flows)
            try vswitch.start()
            while !vswitch.hasPlayedAllCaptures {}
            vswitch.datapath.stop()
            #expect(vswitch.datapath.counters.translations == 1)
            #expect(vswitch.datapath.counters.isBalanced)
            try vswitch.stop()
            let counts = try (1...3).map { try CaptureFile.read(folder.file("p\($0).pcap")).packets.count }
            #expect(counts[0] == 200 && counts[1] + counts[2] == 200 && counts[1] > 50 && counts[2] > 50)
        }

        @Test func fastFailover() throws {
            let bench = try PacketOutBench()
            try bench.bridge.apply(
                GroupMod(
                    .add,
                    Group(
                        id: 1, kind: .fastFailover,
                        buckets: [2, 3, 4].map { Self.bucket([.to($0)], watch: $0) })))
            var outer = Self.bucket([.to(1)])
            outer.watchGroup = 1
            try bench.bridge.apply(
                GroupMod(.add, Group(id: 2, kind: .fastFailover, buckets: [outer, Self.bucket([.to(2)], watch: 2)])))
            try bench.bridge.setFlows([Flow.all([.group(1)])])
            let packet = Self.packets(1)[0]
            try bench.send(packet)
            bench.bridge.setLink(false, ofPort: 2)
            try bench.send(packet)
            bench.bridge.setFlags(.down, ofPort: 3)
            try bench.send(packet)
            try bench.send(packet.bytes, from: .controller, [.group(2)])
            bench.bridge.setLink(false, ofPort: 4)
            try bench.send(packet)
            try bench.send(packet.bytes, from: .controller, [.group(2)])
            bench.bridge.setLink(true, ofPort: 2)
            try bench.send(packet)
            #expect(bench.counters.isBalanced)
            #expect(bench.bridge.statistics(ofGroup: 1)?.buckets.map(\.packets) == [2, 1, 1])
            #expect(try bench.finish().mapValues(\.count) == [1: 1, 2: 2, 3: 1, 4: 1])
        }

        /// A group's bucket may lead to another group.
        @Test func chain() throws {
            let bench = try PacketOutBench()
            try bench.bridge.apply(
                GroupMod(.add, Group(id: 2, kind: .all, buckets: [Self.bucket([.to(2)]), Self.bucket([.to(3)])])))
            try bench.bridge.apply(
                GroupMod(
                    .add,
                    Group(
                        id: 1, kind: .all,
                        buckets: [Self.bucket([.modField(.ipTTL, 5), .group(2)]), Self.bucket([.to(4)])])))
            var instructions = InstructionSet()
            // A group goes before an output in an action set.
            instructions.write = [.to(1), .group(1)]
            try bench.bridge.setFlows([Flow(priority: 1, match: Match(), instructions: instructions)])
            let packet = Self.packets(1)[0]
            try bench.send(packet)
            var changed = packet
            changed.set(.ipTTL, 5)
            changed.recomputeChecksums()
            #expect(bench.bridge.statistics(ofGroup: 2)?.packets == 1)
            #expect(
                try bench.finish() == [1: [], 2: [changed.bytes], 3: [changed.bytes], 4: [packet.bytes]])
        }
    }
}

/// What is refused, with the standard's codes, and what is read back.
struct GroupTableTests {
    private func code(_ table: inout GroupTable, _ mod: GroupMod) -> UInt16? {
        do {
            try table.apply(mod)
            return nil
        } catch { return error.type == 6 ? error.code : 100 + error.type }
    }

    @Test func refusals() throws {
        typealias Code = OpenFlowError.GroupModFailed
        var table = GroupTable()
        func group(_ id: UInt32, _ kind: Group.Kind = .all, to next: [UInt32] = []) -> Group {
            Group(id: id, kind: kind, buckets: next.map { .init(actions: [.group($0)]) })
        }
        #expect(code(&table, GroupMod(.add, group(1))) == nil)
        #expect(code(&table, GroupMod(.add, group(1))) == Code.groupExists.rawValue)
        #expect(code(&table, GroupMod(.modify, group(2))) == Code.unknownGroup.rawValue)
        #expect(code(&table, GroupMod(.add, group(Group.lastID + 1))) == Code.invalidGroup.rawValue)
        #expect(code(&table, GroupMod(.add, group(3, .indirect))) == Code.invalidGroup.rawValue)
        #expect(code(&table, GroupMod(.add, group(3, .fastFailover, to: [1]))) == Code.watchUnsupported.rawValue)
        #expect(code(&table, GroupMod(.add, group(3, to: [9]))) == 102)
        #expect(code(&table, GroupMod(.add, group(3, to: [3]))) == Code.loop.rawValue)
        #expect(code(&table, GroupMod(.add, group(2, to: [1]))) == nil)
        #expect(code(&table, GroupMod(.add, group(3, to: [2]))) == nil)
        #expect(code(&table, GroupMod(.modify, group(1, to: [3]))) == Code.loop.rawValue)
        #expect(code(&table, GroupMod(.delete, group(1))) == Code.chainedGroup.rawValue)
        let many = (0...GroupTable.bucketLimit).map { _ in Group.Bucket(actions: []) }
        #expect(code(&table, GroupMod(.add, Group(id: 8, kind: .all, buckets: many))) == Code.outOfBuckets.rawValue)
        #expect(table.entries.keys.sorted() == [1, 2, 3])
        #expect(table.entries[3]?.group == group(3, to: [2]))
        #expect(try table.apply(GroupMod(.delete, group(77))).isEmpty)
        #expect(try table.apply(GroupMod(.delete, group(3))) == [3])
        #expect(try table.apply(GroupMod(.delete, group(Group.all))) == [1, 2])
    }

    /// A chain as long as may be, and one longer.
    @Test func chains() {
        var table = GroupTable()
        for id in 0...UInt32(GroupTable.chainLimit) {
            let buckets = id == 0 ? [] : [Group.Bucket(actions: [.group(id - 1)])]
            #expect(code(&table, GroupMod(.add, Group(id: id, kind: .all, buckets: buckets))) == nil)
        }
        let last = UInt32(GroupTable.chainLimit)
        let next = Group(id: last + 1, kind: .all, buckets: [.init(actions: [.group(last)])])
        #expect(code(&table, GroupMod(.add, next)) == OpenFlowError.GroupModFailed.chainingUnsupported.rawValue)
    }
}
