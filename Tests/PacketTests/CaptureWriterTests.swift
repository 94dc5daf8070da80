import Foundation
import Packet
import Testing

extension CaptureWriter {
    fileprivate mutating func write(_ packet: TestPacket) throws {
        try packet.bytes.withUnsafeBytes {
            try write($0, wireLength: packet.wireLength, timestampNanoseconds: packet.timestamp)
        }
    }
}

@Suite struct CaptureWriterTests {
    private func write(_ packets: [TestPacket], to path: String, precision: CapturePrecision) throws {
        var writer = try CaptureWriter(path, precision: precision)
        for packet in packets {
            try writer.write(packet)
        }
        #expect(writer.packetCount == packets.count)
        try writer.close()
        #expect(writer.lostPacketCount == 0)
    }

    /// Enough for the buffer to be written several times, with the longest packets there are.
    @Test(arguments: [(CapturePrecision.microseconds, UInt64(1000)), (.nanoseconds, 1)])
    func roundTrip(precision: CapturePrecision, unit: UInt64) throws {
        let lengths = [60, 0, 14, 262_144, 1514] + (0..<4000).map { $0 * 7 % 1600 }
        let packets = TestPacket.samples(unit: unit, lengths: lengths)
        let file = try TemporaryFile()
        try write(packets, to: file.path, precision: precision)
        let capture = try Capture.load(file.path)
        #expect(capture.truncation == nil)
        #expect(capture.packets == packets)
        #expect(capture.precision == precision)
    }

    /// The bytes on the disk are those of the format's description, not only what our own reader takes.
    @Test(arguments: [
        (CapturePrecision.microseconds, UInt32(0xA1B2_C3D4), UInt64(1000)), (.nanoseconds, 0xA1B2_3C4D, 1),
    ])
    func bytesOnDisk(precision: CapturePrecision, magic: UInt32, unit: UInt64) throws {
        let packets = TestPacket.samples(unit: unit)
        let file = try TemporaryFile()
        try write(packets, to: file.path, precision: precision)
        let isBigEndian = UInt16(1).bigEndian == 1
        let expected = TestFile.pcap(packets, magic: magic, unit: unit, isBigEndian: isBigEndian)
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: file.path))) == expected)
    }

    @Test func emptyFileHasAHeader() throws {
        let file = try TemporaryFile()
        do { _ = try CaptureWriter(file.path) }
        #expect(try Capture.load(file.path).packetCount == 0)
    }

    @Test func packetsInPieces() throws {
        let file = try TemporaryFile()
        let bytes = [UInt8](0..<200) + [UInt8](repeating: 9, count: CaptureWriter.snapshotLength)
        var writer = try CaptureWriter(file.path)
        try bytes.withUnsafeBytes { bytes in
            let cuts = [0..<14, 14..<14, 14..<100, 100..<200]
            try cuts.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) }.withUnsafeBufferPointer {
                try writer.write(segments: $0, wireLength: 300, timestampNanoseconds: 1)
            }
            // Longer than a packet may be: cut.
            let halves = [bytes[..<1000], bytes[1000...]]
            try halves.map { UnsafeRawBufferPointer(rebasing: $0) }.withUnsafeBufferPointer {
                try writer.write(segments: $0, wireLength: bytes.count, timestampNanoseconds: 2)
            }
            try writer.write(bytes, wireLength: bytes.count, timestampNanoseconds: .max)
        }
        try writer.close()
        let cut = Array(bytes[..<CaptureWriter.snapshotLength])
        let last = UInt64(UInt32.max) * 1_000_000_000 + UInt64.max % 1_000_000_000
        #expect(
            try Capture.load(file.path).packets == [
                TestPacket([UInt8](0..<200), wireLength: 300, timestamp: 1),
                TestPacket(cut, wireLength: bytes.count, timestamp: 2),
                TestPacket(cut, wireLength: bytes.count, timestamp: last),
            ])
    }

    @Test func placesThatCannotBeWritten() throws {
        let file = try TemporaryFile()
        let path = file.directoryPath
        do throws(CaptureError) {
            _ = try CaptureWriter(path)
            Issue.record("a directory was opened for writing")
        } catch {
            #expect(error == .cannotCreate(file: path, reason: "Is a directory"))
        }
    }

    /// A full disk is said once; what comes later is counted.
    @Test func fullDisk() throws {
        var writer = try CaptureWriter("/dev/full")
        let packet = TestPacket([UInt8](repeating: 0, count: 1000), timestamp: 0)
        var errors: [CaptureError] = []
        for _ in 0..<3000 {
            do { try writer.write(packet) } catch { errors.append(try #require(error as? CaptureError)) }
        }
        try writer.close()
        #expect(errors == [.cannotWrite(file: "/dev/full", reason: "No space left on device")])
        #expect(writer.packetCount == 0)
        #expect(writer.lostPacketCount == 3000)
    }

    /// A disk that fills up leaves whole packets only, and as many as the writer says.
    @Test func diskThatFillsUp() async throws {
        await #expect(processExitsWith: .success) {
            let file = try TemporaryFile()
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 1_500_001, rlim_max: 1_500_001)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            var writer = try CaptureWriter(file.path)
            let packet = TestPacket([UInt8](repeating: 0, count: 1000), timestamp: 0)
            var failures = 0
            for _ in 0..<3000 {
                do { try writer.write(packet) } catch { failures += 1 }
            }
            let capture = try Capture.load(file.path)
            precondition(failures == 1)
            precondition(capture.truncation == nil)
            precondition(capture.packetCount == (1_500_001 - 24) / 1016)
            precondition(capture.packetCount == writer.packetCount)
            precondition(writer.packetCount + writer.lostPacketCount == 3000)
        }
    }

    /// Standard input is a pipe here, which hands the file out in small pieces.
    @Test func standardInput() async throws {
        await #expect(processExitsWith: .success) {
            let packets = TestPacket.samples(unit: 1000, lengths: [Int](repeating: 500, count: 20))
            for bytes in [TestFile.pcap(packets), gzip(TestFile.pcap(packets))] {
                var ends: [Int32] = [0, 0]
                pipe(&ends)
                dup2(ends[0], STDIN_FILENO)
                close(ends[0])
                let writingEnd = ends[1]
                let thread = Thread {
                    for start in stride(from: 0, to: bytes.count, by: 7) {
                        _ = Array(bytes[start..<min(start + 7, bytes.count)]).withUnsafeBytes {
                            Glibc.write(writingEnd, $0.baseAddress, $0.count)
                        }
                    }
                    close(writingEnd)
                }
                thread.start()
                let capture = try Capture.load("-")
                precondition(capture.packets == packets)
                precondition(capture.name == "standard input")
            }
        }
    }
}
