import Foundation

/// A packet as it stands in a capture file.
public struct CapturedPacket: Hashable, Sendable {
    /// Nanoseconds since 1970.
    public var timestamp: UInt64
    public var bytes: [UInt8]
    public var wireLength: Int

    public init(_ bytes: [UInt8], timestamp: UInt64, wireLength: Int? = nil) {
        self.bytes = bytes
        self.timestamp = timestamp
        self.wireLength = wireLength ?? bytes.count
    }
}

/// Capture files written and read in the plainest way, without the code under test.
public enum CaptureFile {
    /// A pcap file in the machine's byte order.
    public static func pcap(_ packets: [CapturedPacket], nanoseconds: Bool = true, linkType: UInt32 = 1) -> [UInt8] {
        var file: [UInt8] = []
        func put(_ word: UInt32) { withUnsafeBytes(of: word) { file += $0 } }
        put(nanoseconds ? 0xa1b2_3c4d : 0xa1b2_c3d4)
        put(4 << 16 | 2)
        put(0)
        put(0)
        put(262_144)
        put(linkType)
        for packet in packets {
            put(UInt32(packet.timestamp / 1_000_000_000))
            put(UInt32(packet.timestamp % 1_000_000_000 / (nanoseconds ? 1 : 1000)))
            put(UInt32(packet.bytes.count))
            put(UInt32(packet.wireLength))
            file += packet.bytes
        }
        return file
    }

    /// What stands in a pcap file that was written on this machine, and whether its timestamps are in nanoseconds.
    public static func read(_ path: String) throws -> (packets: [CapturedPacket], isNanoseconds: Bool) {
        let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        func word(_ offset: Int) -> UInt32 {
            file.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
        }
        guard file.count >= 24, [0xa1b2_3c4d, 0xa1b2_c3d4].contains(word(0)) else {
            throw CocoaError(.fileReadCorruptFile)
        }
        let isNanoseconds = word(0) == 0xa1b2_3c4d
        var packets: [CapturedPacket] = []
        var offset = 24
        while offset < file.count {
            let length = Int(word(offset + 8))
            let time = UInt64(word(offset)) * 1_000_000_000 + UInt64(word(offset + 4)) * (isNanoseconds ? 1 : 1000)
            packets.append(
                CapturedPacket(
                    Array(file[offset + 16..<offset + 16 + length]), timestamp: time,
                    wireLength: Int(word(offset + 12))))
            offset += 16 + length
        }
        return (packets, isNanoseconds)
    }
}
