import Datapath
import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Switch

extension RunningSwitch {
    /// Groups that choose by certain fields, as packets see them.
    @Suite(.serialized)
    struct SelectionTests {
        /// Packets of different numbers differ in the MAC address, the destination and the ports.
        private static func packet(
            _ number: Int, from source: Int, protocol proto: UInt8 = 6, fragment: UInt64 = 0
        ) -> PlainPacket {
            var packet = PlainPacket([UInt8](repeating: 0, count: 64))
            packet.put(0x0200_0000_0001, 0, 6)
            packet.put(0x0200_0000_0000 + UInt64(number), 6, 6)
            packet.put(0x0800_4500_0032, 12, 6)
            packet.put(fragment, 20, 2)
            packet.put(0x4000 | UInt64(proto), 22, 2)
            packet.put(0x0a00_0000 + UInt64(source), 26, 4)
            packet.put(0x0b00_0000 + UInt64(number), 30, 4)
            packet.put(UInt64(1000 + number % 60000), 34, 2)
            packet.put(UInt64(2000 + number % 60000), 36, 2)
            // What is the sequence number's of TCP is UDP's length.
            packet.put(30, 38, 2)
            packet.put(0x5002, 46, 2)
            packet.recomputeChecksums()
            return packet
        }

        private static func group(_ selection: Group.Selection, weights: [UInt16]) -> Group {
            var group = Group(id: 1, kind: .select, buckets: [])
            for (index, weight) in weights.enumerated() where weight > 0 {
                group.buckets.append(Group.Bucket(weight: weight, actions: [.to(UInt32(index) + 2)]))
            }
            group.selection = selection
            return group
        }

        /// Plays the packets into a switch whose port 1 leads to the group, its buckets to the ports from 2 on.
        private static func play(
            _ packets: [PlainPacket], _ group: Group, ports: UInt32
        ) throws -> (outputs: [[PlainPacket]], translations: UInt64) {
            let captured = packets.enumerated().map {
                CapturedPacket($1.bytes, timestamp: 1_700_000_000_000_000_000 + UInt64($0))
            }
            let vswitch = try OneBridge(SwitchOptions())
            let folder = try TemporaryFolder()
            for number in 1...ports {
                var pcap = PcapOptions()
                if number == 1 { pcap.capture = try Capture.load(bytes: CaptureFile.pcap(captured)) }
                pcap.outputPath = folder.file("p\(number).pcap")
                try vswitch.addPort(PortConfiguration(name: "p\(number)", number: number, kind: .pcap(pcap)))
            }
            try vswitch.bridge.apply(GroupMod(.add, group))
            vswitch.bridge.publishChanges()
            try vswitch.setFlows([Flow.all([.group(group.id)])])
            try vswitch.start()
            while !vswitch.hasPlayedAllCaptures {}
            vswitch.datapath.stop()
            let counters = vswitch.datapath.counters
            #expect(counters.isBalanced)
            let statistics = try #require(vswitch.bridge.statistics(ofGroup: group.id))
            #expect(statistics.packets == packets.count)
            #expect(statistics.buckets.reduce(0) { $0 + $1.packets } == packets.count)
            try vswitch.stop()
            let outputs = try (2...ports).map {
                try CaptureFile.read(folder.file("p\($0).pcap")).packets.map { PlainPacket($0.bytes) }
            }
            return (outputs, counters.translations)
        }

        /// By source: which port's its packets went to.
        private static func ports(_ outputs: [[PlainPacket]]) -> [UInt128: Set<Int>] {
            var ports: [UInt128: Set<Int>] = [:]
            for (port, packets) in outputs.enumerated() {
                for packet in packets { ports[packet[.ipv4Src]!, default: []].insert(port) }
            }
            return ports
        }

        /// Packets that differ in other fields go the same way, by the same megaflow.
        @Test func otherFieldsDoNotCount() throws {
            let packets = (0..<600).map { Self.packet($0, from: $0 % 30) }
            let group = Self.group(.hash(of: [.ipv4Src: 0xffff_ffff]), weights: [1, 1, 1])
            let (outputs, translations) = try Self.play(packets, group, ports: 4)
            let ports = Self.ports(outputs)
            #expect(ports.count == 30 && ports.values.allSatisfy { $0.count == 1 }, "\(ports)")
            #expect(Set(ports.values).count == 3)
            #expect(translations == 30)
        }

        /// Of a field with a mask only its bits count.
        @Test func masks() throws {
            let packets = (0..<600).map { Self.packet($0, from: $0) }
            let group = Self.group(.hash(of: [.ipv4Src: 0xffff_ffe0]), weights: [1, 1, 1])
            let (outputs, translations) = try Self.play(packets, group, ports: 4)
            let networks = Dictionary(grouping: Self.ports(outputs)) { $0.key >> 5 }
            #expect(networks.count == 19 && translations == 19)
            #expect(networks.values.allSatisfy { Set($0.map(\.value)).count == 1 })
        }

        /// In proportion to the weights, and a bucket that goes moves only what it had.
        @Test(arguments: [
            Group.Selection.hash(of: [.ipv4Src: 0xffff_ffff]),
            .hash(of: [.ipv4Src: 0xffff, .ipProto: 0xff], parameter: 7),
        ])
        func weights(selection: Group.Selection) throws {
            let packets = (0..<3000).map { Self.packet($0, from: $0) }
            let before = try Self.play(packets, Self.group(selection, weights: [1, 2, 3]), ports: 4).outputs
            let after = try Self.play(packets, Self.group(selection, weights: [1, 0, 3]), ports: 4).outputs
            for (outputs, weights) in [(before, [1, 2, 3]), (after, [1, 0, 3])] {
                let sum = weights.reduce(0, +)
                for (packets, weight) in zip(outputs, weights) {
                    #expect(abs(packets.count - 3000 * weight / sum) < 150, "\(outputs.map(\.count))")
                }
            }
            for port in [0, 2] {
                #expect(Set(before[port].map(\.bytes)).isSubset(of: Set(after[port].map(\.bytes))))
            }
        }

        /// The parameter goes into the hash.
        @Test func parameters() throws {
            let packets = (0..<200).map { Self.packet($0, from: $0) }
            let outputs = try [0, 1, 1 << 63].map { (parameter: UInt64) in
                let selection = Group.Selection.hash(of: [.ipv4Src: 0xffff_ffff], parameter: parameter)
                return try Self.play(packets, Self.group(selection, weights: [1, 1]), ports: 3).outputs
            }
            #expect(Set(outputs.map { $0[0].map(\.bytes) }).count == 3)
        }

        /// A field that packets don't have doesn't count: neither ports of other protocols, nor those of fragments.
        @Test func absentFields() throws {
            let fields = Group.Selection.hash(of: [.tcpSrc: 0xffff, .vlanPCP: 7, .ndTarget: .max])
            func ports(_ proto: UInt8, fragment: UInt64) throws -> Int {
                let packets = (0..<100).map { Self.packet($0, from: $0, protocol: proto, fragment: fragment) }
                let (outputs, translations) = try Self.play(packets, Self.group(fields, weights: [1, 1]), ports: 3)
                #expect(translations == (proto == 6 && fragment == 0 ? 100 : 1))
                return outputs.count { !$0.isEmpty }
            }
            #expect(try ports(6, fragment: 0) == 2)
            #expect(try ports(17, fragment: 0) == 1)
            // The first fragment, and a later one.
            #expect(try ports(6, fragment: 0x2000) == 1)
            #expect(try ports(6, fragment: 0x0010) == 1)
        }

        /// What counts is the packet as it comes to the group.
        @Test func changedFields() throws {
            let bench = try PacketOutBench()
            try bench.bridge.apply(
                GroupMod(.add, Self.group(.hash(of: [.ipv4Src: 0xffff_ffff]), weights: [1, 1, 1])))
            try bench.bridge.setFlows([Flow.all([.modField(.ipv4Src, 0x0a00_0001), .group(1)])])
            for number in 0..<50 { try bench.send(Self.packet(number, from: number)) }
            #expect(try bench.finish().values.filter { !$0.isEmpty }.map(\.count) == [50])
        }

        /// What is under a label counts as what is under none: the packet is parsed again before the choice.
        @Test(arguments: [true, false]) func fieldsUnderLabels(usesCaches: Bool) throws {
            let bench = try PacketOutBench(usesCaches: usesCaches)
            let selection = Group.Selection.hash(of: [.ethSrc: 0xf, .ipv4Src: 0xffff_ffff])
            try bench.bridge.apply(GroupMod(.add, Self.group(selection, weights: [1, 1, 1])))
            try bench.bridge.setFlows([
                Flow.all([.popMPLS(etherType: 0x0800), .group(1)]).matching(.ethType, 0x8847),
                Flow.all(priority: 0, [.group(1)]),
            ])
            for number in 0..<120 {
                let plain = Self.packet(number, from: number % 3).bytes
                try bench.send(plain)
                try bench.send(Array(plain[..<12]) + [0x88, 0x47, 0, 0, 0x51, 64] + plain[14...])
            }
            #expect(bench.counters.recirculations == 120 && bench.counters.isBalanced)
            #expect(bench.bridge.statistics(ofGroup: 1)?.packets == 240)
            for (port, packets) in try bench.finish() where port > 1 {
                let counts = Dictionary(packets.map { ($0, 1) }, uniquingKeysWith: +)
                #expect(counts.count > 20 && counts.values.allSatisfy { $0 == 2 })
            }
        }

        /// Both halves of a long field count, if they are named.
        @Test func longFields() throws {
            let packets = (0..<64).map { (number: UInt64) in
                var packet = PlainPacket([UInt8](repeating: 0, count: 64))
                packet.put(0x0200_0000_0001_0200, 0, 8)
                packet.put(0x86dd, 12, 2)
                // No header follows.
                packet.put(0x3b40, 20, 2)
                packet.put(0xfe80_0000_0000_0000 + number, 22, 8)
                return packet
            }
            let low = UInt128(UInt64.max)
            for (mask, ports) in [(low, 1), (~low, 2), (.max, 2)] as [(UInt128, Int)] {
                let group = Self.group(.hash(of: [.ipv6Src: mask]), weights: [1, 1])
                let (outputs, translations) = try Self.play(packets, group, ports: 3)
                #expect(outputs.count { !$0.isEmpty } == ports)
                #expect(translations == (ports == 1 ? 1 : 64))
            }
        }

        /// Whatever a group's number, nothing is lost of what its hash begins with.
        @Test func seeds() {
            let seeds = (0..<1000).map { id in
                GroupEntry(Group(id: id, kind: .select, buckets: []), created: .now).seed
            }
            #expect(Set(seeds).count == 1000)
            for seed in seeds { #expect(BucketChoice.mix(seed, 6) != BucketChoice.mix(seed, 17)) }
        }

        /// Buckets that are not alive are passed over, and their packets go back when they live again.
        @Test func liveness() throws {
            let bench = try PacketOutBench()
            var group = Self.group(.hash(of: [.ipv4Src: 0xffff_ffff]), weights: [1, 1, 1])
            for index in group.buckets.indices { group.buckets[index].watchPort = PortNumber(UInt32(index) + 2) }
            try bench.bridge.apply(GroupMod(.add, group))
            try bench.bridge.setFlows([Flow.all([.group(1)])])
            for isUp in [true, false, true] {
                bench.bridge.setLink(isUp, ofPort: 3)
                for number in 0..<60 { try bench.send(Self.packet(number, from: number)) }
            }
            let outputs = try bench.finish()
            let own = Set(outputs[3]!)
            #expect(own.count > 5 && outputs[3]!.count == 2 * own.count, "gone once, and back")
            for port in [2, 4] as [UInt32] {
                let packets = outputs[port]!
                let counts = Dictionary(packets.map { ($0, 1) }, uniquingKeysWith: +)
                #expect(counts.allSatisfy { $0.value == (own.contains($0.key) ? 1 : 3) })
            }
        }

        /// Buckets come and go; how the group chooses stays, until it is modified as a whole.
        @Test func changesOfGroups() throws {
            var table = GroupTable()
            let selection = Group.Selection.hash(of: [.ipv4Src: 0xffff_ffff])
            let group = Self.group(selection, weights: [1, 1])
            try table.apply(GroupMod(.add, group))
            var mod = GroupMod(.removeBuckets, Group(id: 1, kind: .select, buckets: []))
            mod.place = .first
            try table.apply(mod)
            #expect(table.entries[1]?.group.buckets.count == 1 && table.entries[1]?.group.selection == selection)
            try table.apply(GroupMod(.modify, Group(id: 1, kind: .select, buckets: group.buckets)))
            #expect(table.entries[1]?.group.selection == nil)
        }
    }
}
