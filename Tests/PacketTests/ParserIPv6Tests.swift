import Packet
import Testing

/// IPv6, its extension headers, and neighbour discovery.
struct ParserIPv6Tests {
    let addresses: [FieldID: UInt128] = [
        .ethType: 0x86dd, .ipv6Src: number(Sample.ipv6Source), .ipv6Dst: number(Sample.ipv6Destination),
    ]

    func ipv6(_ more: [FieldID: UInt128]) -> [FieldID: UInt128] {
        let common: [FieldID: UInt128] = [.ipv6Label: 0x12345, .ipDSCP: 0xb9 >> 2, .ipECN: 0xb9 & 3, .ipTTL: 61]
        return addresses.merging(common) { $1 }.merging(more) { $1 }
    }

    func frame(_ next: UInt8, payloadLength: Int? = nil, _ payload: [UInt8]) -> [UInt8] {
        Sample.ethernet(0x86dd, Sample.ipv6(next, payloadLength: payloadLength, payload))
    }

    @Test func transports() {
        expectFields(frame(6, Sample.tcp()), ipv6([.ipProto: 6, .tcpSrc: 4321, .tcpDst: 80, .tcpFlags: 0x12]))
        expectFields(frame(17, Sample.udp()), ipv6([.ipProto: 17, .udpSrc: 5353, .udpDst: 53]))
        expectFields(frame(132, Sample.sctp()), ipv6([.ipProto: 132, .sctpSrc: 2905, .sctpDst: 36412]))
        expectFields(
            frame(58, Sample.icmp(type: 128, code: 4)), ipv6([.ipProto: 58, .icmpv6Type: 128, .icmpv6Code: 4]))
        // ICMP, and the mobility header, which is not stepped over.
        for next: UInt8 in [1, 135] { expectFields(frame(next, Sample.icmp()), ipv6([.ipProto: UInt128(next)])) }
        let layout = parse(frame(17, Sample.udp()) + [0, 0, 0]).layout
        #expect(layout.isIPv6 && layout.networkOffset == 14 && layout.networkLength == 52)
        #expect(layout.transportOffset == 54 && layout.transportProtocol == 17)
    }

    @Test func payloadLengthMustBeSound() {
        expectFields(frame(17, payloadLength: 13, Sample.udp()), [.ethType: 0x86dd])
        expectFields(frame(17, payloadLength: 7, Sample.udp()), ipv6([.ipProto: 17]))
        // A jumbogram: its hop-by-hop options lie beyond the length it states.
        expectFields(frame(0, payloadLength: 0, Sample.extensionHeader(next: 17) + Sample.udp()), addresses)
    }

    @Test func chainsThatEndTooSoonLeaveAddressesOnly() {
        let udp = Sample.udp()
        for packet in [
            frame(0, Sample.extensionHeader(next: 17, units: 0).dropLast()),
            frame(60, [17, 2] + [UInt8](repeating: 0, count: 21)),
            frame(43, [17, 255] + udp), frame(51, [17, 5] + [UInt8](repeating: 0, count: 25)),
            frame(44, Sample.fragmentHeader(next: 0, place: 0)), frame(0, Sample.extensionHeader(next: 43)),
        ] {
            expectFields(packet, addresses)
            let layout = parse(packet).layout
            // Checksums could not follow a change, so none is made.
            #expect(layout.network == .none && layout.transportOffset == PacketLayout.absent)
        }
    }

    @Test func extensionHeaderLengths() {
        for (next, header): (UInt8, [UInt8]) in [
            (0, Sample.extensionHeader(next: 17, units: 3)), (43, Sample.extensionHeader(next: 17, units: 1)),
            (60, Sample.extensionHeader(next: 17)), (51, Sample.authentication(next: 17)),
            (44, Sample.fragmentHeader(next: 17, place: 0)),
        ] {
            let parsed = parse(frame(next, header + Sample.udp()))
            #expect(parsed.key[.ipProto] == 17 && parsed.key[.udpDst] == 53 && parsed.key[.ipFrag] == 0)
            #expect(Int(parsed.layout.transportOffset) == 54 + header.count)
        }
    }

    @Test func fragments() {
        let bit = UInt128(IPv6ExtensionBits.fragment)
        let udp: [FieldID: UInt128] = [.ipProto: 17, .udpSrc: 5353, .udpDst: 53, .ipv6ExtHdr: bit]
        func packet(_ place: Int) -> [UInt8] {
            frame(44, Sample.fragmentHeader(next: 17, place: place) + Sample.udp())
        }
        expectFields(packet(0), ipv6(udp))
        expectFields(packet(1), ipv6(udp.merging([.ipFrag: 1]) { $1 }))
        for place in [8, 9, 0xfff8] { expectFields(packet(place), ipv6([.ipProto: 44, .ipFrag: 3, .ipv6ExtHdr: bit])) }
        // What follows the fragment header of a later fragment is data.
        let later = frame(44, Sample.fragmentHeader(next: 0, place: 8) + [6, 0])
        expectFields(later, ipv6([.ipProto: 44, .ipFrag: 3, .ipv6ExtHdr: bit]))
    }

    @Test(arguments: [
        ([0], [.hopByHop]), ([0, 60, 43, 44, 51, 60], [.hopByHop, .destination, .router, .fragment, .authentication]),
        ([60, 60], [.destination]), ([60, 60, 60], [.destination, .unexpectedRepeat]),
        ([51, 60], [.authentication, .destination]), ([43, 43], [.router, .unexpectedRepeat]),
        ([43, 60, 43], [.router, .destination, .unexpectedRepeat, .unexpectedSequence]),
        ([43, 0], [.router, .unexpectedSequence]), ([0, 0], [.hopByHop, .unexpectedRepeat]),
        ([51, 44], [.authentication, .fragment, .unexpectedSequence]),
        ([43, 60, 51], [.router, .destination, .authentication, .unexpectedSequence]),
    ] as [([UInt8], [ExtensionBit])])
    func extensionHeaderBits(chain: [UInt8], bits: [ExtensionBit]) {
        let expected = bits.reduce(0) { $0 | $1.mask }
        for (last, bit) in [(17, 0), (59, IPv6ExtensionBits.noNextHeader), (50, IPv6ExtensionBits.encryptedPayload)] {
            var payload: [UInt8] = []
            for (index, header) in chain.enumerated() {
                let next = index + 1 < chain.count ? chain[index + 1] : UInt8(last)
                switch header {
                case 44: payload += Sample.fragmentHeader(next: next, place: 0)
                case 51: payload += Sample.authentication(next: next)
                default: payload += Sample.extensionHeader(next: next)
                }
            }
            let key = parse(frame(chain[0], payload + Sample.udp())).key
            // Encrypted payload after the final destination options is out of order.
            let hasFinalOptions = chain.count > 1 && chain.lastIndex(of: 60).map { $0 > 0 } ?? false
            let late = last == 50 && hasFinalOptions ? IPv6ExtensionBits.unexpectedSequence : 0
            #expect(key[.ipv6ExtHdr] == UInt128(expected | bit | late), "then \(last)")
            #expect(key[.ipProto] == UInt128(last))
        }
    }

    enum ExtensionBit: CaseIterable {
        case destination, router, fragment, authentication, hopByHop, unexpectedRepeat, unexpectedSequence

        var mask: UInt16 {
            switch self {
            case .destination: IPv6ExtensionBits.destination
            case .router: IPv6ExtensionBits.router
            case .fragment: IPv6ExtensionBits.fragment
            case .authentication: IPv6ExtensionBits.authentication
            case .hopByHop: IPv6ExtensionBits.hopByHop
            case .unexpectedRepeat: IPv6ExtensionBits.unexpectedRepeat
            case .unexpectedSequence: IPv6ExtensionBits.unexpectedSequence
            }
        }
    }

    @Test func neighbourDiscovery() {
        let target: UInt128 = number(Sample.ipv6Destination)
        func expect(_ type: UInt8, _ options: [UInt8], _ more: [FieldID: UInt128], line: Int = #line) {
            let message = Sample.neighbour(type: type, options: options)
            let base: [FieldID: UInt128] = [.ipProto: 58, .icmpv6Type: UInt128(type)]
            expectFields(
                frame(58, message), ipv6(base.merging(more) { $1 }),
                sourceLocation: SourceLocation(fileID: #fileID, filePath: #filePath, line: line, column: 1))
        }
        let source = Sample.sourceOption
        let link = Sample.targetOption
        let unknown = Sample.nonce
        expect(135, [], [.ndTarget: target])
        expect(135, source, [.ndTarget: target, .ndSLL: 0x0a0b_0c0d_0e0f])
        expect(136, unknown + link, [.ndTarget: target, .ndTLL: 0x0102_0304_0506])
        expect(136, source + link, [.ndTarget: target, .ndSLL: 0x0a0b_0c0d_0e0f, .ndTLL: 0x0102_0304_0506])
        // The same option twice makes the message invalid; a first address of all zeros does not count as one.
        expect(135, source + source, [:])
        expect(136, link + unknown + link, [:])
        expect(135, [1, 1, 0, 0, 0, 0, 0, 0] + source, [.ndTarget: target, .ndSLL: 0x0a0b_0c0d_0e0f])
        // Options of length zero or beyond the end close the list; link-layer options of other lengths are skipped.
        expect(135, [14, 0, 0, 0, 0, 0, 0, 0] + source, [.ndTarget: target])
        expect(135, [14, 3, 0, 0, 0, 0, 0, 0] + source, [.ndTarget: target])
        expect(135, [1, 2] + [UInt8](repeating: 9, count: 14) + source, [.ndTarget: target, .ndSLL: 0x0a0b_0c0d_0e0f])
        expect(135, source.dropLast(), [.ndTarget: target])
        expect(133, source, [:])
    }

    @Test func neighbourMessagesCutShort() {
        let whole = Sample.neighbour(type: 135, options: [])
        let type: [FieldID: UInt128] = [.ipProto: 58, .icmpv6Type: 135]
        expectFields(frame(58, Array(whole.prefix(23))), ipv6(type))
        expectFields(frame(58, Array(whole.prefix(7))), ipv6([.ipProto: 58]))
        let withCode = Sample.neighbour(type: 135, code: 1, options: Sample.sourceOption)
        expectFields(frame(58, withCode), ipv6(type.merging([.icmpv6Code: 1]) { $1 }))
    }
}
