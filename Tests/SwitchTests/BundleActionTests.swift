import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Switch

extension RunningSwitch {
    /// `bundle` and `bundle_load`, as packets see them.
    @Suite(.serialized)
    struct BundleActionTests {
        /// Packets that differ in their source.
        private static let packets = (0..<60).map { number in
            var packet = PlainPacket([UInt8](repeating: 0, count: 64))
            packet.put(0x0200_0000_0001, 0, 6)
            packet.put(0x0200_0000_0000 + UInt64(number), 6, 6)
            packet.put(0x88b5, 12, 2)
            return packet
        }

        /// The first port that is alive gets all; one that is down, without a link, or not there, none.
        @Test func activeBackup() throws {
            let bench = try PacketOutBench(
                ["actions=bundle(eth_src,0,active_backup,ofport,members:9,2,3,4)"])
            let packet = Self.packets[0]
            try bench.send(packet)
            bench.bridge.setLink(false, ofPort: 2)
            try bench.send(packet)
            bench.bridge.setFlags(.down, ofPort: 3)
            try bench.send(packet)
            bench.bridge.setLink(false, ofPort: 4)
            // Nobody is left.
            try bench.send(packet)
            bench.bridge.setLink(true, ofPort: 2)
            try bench.send(packet)
            #expect(bench.counters.isBalanced)
            #expect(try bench.finish().mapValues(\.count) == [1: 0, 2: 2, 3: 1, 4: 1])
        }

        /// A port that goes moves its own packets only, and gets them back.
        @Test func highestRandomWeight() throws {
            let bench = try PacketOutBench(["actions=bundle(eth_src,7,hrw,ofport,members:2,3,4)"])
            for isUp in [true, false, true] {
                bench.bridge.setLink(isUp, ofPort: 3)
                for packet in Self.packets { try bench.send(packet) }
            }
            let outputs = try bench.finish()
            let own = Set(outputs[3]!)
            #expect(own.count > 5 && outputs[3]!.count == 2 * own.count, "gone once, and back")
            for port in [2, 4] as [UInt32] {
                let counts = Dictionary(outputs[port]!.map { ($0, 1) }, uniquingKeysWith: +)
                #expect(counts.count > 5 && counts.allSatisfy { $0.value == (own.contains($0.key) ? 1 : 3) })
            }
        }

        /// The number of 16 bits, reserved ones too, and 0xffff for none.
        @Test(arguments: [
            ("9,3,2", 3), ("9,LOCAL", 0xffff), ("IN_PORT", 0xfff8), ("9,ANY,2", 0xffff), ("", 0xffff),
            ("10,11", 0xffff),
        ])
        func load(members: String, expected: UInt16) throws {
            let bench = try PacketOutBench([
                "actions=bundle_load(eth_src,0,active_backup,ofport,NXM_OF_ETH_DST[8..23],members:\(members)),output:4"
            ])
            try bench.send(Self.packets[0])
            let bytes = try #require(try bench.finish()[4]?.first)
            #expect(UInt16(bytes[3]) << 8 | UInt16(bytes[4]) == expected)
        }

        /// A reserved port is output to as ever.
        @Test func reservedPorts() throws {
            let bench = try PacketOutBench(["actions=bundle(eth_src,0,active_backup,ofport,members:9,FLOOD,2)"])
            try bench.send(Self.packets[0])
            #expect(try bench.finish().mapValues(\.count) == [1: 0, 2: 1, 3: 1, 4: 1])
        }

        /// No flow may name a port that can't be.
        @Test func ports() throws {
            let bench = try PacketOutBench()
            let action = BundleAction(.ethernetSource, .highestRandomWeight, members: [PortNumber(2), PortNumber(0)])
            let mod = FlowMod(.add, Flow(match: Match(), instructions: InstructionSet(apply: [.bundle(action)])))
            let error = #expect(throws: OpenFlowError.self) { try bench.bridge.apply(mod) }
            #expect(error.map { [$0.type, $0.code] } == [2, 4])
        }
    }
}
