import CCapture
import Foundation
import Packet

/// A packet as tests put it into captures and find it again.
struct TestPacket: Equatable {
    var bytes: [UInt8]
    var wireLength: Int
    var timestamp: UInt64

    init(_ bytes: [UInt8], wireLength: Int? = nil, timestamp: UInt64) {
        self.bytes = bytes
        self.wireLength = wireLength ?? bytes.count
        self.timestamp = timestamp
    }

    /// A few packets of various lengths, with timestamps that are whole multiples of `unit` nanoseconds.
    static func samples(unit: UInt64, lengths: [Int] = [60, 0, 14, 61, 1514, 3]) -> [TestPacket] {
        lengths.enumerated().map { index, length in
            TestPacket(
                (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }, wireLength: length + index % 2,
                timestamp: 1_700_000_000_000_000_000 + UInt64(index) * 1_234_567_000 + unit * UInt64(index))
        }
    }
}

/// Bytes of capture files, made by hand.
struct TestFile {
    var bytes: [UInt8] = []
    let isBigEndian: Bool

    mutating func put(_ values: UInt16...) {
        for value in values { withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian) { bytes += $0 } }
    }

    mutating func put(_ values: UInt32...) {
        for value in values { withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian) { bytes += $0 } }
    }

    mutating func pad() {
        while !bytes.count.isMultiple(of: 4) { bytes.append(0) }
    }

    /// A pcap file; `unit` is that of its timestamps, in nanoseconds.
    static func pcap(
        _ packets: [TestPacket], magic: UInt32 = 0xA1B2_C3D4, unit: UInt64 = 1000, isBigEndian: Bool = false,
        linkType: UInt32 = 1, snapshotLength: UInt32 = 262_144
    ) -> [UInt8] {
        var file = TestFile(isBigEndian: isBigEndian)
        file.put(magic)
        file.put(UInt16(2), 4)
        file.put(UInt32(0), 0, snapshotLength, linkType)
        for packet in packets {
            file.put(UInt32(packet.timestamp / 1_000_000_000), UInt32(packet.timestamp % 1_000_000_000 / unit))
            file.put(UInt32(packet.bytes.count), UInt32(packet.wireLength))
            file.bytes += packet.bytes
        }
        return file.bytes
    }

    /// An interface of a pcapng file.
    struct Interface {
        var linkType: UInt16 = 1
        var snapshotLength: UInt32 = 262_144
        var name: String?
        /// The if_tsresol option's byte.
        var resolution: UInt8?
        /// The if_tsoffset option: seconds to add to each timestamp.
        var offset: UInt32?

        /// Ticks of a second.
        var ticks: UInt64 {
            guard let resolution else { return 1_000_000 }
            if resolution & 0x80 != 0 { return 1 << UInt64(resolution & 0x7F) }
            return (0..<resolution).reduce(1) { product, _ in product * 10 }
        }
    }

    mutating func putBlock(_ type: UInt32, _ fill: (inout TestFile) -> Void) {
        var body = TestFile(isBigEndian: isBigEndian)
        fill(&body)
        body.pad()
        put(type, UInt32(body.bytes.count + 12))
        bytes += body.bytes
        put(UInt32(body.bytes.count + 12))
    }

    mutating func putSection() {
        putBlock(0x0A0D_0D0A) {
            $0.put(UInt32(0x1A2B_3C4D))
            $0.put(UInt16(1), 0)
            $0.put(UInt32.max, .max)
        }
    }

    mutating func put(_ interface: Interface) {
        putBlock(1) { block in
            block.put(interface.linkType, 0)
            block.put(interface.snapshotLength)
            if let name = interface.name {
                block.put(UInt16(2), UInt16(name.utf8.count))
                block.bytes += Array(name.utf8)
                block.pad()
            }
            if let resolution = interface.resolution {
                block.put(UInt16(9), 1)
                block.bytes += [resolution, 0, 0, 0]
            }
            if let offset = interface.offset {
                block.put(UInt16(14), 8)
                let words = block.isBigEndian ? (0, offset) : (offset, 0)
                block.put(words.0, words.1)
            }
            block.put(UInt16(0), 0)
        }
    }

    /// An enhanced packet block of interface `number`.
    mutating func put(_ packet: TestPacket, number: Int, of interface: Interface) {
        let (seconds, nanoseconds) = packet.timestamp.quotientAndRemainder(dividingBy: 1_000_000_000)
        let fraction = UInt64(1_000_000_000).dividingFullWidth(interface.ticks.multipliedFullWidth(by: nanoseconds))
        let time = seconds * interface.ticks + fraction.quotient
        putBlock(6) { block in
            block.put(UInt32(number), UInt32(time >> 32), UInt32(truncatingIfNeeded: time))
            block.put(UInt32(packet.bytes.count), UInt32(packet.wireLength))
            block.bytes += packet.bytes
        }
    }

    /// A pcapng file of one section, whose packets come from the interfaces in turn.
    static func pcapng(
        _ packets: [TestPacket], interfaces: [Interface] = [Interface()], isBigEndian: Bool = false
    ) -> [UInt8] {
        var file = TestFile(isBigEndian: isBigEndian)
        file.putSection()
        for interface in interfaces { file.put(interface) }
        for (index, packet) in packets.enumerated() {
            let number = index % interfaces.count
            file.put(packet, number: number, of: interfaces[number])
        }
        return file.bytes
    }
}

/// A gzip stream of one member.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count / 100 * 101 + 1000)
    let count = input.withUnsafeMutableBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output in
            let size = Int32(MemoryLayout<z_stream>.size)
            deflateInit2_(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(output.count)
            precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
            deflateEnd(&stream)
            return output.count - Int(stream.avail_out)
        }
    }
    return Array(output[..<count])
}

extension Capture {
    static func load(_ bytes: [UInt8], maximumBytes: Int = defaultMaximumBytes) throws(CaptureError) -> Capture {
        // An exact copy on the heap, so that a sanitizer sees any read past the end.
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: bytes)
        return try load(bytes: UnsafeRawBufferPointer(copy), name: "test", maximumBytes: maximumBytes)
    }

    var packets: [TestPacket] {
        records.enumerated().map { index, record in
            TestPacket(
                Array(packet(at: index)), wireLength: Int(record.wireLength), timestamp: record.timestampNanoseconds)
        }
    }
}

/// The error that loading ends in, or `nil`.
func loadError(_ bytes: [UInt8], maximumBytes: Int = Capture.defaultMaximumBytes) -> CaptureError? {
    do throws(CaptureError) {
        _ = try Capture.load(bytes, maximumBytes: maximumBytes)
        return nil
    } catch {
        return error
    }
}

/// A path in a new directory of its own, which is removed when this goes.
final class TemporaryFile {
    private let directory: URL
    var path: String { directory.appendingPathComponent("test.pcap").path }
    var directoryPath: String { directory.path }

    init(_ bytes: [UInt8]? = nil) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("evs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        if let bytes { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
    }

    deinit { try? FileManager.default.removeItem(at: directory) }
}
