import Packet

/// Packets put together by hand, header by header.
enum Sample {
    static let destination: [UInt8] = [0x02, 0, 0, 0, 0, 0x0a]
    static let source: [UInt8] = [0x02, 0, 0, 0, 0, 0x0b]
    static let ipv4Source: [UInt8] = [10, 1, 2, 3]
    static let ipv4Destination: [UInt8] = [192, 168, 4, 5]
    static let ipv6Source: [UInt8] = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    static let ipv6Destination: [UInt8] = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x99]

    static func bytes(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xff), UInt8(value & 0xff)] }

    /// A frame; tags as (TPID, TCI) pairs, outermost first.
    static func ethernet(_ type: Int, tags: [(Int, Int)] = [], _ payload: [UInt8]) -> [UInt8] {
        destination + source + tags.flatMap { bytes($0.0) + bytes($0.1) } + bytes(type) + payload
    }

    static func ipv4(
        _ protocol: UInt8, options: [UInt8] = [], fragment: Int = 0, totalLength: Int? = nil, _ payload: [UInt8]
    ) -> [UInt8] {
        let headerLength = 20 + options.count
        return [0x40 | UInt8(headerLength / 4), 0xb9] + bytes(totalLength ?? headerLength + payload.count)
            + [0x12, 0x34] + bytes(fragment) + [63, `protocol`, 0, 0] + ipv4Source + ipv4Destination + options + payload
    }

    static func ipv6(_ next: UInt8, payloadLength: Int? = nil, _ payload: [UInt8]) -> [UInt8] {
        [0x6b, 0x91, 0x23, 0x45] + bytes(payloadLength ?? payload.count) + [next, 61] + ipv6Source + ipv6Destination
            + payload
    }

    /// Hop-by-hop options, routing or destination options, `units` × 8 bytes long beyond the first eight.
    static func extensionHeader(next: UInt8, units: UInt8 = 0) -> [UInt8] {
        [next, units] + [UInt8](repeating: 0, count: 6 + 8 * Int(units))
    }

    static func authentication(next: UInt8) -> [UInt8] { [next, 4] + [UInt8](repeating: 0xee, count: 22) }

    static func fragmentHeader(next: UInt8, place: Int) -> [UInt8] { [next, 0] + bytes(place) + [0, 0, 0, 7] }

    static func tcp(flags: Int = 0x012, words: Int = 5, _ payload: [UInt8] = []) -> [UInt8] {
        bytes(4321) + bytes(80) + [0, 0, 0, 1, 0, 0, 0, 2] + bytes(words << 12 | flags) + bytes(1000)
            + [0, 0, 0, 0] + [UInt8](repeating: 1, count: max(0, words - 5) * 4) + payload
    }

    static func udp(_ payload: [UInt8] = [1, 2, 3, 4]) -> [UInt8] {
        bytes(5353) + bytes(53) + bytes(8 + payload.count) + [0, 0] + payload
    }

    static func sctp() -> [UInt8] { bytes(2905) + bytes(36412) + [0, 0, 0, 1, 0, 0, 0, 2, 0, 3, 0, 4] }

    static func icmp(type: UInt8 = 8, code: UInt8 = 3) -> [UInt8] { [type, code, 0, 0, 0, 1, 0, 2, 0xaa, 0xbb] }

    static func neighbour(type: UInt8, code: UInt8 = 0, options: [UInt8]) -> [UInt8] {
        [type, code, 0, 0, 0x60, 0, 0, 0] + ipv6Destination + options
    }

    static func arp(operation: Int, hardware: Int = 1) -> [UInt8] {
        bytes(hardware) + [8, 0, 6, 4] + bytes(operation) + source + ipv4Source + [2, 2, 2, 2, 2, 2] + ipv4Destination
    }

    static func label(_ label: Int, tc: Int = 5, bottom: Bool, ttl: Int = 64) -> [UInt8] {
        let entry = label << 12 | tc << 9 | (bottom ? 1 << 8 : 0) | ttl
        return bytes(entry >> 16) + bytes(entry & 0xffff)
    }

    static let snap: [UInt8] = [0xaa, 0xaa, 3, 0, 0, 0]
    static let sourceOption: [UInt8] = [1, 1, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf]
    static let targetOption: [UInt8] = [2, 1, 1, 2, 3, 4, 5, 6]

    static let nonce: [UInt8] = [14, 2] + [UInt8](repeating: 3, count: 14)

    /// One of each kind, for the tests that cut packets short or change them.
    static let all: [[UInt8]] = [
        ethernet(0x0800, ipv4(6, tcp([9, 9]))),
        ethernet(0x0800, ipv4(6, options: [7, 8, 4, 0, 0, 0, 0, 0], tcp(flags: 0xfff, words: 8))),
        ethernet(0x0800, ipv4(17, udp()) + [0, 0, 0, 0, 0, 0]),
        ethernet(0x0800, ipv4(17, fragment: 0x2000, udp())),
        ethernet(0x0800, ipv4(17, fragment: 0x00b9, udp())),
        ethernet(0x0800, ipv4(1, icmp())),
        ethernet(0x0800, ipv4(132, sctp())),
        ethernet(0x0800, ipv4(2, [0x16, 0, 0, 0, 224, 0, 0, 9])),
        ethernet(0x0800, ipv4(58, neighbour(type: 135, options: sourceOption))),
        ethernet(0x0806, arp(operation: 1)),
        ethernet(0x8035, arp(operation: 3)),
        ethernet(0x0806, tags: [(0x8100, 0x6123)], arp(operation: 0x1002)),
        ethernet(0x0800, tags: [(0x8100, 0xf00c)], ipv4(6, tcp())),
        ethernet(0x86dd, tags: [(0x88a8, 0x2064), (0x8100, 0x0065)], ipv6(17, udp())),
        ethernet(0x0800, tags: [(0x8100, 1), (0x8100, 2), (0x8100, 3)], ipv4(17, udp())),
        ethernet(0x8847, label(16, bottom: false) + label(17, bottom: true) + ipv4(17, udp())),
        ethernet(0x8848, (1...4).flatMap { label($0, bottom: $0 == 4) }),
        ethernet(0x88e7, [0x4a, 0x12, 0x34, 0x56] + destination + source + [8, 0]),
        ethernet(0x0026, [0x42, 0x42, 3] + [UInt8](repeating: 0, count: 35)),
        ethernet(0x0040, snap + [0x08, 0x00] + ipv4(17, udp())),
        ethernet(0x86dd, ipv6(6, tcp([1]))),
        ethernet(0x86dd, ipv6(58, neighbour(type: 135, options: sourceOption))),
        ethernet(0x86dd, ipv6(58, neighbour(type: 136, options: nonce + targetOption))),
        ethernet(0x86dd, ipv6(58, neighbour(type: 136, options: targetOption + sourceOption + targetOption))),
        ethernet(0x86dd, ipv6(58, icmp(type: 128, code: 0))),
        ethernet(0x86dd, ipv6(0, extensionHeader(next: 60) + extensionHeader(next: 44, units: 1)
            + fragmentHeader(next: 51, place: 1) + authentication(next: 17) + udp())),
        ethernet(0x86dd, ipv6(43, extensionHeader(next: 6, units: 2) + tcp())),
        ethernet(0x86dd, ipv6(44, fragmentHeader(next: 17, place: 0xb9 << 3) + udp())),
        ethernet(0x86dd, ipv6(132, sctp()) + [0, 0, 0]),
    ]
}
