import Foundation
import Packet
import Testing

/// The sample captures that come with the project.
@Suite struct CaptureExampleTests {
    private func example(_ name: String) throws -> Capture {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try Capture.load(root.appendingPathComponent("Examples/captures/\(name)").path)
    }

    /// The EtherTypes of a frame, tags first.
    private func etherTypes(_ packet: TestPacket) -> [Int] {
        var types: [Int] = []
        var place = 12
        repeat {
            types.append(Int(packet.bytes[place]) << 8 | Int(packet.bytes[place + 1]))
            place += 4
        } while [0x8100, 0x88A8].contains(types.last)
        return types
    }

    @Test func web() throws {
        let capture = try example("web.pcap")
        #expect(capture.packetCount == 679)
        #expect(capture.truncation == nil)
        #expect(capture.precision == .microseconds)
        #expect(capture.cutPacketCount == 0)
        let kinds = Set(capture.packets.map(etherTypes))
        #expect(kinds == [[0x0800], [0x0806], [0x86DD], [0x8100, 0x0800], [0x8100, 0x0806], [0x8100, 0x86DD]])
    }

    @Test func vlan() throws {
        let capture = try example("vlan.pcapng")
        #expect(capture.packetCount == 55)
        #expect(capture.truncation == nil)
        #expect(capture.precision == .nanoseconds)
        #expect(capture.packets.contains { etherTypes($0) == [0x88A8, 0x8100, 0x0800] })
    }
}
