import Foundation
import Packet
import Testing

/// Every form of capture that is taken, made byte by byte.
@Suite struct CaptureFormatTests {
    @Test(arguments: [false, true], [(UInt32(0xA1B2_C3D4), UInt64(1000)), (0xA1B2_3C4D, 1)])
    func pcap(isBigEndian: Bool, variant: (magic: UInt32, unit: UInt64)) throws {
        let packets = TestPacket.samples(unit: variant.unit)
        let file = TestFile.pcap(packets, magic: variant.magic, unit: variant.unit, isBigEndian: isBigEndian)
        for bytes in [file, gzip(file)] {
            let capture = try Capture.load(bytes)
            #expect(capture.packets == packets)
            #expect(capture.truncation == nil)
            #expect(capture.precision == (variant.unit == 1 ? .nanoseconds : .microseconds))
        }
    }

    /// The variant of Alexey Kuznetsov's patch has 8 more bytes in each record header (interface, protocol, type).
    @Test func patchedPcap() throws {
        var file = TestFile(isBigEndian: false)
        file.bytes = TestFile.pcap([], magic: 0xA1B2_CD34)
        file.put(UInt32(5), 6, 4, 60)
        file.bytes += [1, 0, 0, 0, 8, 0, 0, 0] + [9, 8, 7, 6]
        let capture = try Capture.load(file.bytes)
        #expect(capture.packets == [TestPacket([9, 8, 7, 6], wireLength: 60, timestamp: 5_000_006_000)])
    }

    /// Decimal resolutions, none (microseconds), and binary ones: 2^-10, 2^-20 and 2^-30 s.
    @Test(arguments: [false, true], [nil, 3, 6, 9, 12, 0x8A, 0x94, 0x9E] as [UInt8?])
    func pcapng(isBigEndian: Bool, resolution: UInt8?) throws {
        let interface = TestFile.Interface(name: "eth0", resolution: resolution)
        let ticks = interface.ticks
        // Early in 1970: picoseconds since then fill 64 bits within a year.
        let packets = TestPacket.samples(unit: 1000).enumerated().map { index, packet in
            var packet = packet
            packet.timestamp = 1_000_000 * 1_000_000_000 + UInt64(index) * 1_000_000_000 / min(ticks, 1 << 10)
            if resolution == 9 || resolution == 12 { packet.timestamp += UInt64(index) }
            return packet
        }
        let file = TestFile.pcapng(packets, interfaces: [interface], isBigEndian: isBigEndian)
        for bytes in [file, gzip(file)] {
            let capture = try Capture.load(bytes)
            #expect(capture.truncation == nil)
            #expect(capture.packets.map(\.bytes) == packets.map(\.bytes))
            #expect(capture.packets.map(\.wireLength) == packets.map(\.wireLength))
            for (found, made) in zip(capture.packets, packets) {
                // The file keeps whole ticks, and the reader whole nanoseconds; both round down.
                let tick = (1_000_000_000 + ticks - 1) / ticks
                #expect(found.timestamp <= made.timestamp && made.timestamp - found.timestamp <= tick)
            }
            if resolution == 9 || resolution == 12 {
                #expect(capture.packets == packets)
                #expect(capture.precision == .nanoseconds)
            }
        }
    }

    @Test(arguments: [false, true]) func pcapngOfSeveralInterfaces(isBigEndian: Bool) throws {
        let packets = TestPacket.samples(unit: 1000)
        let interfaces = [
            TestFile.Interface(name: "eth0", resolution: 6), TestFile.Interface(name: "eth1", resolution: 9),
            TestFile.Interface(),
        ]
        let file = TestFile.pcapng(packets, interfaces: interfaces, isBigEndian: isBigEndian)
        #expect(try Capture.load(file).packets == packets)
        // A second section numbers its interfaces anew.
        #expect(try Capture.load(file + file).packets == packets + packets)
    }

    /// Simple packet blocks (without a time), the old packet blocks, blocks of no concern, and a clock's offset.
    @Test(arguments: [false, true]) func otherBlocks(isBigEndian: Bool) throws {
        var file = TestFile(isBigEndian: isBigEndian)
        file.putSection()
        file.put(TestFile.Interface(resolution: 9, offset: 100))
        file.putBlock(0xBAD) { $0.put(UInt32(1)) }
        file.putBlock(3) {
            $0.put(UInt32(5))
            $0.bytes += [1, 2, 3, 4, 5]
        }
        file.putBlock(2) {
            $0.put(UInt16(0), 7)
            $0.put(UInt32(0), 42, 3, 4)
            $0.bytes += [6, 7, 8]
        }
        let expected = [
            TestPacket([1, 2, 3, 4, 5], timestamp: 100_000_000_000),
            TestPacket([6, 7, 8], wireLength: 4, timestamp: 100_000_000_042),
        ]
        #expect(try Capture.load(file.bytes).packets == expected)
    }

    @Test func gzipOfSeveralMembersAndPadding() throws {
        let packets = TestPacket.samples(unit: 1000)
        let file = TestFile.pcap(packets)
        let parts = gzip(Array(file[..<100])) + gzip([]) + gzip(Array(file[100...]))
        #expect(try Capture.load(parts).packets == packets)
        #expect(try Capture.load(parts + [UInt8](repeating: 0, count: 512)).packets == packets)
    }

    @Test func facts() throws {
        let packets = [
            TestPacket([1, 2, 3], wireLength: 9, timestamp: 5_000_000_000), TestPacket([4], timestamp: 2_000_000_000),
            TestPacket([5, 6], timestamp: 7_000_000_000),
        ]
        let capture = try Capture.load(TestFile.pcap(packets))
        #expect(capture.packetCount == 3)
        #expect(capture.byteCount == 6)
        #expect(capture.longestPacket == 3)
        #expect(capture.firstTimestamp == 2_000_000_000)
        #expect(capture.lastTimestamp == 7_000_000_000)
        #expect(capture.cutPacketCount == 1)
        #expect(capture.name == "test")
        #expect(MemoryLayout<CaptureRecord>.stride == 24)
    }

    @Test func captureWithoutPackets() throws {
        let capture = try Capture.load(TestFile.pcap([]))
        #expect(capture.packetCount == 0)
        #expect(capture.byteCount == 0)
        #expect(capture.firstTimestamp == nil)
        #expect(capture.lastTimestamp == nil)
        #expect(capture.truncation == nil)
    }

    /// pcap's seconds have 32 bits without a sign: they last until 2106, not 2038.
    @Test(arguments: [false, true]) func timestampsAfter2038(isBigEndian: Bool) throws {
        let packets = [TestPacket([1], timestamp: 4_000_000_000 * 1_000_000_000)]
        #expect(try Capture.load(TestFile.pcap(packets, isBigEndian: isBigEndian)).packets == packets)
    }

    /// The clock of an interface that counts seconds reaches beyond 64 bits of nanoseconds.
    @Test func timestampsBeyondTheirType() throws {
        var file = TestFile(isBigEndian: false)
        file.putSection()
        file.put(TestFile.Interface(resolution: 0))
        file.putBlock(6) { $0.put(UInt32(0), 0x7FFF_FFFF, 0, 0, 0) }
        file.putBlock(6) { $0.put(UInt32(0), 0xFFFF_FFFF, 0, 0, 0) }
        #expect(try Capture.load(file.bytes).packets.map(\.timestamp) == [.max, 0])
    }

    @Test func fileWithProgress() throws {
        let packets = TestPacket.samples(unit: 1000, lengths: [Int](repeating: 1000, count: 1000))
        let bytes = TestFile.pcap(packets)
        let file = try TemporaryFile(bytes)
        var reports: [Int] = []
        let capture = try Capture.load(file.path) { reports.append($0) }
        #expect(capture.packets == packets)
        #expect(capture.name == file.path)
        #expect(reports.last == bytes.count)
        #expect(reports == reports.sorted())
        #expect(reports.count > 2)
    }
}
