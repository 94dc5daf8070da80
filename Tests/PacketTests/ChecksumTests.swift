import Packet
import Testing

struct ChecksumTests {
    /// The sum as RFC 1071 §4.1 words it, to compare with.
    func plain(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for (index, byte) in bytes.enumerated() { sum += index % 2 == 0 ? UInt32(byte) << 8 : UInt32(byte) }
        while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
        return ~UInt16(sum)
    }

    func checksum(_ bytes: [UInt8]) -> UInt16 { Checksum.of(bytes.span.bytes) }

    func crc32c(_ crc: borrowing CRC32C, after remainder: UInt32 = CRC32C.initial, _ bytes: [UInt8]) -> UInt32 {
        crc.update(remainder, bytes.span.bytes)
    }

    func random(_ count: Int, _ generator: inout ParserRandom) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    @Test func knownValues() {
        // The example of RFC 1071 §3.
        #expect(checksum([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]) == ~0xddf2)
        // A header often shown with its checksum, 0xb861.
        let header: [UInt8] = [
            0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7,
        ]
        #expect(checksum(header) == 0)
        #expect(checksum(Array(header[..<10] + [0, 0] + header[12...])) == 0xb861)
        #expect(checksum([]) == 0xffff)
    }

    @Test func everyLengthEqualsThePlainSum() {
        var generator = ParserRandom(state: 1)
        for count in 0..<300 {
            let bytes = random(count, &generator)
            #expect(checksum(bytes) == plain(bytes), "\(count) bytes, seed 1")
            let ones = [UInt8](repeating: 0xff, count: count)
            #expect(checksum(ones) == plain(ones), "\(count) bytes of ones")
        }
    }

    @Test func piecesOfAnyLengthSumUpAsOne() {
        let seed: UInt64 = 2
        var generator = ParserRandom(state: seed)
        for round in 0..<2000 {
            let bytes = random(Int.random(in: 0...120, using: &generator), &generator)
            var sum = ChecksumSum()
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = Array(rest.prefix(Int.random(in: 0...9, using: &generator)))
                sum.add(piece.span.bytes)
                rest = rest.dropFirst(piece.count)
            }
            #expect(sum.checksum == plain(bytes), "seed \(seed), round \(round)")
        }
    }

    /// Changes a field of each width in random data and compares with the checksum of the new data.
    @Test func incrementalUpdateEqualsRecomputation() {
        let seed: UInt64 = 3
        var generator = ParserRandom(state: seed)
        for round in 0..<20_000 {
            var data = random(64, &generator)
            let old = checksum(data)
            let width = [2, 4, 6, 8, 16].randomElement(using: &generator)!
            let place = Int.random(in: 0...(64 - width) / 2, using: &generator) * 2
            let before = number(Array(data[place..<place + width]))
            var after = number(random(width, &generator))
            // Values at the borders of one's complement arithmetic come often.
            if round % 4 == 0 {
                let border: [UInt128] = [0, (1 << UInt128(width * 4)) - 1, before, before ^ 0xffff]
                after = border.randomElement(using: &generator)!
            }
            for index in 0..<width {
                data[place + index] = UInt8(truncatingIfNeeded: after >> UInt128((width - 1 - index) * 8))
            }
            let updated =
                switch width {
                case 2: Checksum.update(old, replacing: UInt16(before), with: UInt16(after))
                case 4: Checksum.update(old, replacing: UInt32(before), with: UInt32(after))
                case 6, 8: Checksum.update(old, replacing: UInt64(before), with: UInt64(after))
                default: Checksum.update(old, replacing: before, with: after)
                }
            #expect(updated == checksum(data), "seed \(seed), round \(round), \(width) bytes at \(place)")
        }
    }

    /// The example of RFC 1624 §4, which the older equation of RFC 1141 gets wrong.
    @Test func incrementalUpdateDoesNotGiveTheOtherZero() {
        #expect(Checksum.update(0xdd2f, replacing: 0x5555 as UInt16, with: 0x3285) == 0x0000)
    }

    @Test func pseudoHeaders() {
        let udp = Sample.udp([1, 2, 3])
        var sum = ChecksumSum()
        sum.addPseudoHeader(
            source: UInt32(number(Sample.ipv4Source)), destination: UInt32(number(Sample.ipv4Destination)),
            protocol: 17, length: UInt16(udp.count))
        sum.add(udp.span.bytes)
        #expect(sum.checksum == plain(Sample.ipv4Source + Sample.ipv4Destination + [0, 17, 0, 11] + udp))

        var six = ChecksumSum()
        six.addPseudoHeader(
            source: number(Sample.ipv6Source), destination: number(Sample.ipv6Destination), protocol: 58,
            length: 0x0001_0203)
        six.add(udp.span.bytes)
        let header = Sample.ipv6Source + Sample.ipv6Destination + [0, 1, 2, 3, 0, 0, 0, 58]
        #expect(six.checksum == plain(header + udp))
    }

    @Test func zeroIsTransmittedAsOnesByUDP() {
        #expect(Checksum.transmittedByUDP(0) == 0xffff)
        #expect(Checksum.transmittedByUDP(1) == 1)
    }

    @Test func crc32cKnownValues() {
        let crc = CRC32C()
        // RFC 3720 appendix B.4, whose bytes are in the order of transmission, as SCTP's are.
        let vectors: [([UInt8], UInt32)] = [
            ([UInt8](repeating: 0, count: 32), 0xaa36_918a), ([UInt8](repeating: 0xff, count: 32), 0x43ab_a862),
            ([UInt8](0..<32), 0x4e79_dd46), ((0..<32).reversed().map { UInt8($0) }, 0x5cdb_3f11),
            ([], 0),
        ]
        for (bytes, expected) in vectors {
            #expect(CRC32C.checksum(crc32c(crc, bytes)) == expected)
        }
        #expect(CRC32C.checksum(crc32c(crc, Array("123456789".utf8))).byteSwapped == 0xe306_9283)
    }

    @Test func crc32cOfPiecesEqualsThatOfTheWhole() {
        let seed: UInt64 = 4
        var generator = ParserRandom(state: seed)
        let crc = CRC32C()
        for round in 0..<500 {
            let bytes = random(Int.random(in: 0...80, using: &generator), &generator)
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            let first = crc32c(crc, Array(bytes[..<cut]))
            let both = crc32c(crc, after: first, Array(bytes[cut...]))
            #expect(both == crc32c(crc, bytes), "seed \(seed), round \(round)")
        }
    }
}
