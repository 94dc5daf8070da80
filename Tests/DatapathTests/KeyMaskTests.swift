import Packet
import TestSupport
import Testing

@testable import Datapath

/// Cutting keys down.
struct KeyMaskTests {
    @Test(arguments: 0..<200)
    func extractsTheBitsThatCount(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var key = FlowKey(), mask = FlowMask()
        for word in 0..<FlowKey.wordCount {
            key.words[word] = random.next()
            if random.chance(30) { mask.words[word] = random.next() & random.next() }
        }
        let keyMask = KeyMask(mask)
        let touched = (0..<FlowKey.packetWordCount).filter { mask.words[$0] != 0 }
        var compact = [UInt64](repeating: 0x5555, count: 20)
        let hash = KeyHash()
        defer { hash.free() }
        let value = withUnsafePointer(to: key) { keyMask.extract($0, into: &compact, hash) }
        let count = keyMask.count
        #expect(count == touched.count)
        #expect(Array(compact.prefix(count)) == touched.map { key.words[$0] & mask.words[$0] }, "seed \(seed)")
        #expect(value == hash(compact, count: count), "seed \(seed)")
        #expect(compact[count...].allSatisfy { $0 == 0x5555 }, "no further word is written")
        for width in [1, 3, count] {
            let isSame = withUnsafePointer(to: key) { keyMask.matches($0, compact, width: width) }
            #expect(isSame, "seed \(seed)")
        }
        guard let word = touched.randomElement(using: &random) else { return }
        key.words[word] ^= mask.words[word] & ~(mask.words[word] - 1)
        let isOther = withUnsafePointer(to: key) { !keyMask.matches($0, compact, width: 3) }
        #expect(isOther, "seed \(seed), word \(word)")
    }

    @Test(arguments: [
        (FieldID.inPort, ParseDepth.port), (.inPhyPort, .port), (.metadata, .port), (.reg3, .port),
        (.ethDst, .ethernet), (.ethSrc, .ethernet), (.vlanTCI, .ethernet), (.ethType, .ethernet), (.ipProto, .full),
        (.ipFrag, .full), (.ipv4Src, .full), (.ipTTL, .full), (.tcpDst, .full), (.arpOp, .full),
        (.ipv6Dst, .full), (.ndSLL, .full),
        (.mplsLabel, .full), (.pbbISID, .full), (.ipv6Label, .full), (.ndTarget, .full), (.tunnelID, .full),
    ])
    func depth(field: FieldID, depth: ParseDepth) {
        var mask = FlowMask()
        mask[field] = 1
        let alone = KeyMask(mask).depth
        #expect(alone == depth, "\(field)")
        mask[.inPort] = .max
        let withPort = KeyMask(mask).depth
        #expect(withPort == depth, "\(field) and in_port")
    }

    @Test func nothingNeedsNothing() {
        let (depth, count) = (KeyMask(FlowMask()).depth, KeyMask(FlowMask()).count)
        #expect(depth == .port && count == 0)
    }

    /// The parser stopped at the depth of a mask says the same about its bits as the parser that goes on to the end.
    @Test(arguments: 0..<300)
    func depthIsEnough(seed: UInt64) {
        var packets = RandomPackets(seed: seed)
        let bytes = packets.packet().bytes
        var full = FlowKey(), shallow = FlowKey()
        bytes.withUnsafeBytes {
            _ = PacketParser.parse($0.baseAddress!, count: $0.count, packetLength: $0.count, port: 3, into: &full)
            _ = PacketParser.parseEthernet(
                $0.baseAddress!, count: $0.count, packetLength: $0.count, port: 3, into: &shallow)
        }
        for field in [FieldID.inPort, .ethDst, .ethSrc, .ethType, .vlanTCI] {
            #expect(full[field] == shallow[field], "\(field)")
        }
    }
}
