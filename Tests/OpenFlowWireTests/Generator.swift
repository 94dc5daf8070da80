import OpenFlow
import OpenFlowWire
import Packet

/// Makes values from a seed: the same ones each time (SplitMix64).
struct Generator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }

    mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &self) == 0 }
    mutating func number<T: FixedWidthInteger & UnsignedInteger>(_: T.Type = T.self) -> T {
        T.random(in: 0...T.max, using: &self)
    }
    mutating func bytes(_ count: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: count, using: &self)).map { _ in number() }
    }
    mutating func pick<T>(_ choices: [T]) -> T { choices.randomElement(using: &self)! }
    mutating func list<T>(_ count: ClosedRange<Int>, _ make: (inout Generator) -> T) -> [T] {
        (0..<Int.random(in: count, using: &self)).map { _ in make(&self) }
    }

    /// A port that can be sent to, and that 1.0 can name.
    mutating func port() -> PortNumber {
        pick([PortNumber(number(UInt8.self) == 0 ? 1 : UInt32.random(in: 1...0xfeff, using: &self)), .inPort, .local])
    }

    mutating func value(_ width: Int) -> UInt128 {
        let all = UInt128(number(UInt64.self)) << 64 | UInt128(number(UInt64.self))
        return width == 128 ? all : all & ((1 << UInt128(width)) - 1)
    }

    // MARK: Matches

    /// A match whose fields have what they need, of those that can stand together.
    mutating func match() -> Match {
        var match = Match()
        for id: FieldID in [.inPort, .metadata, .tunnelID, .reg0, .reg7, .reg15, .ethDst, .ethSrc] where chance(4) {
            set(id, in: &match)
        }
        if chance(4), match.exactValue(of: .inPort) != nil { set(.inPhyPort, in: &match) }
        vlan(&match)
        let families: [(UInt128, [FieldID])] = [
            (0x0800, [.ipv4Src, .ipv4Dst]), (0x86dd, [.ipv6Src, .ipv6Dst, .ipv6Label, .ipv6ExtHdr]),
            (0x0806, [.arpOp, .arpSPA, .arpTPA, .arpSHA, .arpTHA]),
            (0x8847, [.mplsLabel, .mplsTC, .mplsBOS, .mplsTTL]),
            (0x88e7, [.pbbISID, .pbbUCA]), (0x1234, []),
        ]
        if chance(5) { return match }
        let (type, fields) = pick(families)
        match.set(.ethType, type)
        for id in fields where chance(2) { set(id, in: &match) }
        if type == 0x0800 || type == 0x86dd { ip(&match, isVersion6: type == 0x86dd) }
        return match
    }

    private mutating func set(_ id: FieldID, in match: inout Match) {
        let field = Field[id]
        if id == .inPort || id == .inPhyPort { return match.set(id, UInt128(port().rawValue)) }
        // Open vSwitch knows no operations above 255.
        if id == .arpOp { return match.set(id, value(8)) }
        let mask = field.masks == .arbitrary && chance(2) ? value(field.width) : field.allOnes
        match.set(id, value(field.width), mask: mask)
    }

    private mutating func vlan(_ match: inout Match) {
        switch Int.random(in: 0..<7, using: &self) {
        case 0: match.set(.vlanVID, 0)
        case 1: match.set(.vlanVID, 0x1000 | value(12))
        case 2: match.set(.vlanTCI, 0x1000 | value(12) | value(3) << 13)
        case 3: match.set(.vlanTCI, 0x1000, mask: 0x1000)
        case 4: match.set(.vlanTCI, value(16), mask: value(16))
        default: break
        }
    }

    private mutating func ip(_ match: inout Match, isVersion6: Bool) {
        for id: FieldID in [.ipDSCP, .ipECN, .ipTTL] where chance(4) { set(id, in: &match) }
        let icmp: (UInt128, [FieldID]) = isVersion6 ? (58, [.icmpv6Type, .icmpv6Code]) : (1, [.icmpType, .icmpCode])
        let (proto, fields) = pick([
            (6, [.tcpSrc, .tcpDst, .tcpFlags]), (17, [.udpSrc, .udpDst]), (132, [.sctpSrc, .sctpDst]), icmp, (89, []),
        ])
        match.set(.ipProto, proto)
        if proto == 58 && chance(2) {
            match.set(.icmpv6Type, 135)
            match.set(.icmpv6Code, 0)
            set(.ndTarget, in: &match)
            set(.ndSLL, in: &match)
            return
        }
        for id in fields where chance(2) { set(id, in: &match) }
        if chance(4) && !fields.contains(.tcpFlags) { match.set(.ipFrag, pick([0, 1])) }
    }
}
