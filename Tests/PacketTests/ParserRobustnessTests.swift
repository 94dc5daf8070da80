import Packet
import Testing

/// Packets that are cut short, lie, or are noise.
struct ParserRobustnessTests {
    /// The result for the first `count` bytes of a packet must not depend on what lies after them.
    func expectIndependence(
        _ packet: [UInt8], count: Int, packetLength: Int, _ memory: GuardedMemory, _ comment: String
    ) {
        let alone = parse(at: memory.place(packet.prefix(count)), count: count, packetLength: packetLength)
        for filler: UInt8 in [0x00, 0xff, 0x11] {
            let followed = packet.prefix(count) + [UInt8](repeating: filler, count: 64)
            let other = parse(at: memory.place(followed), count: count, packetLength: packetLength)
            #expect(other == alone, "\(comment), \(count) of \(packetLength) bytes")
        }
        let whole = parse(at: memory.place(packet.prefix(count) + packet.dropFirst(count)), count: count,
            packetLength: packetLength)
        #expect(whole == alone, "\(comment), \(count) of \(packetLength) bytes")
    }

    @Test func everyPrefixOfEverySample() {
        let memory = GuardedMemory(capacity: 4096)
        for (index, packet) in Sample.all.enumerated() {
            for count in 0...packet.count {
                expectIndependence(packet, count: count, packetLength: count, memory, "sample \(index) cut")
                expectIndependence(packet, count: count, packetLength: packet.count, memory, "sample \(index) chained")
            }
        }
    }

    /// In a chained packet whose first buffer holds all headers, the rest is as in one piece.
    @Test func chainedBuffersWithAllHeaders() {
        let memory = GuardedMemory(capacity: 4096)
        let payload = [UInt8](repeating: 0x5a, count: 1000)
        for body in [Sample.ipv4(17, Sample.udp(payload)), Sample.ipv4(6, Sample.tcp(payload))] {
            let packet = Sample.ethernet(0x0800, body)
            let whole = parse(packet)
            #expect(whole.layout.transportProtocol != 0)
            #expect(parse(at: memory.place(packet.prefix(64)), count: 64, packetLength: packet.count) == whole)
        }
        let packet = Sample.ethernet(0x86dd, Sample.ipv6(0, Sample.extensionHeader(next: 6) + Sample.tcp(payload)))
        #expect(parse(at: memory.place(packet.prefix(82)), count: 82, packetLength: packet.count) == parse(packet))
    }

    @Test func mutatedSamples() {
        let seed: UInt64 = 0x1d8a_f065
        var random = ParserRandom(state: seed)
        let memory = GuardedMemory(capacity: 4096)
        for round in 0..<60_000 {
            let packet = mutated(Sample.all.randomElement(using: &random)!, &random)
            let count = Int.random(in: 0...packet.count, using: &random)
            let extra = Bool.random(using: &random) ? packet.count : count
            expectIndependence(packet, count: count, packetLength: extra, memory, "seed \(seed), round \(round)")
        }
    }

    @Test func noise() {
        let seed: UInt64 = 0x77
        var random = ParserRandom(state: seed)
        let memory = GuardedMemory(capacity: 4096)
        for round in 0..<20_000 {
            let length = Int.random(in: 0...200, using: &random)
            let packet = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            expectIndependence(packet, count: length, packetLength: length, memory, "seed \(seed), round \(round)")
        }
    }

    /// The longest chain of extension headers there can be: its end lies beyond what a layout's offsets can tell.
    @Test func extensionHeadersBeyondTheReachOfOffsets() {
        let chain = (0..<8191).flatMap { _ in Sample.extensionHeader(next: 60) }
        let udp: [UInt8] = Sample.udp([])
        for headers in [8184, 8185, 8186, 8190] {
            var payload = Array(chain.prefix(headers * 8))
            payload[(headers - 1) * 8] = 17
            payload += udp.prefix(65_535 - payload.count)
            let packet = Sample.ethernet(0x86dd, Sample.ipv6(60, payload))
            let layout = parse(packet).layout
            let reached = 54 + headers * 8 + 8 <= 65_535
            #expect(layout.isIPv6 == (54 + headers * 8 <= 65_535), "\(headers) headers")
            #expect(layout.transportProtocol == (reached ? 17 : 0), "\(headers) headers")
        }
    }
}

/// A packet with some bits, bytes or lengths changed.
func mutated(_ packet: [UInt8], _ random: inout ParserRandom) -> [UInt8] {
    var packet = packet
    for _ in 0..<Int.random(in: 0...4, using: &random) where !packet.isEmpty {
        let place = Int.random(in: min(12, packet.count - 1)..<packet.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: packet[place] = UInt8.random(in: 0...255, using: &random)
        case 1: packet[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: packet[place] = [0, 6, 17, 43, 44, 50, 51, 58, 59, 60, 132].randomElement(using: &random)!
        case 3: packet[place] &+= Bool.random(using: &random) ? 1 : 255
        case 4: packet.insert(contentsOf: packet[place...].prefix(8), at: place)
        default: packet.removeLast(Int.random(in: 0...min(8, packet.count), using: &random))
        }
    }
    return packet
}
