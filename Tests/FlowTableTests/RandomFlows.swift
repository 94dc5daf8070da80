import OpenFlow
import Packet

/// A generator whose numbers follow from its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }
}

/// Flows and packets that meet often: values come from a small world, so that masks overlap and prefixes nest.
struct RandomFlows {
    var random: SeededGenerator
    var tables: [UInt8] = [0]
    var priorities: [UInt16] = [0, 1, 100, 100, 100, 500, 32768, 65535]

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private mutating func address() -> UInt128 {
        let tops: [UInt64] = [0x0a00_0000, 0x0a01_0000, 0x0b00_0000, 0xc0a8_0000, 0xc0a8_0100]
        return UInt128(random.pick(tops) | UInt64(random.below(8)) << UInt64(random.pick([0, 4, 8, 14])))
    }

    private mutating func wideAddress() -> UInt128 {
        UInt128(0x2001_0db8 as UInt64) << 96 | UInt128(random.below(4)) << UInt128(random.pick([32, 60, 64, 70, 80]))
            | UInt128(random.below(4))
    }

    private mutating func ethernetAddress() -> UInt128 {
        let tops: [UInt64] = [0x0200_0000_0000, 0x0100_5e00_0000, 0x0200_0000_0100]
        return UInt128(random.pick(tops) + UInt64(random.below(4)))
    }

    private mutating func port() -> UInt128 { UInt128(random.pick([22, 53, 80, 443, 1024, 1025, 8080, 40000, 65535])) }

    private mutating func prefix(width: Int) -> UInt128 {
        let length = random.pick([1, 4, 8, 12, 15, 16, 17, 20, 23, 24, 31, 32, 48, 63, 64, 65, 96, 127, 128]
            .filter { $0 <= width })
        let ones = Field.ones(width)
        return ones & ~(ones >> UInt128(length))
    }

    /// Any mask at all now and then, for nothing may rely on prefixes.
    private mutating func mask(width: Int) -> UInt128? {
        switch random.below(10) {
        case 0..<5: nil
        case 5..<9: prefix(width: width)
        default: (UInt128(random.next()) << 64 | UInt128(random.next())) & Field.ones(width)
        }
    }

    /// A whole packet's key, from the same world as the flows.
    mutating func packet() -> FlowKey {
        var key = FlowKey()
        key[.inPort] = UInt128(1 + random.below(4))
        key[.ethDst] = ethernetAddress()
        key[.ethSrc] = ethernetAddress()
        if random.chance(30) { key[.vlanTCI] = UInt128(0x1000 | random.below(4)) }
        if random.chance(20) { key[.metadata] = UInt128(random.below(4)) << UInt128(random.pick([0, 20, 60])) }
        if random.chance(20) { key[.reg0] = UInt128(random.below(4)) }
        let type = random.pick([0x0800, 0x0800, 0x0800, 0x86dd, 0x86dd, 0x0806, 0x8847, 0x1234])
        key[.ethType] = UInt128(type)
        switch type {
        case 0x0800:
            key[.ipv4Src] = address()
            key[.ipv4Dst] = address()
            fillTransport(&key)
        case 0x86dd:
            key[.ipv6Src] = wideAddress()
            key[.ipv6Dst] = wideAddress()
            fillTransport(&key)
        case 0x0806:
            key[.arpSPA] = address()
            key[.arpTPA] = address()
            key[.arpOp] = UInt128(1 + random.below(2))
        case 0x8847: key[.mplsLabel] = UInt128(random.below(5))
        default: break
        }
        return key
    }

    private mutating func fillTransport(_ key: inout FlowKey) {
        key[.ipProto] = UInt128(random.pick([6, 6, 17, 17, 1, 47]))
        key[.ipTTL] = UInt128(random.pick([1, 64]))
        key[.tcpSrc] = port()
        key[.tcpDst] = port()
        key[.tcpFlags] = UInt128(random.pick([0, 2, 16]))
    }

    /// A match on some fields of some packet.
    mutating func match() -> Match {
        let key = packet()
        var match = Match()
        func take(_ id: FieldID, _ mask: UInt128?) { match.set(id, key[id], mask: mask) }
        if random.chance(30) { take(.inPort, nil) }
        if random.chance(20) { take(.metadata, mask(width: 64)) }
        if random.chance(10) { take(.reg0, mask(width: 32)) }
        if random.chance(20) { take(.ethDst, mask(width: 48)) }
        if random.chance(15) { take(.ethSrc, mask(width: 48)) }
        if random.chance(15) { take(.vlanTCI, random.pick([nil, 0x1000, 0x1fff, 0x1003])) }
        guard random.chance(75) else { return match }
        take(.ethType, nil)
        let isIPv4 = key[.ethType] == 0x0800
        switch key[.ethType] {
        case 0x0800, 0x0806:
            if random.chance(60) { take(.ipv4Src, mask(width: 32)) }
            if random.chance(60) { take(.ipv4Dst, mask(width: 32)) }
        case 0x86dd:
            if random.chance(60) { take(.ipv6Src, mask(width: 128)) }
            if random.chance(60) { take(.ipv6Dst, mask(width: 128)) }
        case 0x8847:
            take(.mplsLabel, nil)
        default: break
        }
        guard isIPv4 || key[.ethType] == 0x86dd, random.chance(60) else { return match }
        take(.ipProto, nil)
        if random.chance(40) { take(.tcpSrc, mask(width: 16)) }
        if random.chance(60) { take(.tcpDst, mask(width: 16)) }
        if random.chance(10) { take(.tcpFlags, mask(width: 12)) }
        return match
    }

    mutating func instructions() -> InstructionSet {
        InstructionSet(apply: [.output(PortNumber(UInt32(1 + random.below(8))), maxLength: 0)])
    }

    mutating func flow() -> Flow {
        var flow = Flow(
            table: random.pick(tables), priority: random.pick(priorities), match: match(),
            instructions: instructions())
        flow.cookie = UInt64(random.below(16))
        return flow
    }

    /// A packet that some of the flows match, or nearly.
    mutating func packet(near flows: [Flow]) -> FlowKey {
        var key = packet()
        guard random.chance(80), !flows.isEmpty else { return key }
        let match = random.pick(flows).match
        for word in 0..<FlowKey.wordCount { key[word] = key[word] & ~match.mask[word] | match.key[word] }
        if random.chance(50) {
            let word = random.pick([0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 18])
            key[word] ^= 1 << UInt64(random.below(64))
        }
        return key
    }
}

extension Field {
    static func ones(_ width: Int) -> UInt128 { width == 128 ? .max : (1 << UInt128(width)) - 1 }
}
