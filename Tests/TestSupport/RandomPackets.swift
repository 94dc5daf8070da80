/// Packets with valid checksums from a small world of hosts, so that flows and packets meet often.
public struct RandomPackets {
    public var random: SeededGenerator

    public init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    public enum Kind: CaseIterable, Sendable {
        case tcp, udp, udpWithoutChecksum, sctp, icmp, laterFragment, otherIPv4
        case tcp6, udp6, icmp6, solicitation, advertisement
        case arp, unknown
    }

    public mutating func packet() -> PlainPacket { packet(random.pick(Kind.allCases)) }

    public mutating func packet(_ kind: Kind) -> PlainPacket {
        var bytes = address() + address()
        let tags = random.pick([0, 0, 0, 0, 1, 1, 2])
        for _ in 0..<tags {
            // How a bridge sees a tag behind one that says nothing is left open.
            let control = random.below(8) << 13 | random.pick(tags == 1 ? [0, 1, 2, 5, 4095] : [1, 2, 5, 4095])
            bytes += random.pick([[0x81, 0x00], [0x88, 0xa8]]) + [UInt8(control >> 8), UInt8(control & 255)]
        }
        bytes += body(kind)
        if random.chance(20) { bytes += random.bytes(random.below(30)) }
        var packet = PlainPacket(bytes)
        packet.recomputeChecksums()
        return packet
    }

    /// Hosts are many times more likely than groups and reserved addresses.
    public mutating func address() -> [UInt8] {
        switch random.below(20) {
        case 0: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
        case 1: [0x01, 0x00, 0x5e, 0x00, 0x00, UInt8(random.below(3))]
        case 2: [0x01, 0x80, 0xc2, 0x00, 0x00, UInt8(random.pick([0, 2, 14, 15, 16]))]
        default: [0x02, 0x00, 0x00, 0x00, 0x00, UInt8(random.below(6))]
        }
    }

    private mutating func body(_ kind: Kind) -> [UInt8] {
        switch kind {
        case .tcp: [0x08, 0x00] + ipv4(6, tcp())
        case .udp: [0x08, 0x00] + ipv4(17, udp(hasChecksum: true))
        case .udpWithoutChecksum: [0x08, 0x00] + ipv4(17, udp(hasChecksum: false))
        case .sctp: [0x08, 0x00] + ipv4(132, ports() + random.bytes(8) + payload())
        case .icmp:
            [0x08, 0x00]
                + ipv4(1, [UInt8(random.pick([0, 3, 8])), UInt8(random.below(3)), 0, 0, 0, 1, 0, 2] + payload())
        case .laterFragment:
            [0x08, 0x00] + ipv4(UInt8(random.pick([6, 17])), random.bytes(40), fragment: 1 + random.below(100))
        case .otherIPv4: [0x08, 0x00] + ipv4(47, payload())
        case .tcp6: [0x86, 0xdd] + ipv6(6, tcp())
        case .udp6: [0x86, 0xdd] + ipv6(17, udp(hasChecksum: true))
        case .icmp6:
            [0x86, 0xdd]
                + ipv6(58, [UInt8(random.pick([1, 128, 129])), UInt8(random.below(3)), 0, 0, 0, 1, 0, 2] + payload())
        case .solicitation: [0x86, 0xdd] + ipv6(58, neighbour(135))
        case .advertisement: [0x86, 0xdd] + ipv6(58, neighbour(136))
        case .arp:
            [0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, UInt8(1 + random.below(2))] + address() + ipv4Address() + address()
                + ipv4Address()
        case .unknown: [0x88, 0xb5] + payload()
        }
    }

    private mutating func payload() -> [UInt8] {
        // Now and then more than one buffer holds.
        random.bytes(random.chance(2) ? 1900 + random.below(1500) : random.below(80))
    }

    private mutating func ports() -> [UInt8] {
        let numbers = [random.pick([80, 53, 443, 1024, 40000]), random.pick([80, 53, 443, 1024, 40000])]
        return numbers.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
    }

    private mutating func tcp() -> [UInt8] {
        let flags = UInt8(random.pick([0x02, 0x10, 0x12, 0x18, 0x11]))
        return ports() + random.bytes(8) + [0x50, flags, 0x20, 0x00, 0, 0, 0, 0] + payload()
    }

    private mutating func udp(hasChecksum: Bool) -> [UInt8] {
        let data = payload()
        let length = data.count + 8
        return ports() + [UInt8(length >> 8), UInt8(length & 255), 0, hasChecksum ? 1 : 0] + data
    }

    private mutating func ipv4Address() -> [UInt8] { [10, 0, UInt8(random.below(2)), UInt8(random.below(4))] }

    private mutating func ipv4(_ number: UInt8, _ payload: [UInt8], fragment: Int = 0) -> [UInt8] {
        let options: [UInt8] = random.chance(15) ? [1, 1, 1, 0] : []
        let length = 20 + options.count + payload.count
        let class8 = UInt8(random.pick([0, 0, 0x28, 0xb8, 0x03]))
        return [0x45 + UInt8(options.count / 4), class8, UInt8(length >> 8), UInt8(length & 255)]
            + random.bytes(2) + [UInt8(fragment >> 8), UInt8(fragment & 255)]
            + [UInt8(random.pick([1, 2, 64, 64, 255])), number, 0, 0] + ipv4Address() + ipv4Address() + options
            + payload
    }

    private mutating func ipv6Address() -> [UInt8] {
        [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, UInt8(random.below(2)), 0, 0, 0, 0, 0, 0, 0, UInt8(random.below(4))]
    }

    private mutating func ipv6(_ number: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let header = random.pick([nil, nil, nil, nil, 0, 60] as [UInt8?])
        let options: [UInt8] = header == nil ? [] : [number, 0, 1, 4, 0, 0, 0, 0]
        let length = options.count + payload.count
        return [0x60 | UInt8(random.below(16)), UInt8(random.below(256)), 0, UInt8(random.below(4))]
            + [UInt8(length >> 8), UInt8(length & 255), header ?? number, UInt8(random.pick([1, 2, 64, 64, 255]))]
            + ipv6Address() + ipv6Address() + options + payload
    }

    private mutating func neighbour(_ type: UInt8) -> [UInt8] {
        let option = random.chance(70) ? [type == 135 ? 1 : 2, 1] + address() : []
        return [type, 0, 0, 0, 0, 0, 0, 0] + ipv6Address() + option
    }
}
