import OpenFlow
import Packet

/// SplitMix64: small, and the same on each machine.
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
}

/// Flows that are valid, made at random, the same for the same seed.
struct RandomFlows {
    /// A kind of packet that a match can name, with the prerequisites that it satisfies. Written down here rather than
    /// asked of the code under test.
    struct Kind {
        let etherType: UInt16?
        let ipProtocol: UInt8?
        let icmpv6Type: UInt8?
        let satisfied: [Field.Prerequisite]

        init(
            _ etherType: UInt16?, _ ipProtocol: UInt8? = nil, icmpv6Type: UInt8? = nil,
            with satisfied: [Field.Prerequisite] = []
        ) {
            self.etherType = etherType
            self.ipProtocol = ipProtocol
            self.icmpv6Type = icmpv6Type
            self.satisfied = satisfied + [.none]
        }
    }

    static let kinds = [
        Kind(nil), Kind(0x88cc), Kind(0x0806, with: [.arp]), Kind(0x8035, with: [.arp]), Kind(0x8847, with: [.mpls]),
        Kind(0x8848, with: [.mpls]), Kind(0x88e7, with: [.pbb]), Kind(0x0800, with: [.ip, .ipv4]),
        Kind(0x0800, 47, with: [.ip, .ipv4]), Kind(0x0800, 1, with: [.ip, .ipv4, .icmpv4]),
        Kind(0x0800, 6, with: [.ip, .ipv4, .tcp]), Kind(0x0800, 17, with: [.ip, .ipv4, .udp]),
        Kind(0x0800, 132, with: [.ip, .ipv4, .sctp]), Kind(0x86dd, with: [.ip, .ipv6]),
        Kind(0x86dd, 6, with: [.ip, .ipv6, .tcp]), Kind(0x86dd, 17, with: [.ip, .ipv6, .udp]),
        Kind(0x86dd, 132, with: [.ip, .ipv6, .sctp]), Kind(0x86dd, 58, with: [.ip, .ipv6, .icmpv6]),
        Kind(0x86dd, 58, icmpv6Type: 135, with: [.ip, .ipv6, .icmpv6, .neighbour, .neighbourSolicitation]),
        Kind(0x86dd, 58, icmpv6Type: 136, with: [.ip, .ipv6, .icmpv6, .neighbour, .neighbourAdvertisement]),
    ]

    /// Fields that Open vSwitch does not have.
    static let foreign: Set<FieldID> = [.inPhyPort, .pbbISID, .pbbUCA, .ipv6ExtHdr]

    var generator: SeededGenerator
    /// Keep to what Open vSwitch 3.1 knows, and to actions that it prints as they were given.
    let forOpenVSwitch: Bool
    var kind = Kind(nil)
    var tags = 0
    var isLaterFragment = false

    init(seed: UInt64, forOpenVSwitch: Bool = false) {
        generator = SeededGenerator(seed: seed)
        self.forOpenVSwitch = forOpenVSwitch
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

    mutating func pick<Element>(_ choices: [Element]) -> Element { choices.randomElement(using: &generator)! }

    mutating func bits(_ width: Int) -> UInt128 {
        let all = UInt128(generator.next()) << 64 | UInt128(generator.next())
        return all >> UInt128(128 - width)
    }

    mutating func next() -> Flow {
        var flow = Flow()
        if chance(50) { flow.table = UInt8.random(in: 0...254, using: &generator) }
        if chance(70) { flow.priority = UInt16.random(in: 0...65535, using: &generator) }
        if chance(30) { flow.cookie = generator.next() >> UInt64.random(in: 1...63, using: &generator) }
        if chance(20) { flow.idleTimeoutSeconds = UInt16.random(in: 0...65535, using: &generator) }
        if chance(20) { flow.hardTimeoutSeconds = UInt16.random(in: 0...65535, using: &generator) }
        if chance(20) { flow.importance = UInt16.random(in: 0...65535, using: &generator) }
        if chance(20) { flow.flags = Flow.Flags(rawValue: UInt16.random(in: 0...31, using: &generator)) }
        flow.match = match()
        flow.instructions = instructions(table: flow.table)
        return flow
    }

    // MARK: Matches

    mutating func match() -> Match {
        var match = Match()
        kind = pick(Self.kinds)
        if let type = kind.etherType { match.set(.ethType, UInt128(type)) }
        if let number = kind.ipProtocol { match.set(.ipProto, UInt128(number)) }
        if let type = kind.icmpv6Type {
            match.set(.icmpv6Type, UInt128(type))
            if chance(50) { match.set(.icmpv6Code, 0) }
        }
        if chance(30) { setTag(&match) }
        if kind.satisfied.contains(.ip) && chance(15) { setFragment(&match) }
        tags = match.key[.vlanTCI] & 0x1000 != 0 ? 1 : 0
        isLaterFragment = match.key[.ipFrag] & 2 != 0
        let special: Set<FieldID> = [.ethType, .ipProto, .icmpv6Type, .vlanTCI, .vlanVID, .vlanPCP, .ipFrag]
        // Neighbour discovery has code 0.
        let isNeighbour = kind.icmpv6Type != nil
        for id in FieldID.allCases 
        where !special.contains(id) && isAvailable(id) && !(isNeighbour && id == .icmpv6Code) && chance(20) {
            let mask = mask(for: Field[id])
            match.set(id, value(for: Field[id]), mask: mask)
        }
        return match
    }

    private mutating func setTag(_ match: inout Match) {
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: match.set(.vlanTCI, 0x1000 | bits(16), mask: 0x1fff)
        case 1: match.set(.vlanTCI, 0x1000 | bits(16), mask: 0xffff)
        case 2: match.set(.vlanTCI, 0x1000 | bits(16), mask: 0xf000)
        case 3: match.set(.vlanTCI, 0, mask: 0x1fff)
        default:
            // OpenFlow's extensible match, through which ovs-ofctl passes a flow, has no mask for the priority.
            let mask = 0x1000 | bits(16)
            match.set(.vlanTCI, 0x1000 | bits(16), mask: forOpenVSwitch ? mask | 0xe000 : mask)
        }
    }

    private mutating func setFragment(_ match: inout Match) {
        let choices: [(UInt128, UInt128)] = [(0, 3), (1, 3), (3, 3), (1, 1), (0, 2)]
        let (value, mask) = pick(forOpenVSwitch ? choices : choices + [(0, 1), (2, 2)])
        match.set(.ipFrag, value, mask: mask)
    }

    func isAvailable(_ id: FieldID) -> Bool {
        if forOpenVSwitch && Self.foreign.contains(id) { return false }
        let prerequisite = Field[id].prerequisite
        if isLaterFragment && [.tcp, .udp, .sctp].contains(prerequisite) { return false }
        return kind.satisfied.contains(prerequisite) || prerequisite == .vlan && tags > 0
    }

    mutating func value(for field: Field) -> UInt128 {
        if field.format == .port { return UInt128(port().rawValue) }
        if field.id == .arpOp { return bits(8) }
        return chance(20) ? 0 : bits(field.width)
    }

    private mutating func mask(for field: Field) -> UInt128 {
        if field.masks == .exactOnly || chance(40) { return field.allOnes }
        let length = Int.random(in: 1...field.width, using: &generator)
        let prefix = field.allOnes & ~((1 << UInt128(field.width - length)) - 1)
        if chance(60) { return prefix }
        // ovs-ofctl takes the first digits of an IPv6 mask for a prefix length, unless they are letters.
        if forOpenVSwitch && field.format == .ipv6 { return bits(128) | 0xf << 124 }
        return max(bits(field.width), 1)
    }

    mutating func port() -> PortNumber {
        if chance(20) { return pick([.local, .controller, .inPort]) }
        if chance(20) && !forOpenVSwitch {
            return PortNumber(UInt32.random(in: 0x10000...0xffff_ff00, using: &generator))
        }
        return PortNumber(UInt32.random(in: 0...0xfeff, using: &generator))
    }

    // MARK: Actions

    private mutating func instructions(table: UInt8) -> InstructionSet {
        var set = InstructionSet()
        if chance(3) {
            set.apply = conjunction()
            return set
        }
        if chance(10) { set.meter = UInt32.random(in: 1...0xffff_0000, using: &generator) }
        for _ in 0..<Int.random(in: 0...5, using: &generator) {
            set.apply.append(chance(60) ? action(inSet: false) : newerAction())
        }
        if chance(10) { set.clearsActionSet = true }
        if chance(20) {
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                set.write.append(chance(70) ? action(inSet: true) : newerActionOfSet())
            }
        }
        if chance(15) {
            let mask = chance(50) ? UInt64.max : generator.next()
            set.metadata = .init(value: generator.next() & mask, mask: mask)
        }
        if chance(20) && table < 254 { set.gotoTable = UInt8.random(in: table + 1...254, using: &generator) }
        return set
    }

    mutating func action(inSet: Bool) -> Action {
        switch Int.random(in: 0..<11, using: &generator) {
        case 0, 1: return output()
        case 2: return inSet ? output() : .outputField(slice(of: pick(readable()), width: nil))
        case 3: return resubmit(inSet)
        case 4, 5: return setField()
        case 6: return load()
        case 7: return move()
        case 8: return changeTag(inSet)
        case 9: return modify()
        default: return kind.satisfied.contains(.ip) ? .decrementTTL : .output(.normal)
        }
    }

    mutating func output() -> Action {
        if chance(10) { return .output(.controller, maxLength: UInt16.random(in: 0...65535, using: &generator)) }
        if chance(30) { return .output(pick([.inPort, .table, .normal, .flood, .all, .local])) }
        return .output(PortNumber(UInt32.random(in: 0...0xfeff, using: &generator)))
    }

    private mutating func resubmit(_ inSet: Bool) -> Action {
        if inSet { return output() }
        let port = chance(50) ? PortNumber(UInt32.random(in: 0...0xfeff, using: &generator)) : nil
        if let port, chance(50) { return .resubmit(port: port, table: nil) }
        return .resubmit(port: port, table: UInt8.random(in: 0...254, using: &generator))
    }

    func readable() -> [FieldID] {
        FieldID.allCases.filter { isAvailable($0) && !(forOpenVSwitch && $0 == .inPort) }
    }

    /// Open vSwitch's vlan_vid has 12 bits where slices are taken.
    func width(of id: FieldID) -> Int { forOpenVSwitch && id == .vlanVID ? 12 : Field[id].width }

    func writable() -> [FieldID] {
        // What changes the kind of a packet would change what may follow.
        FieldID.allCases.filter {
            Field[$0].isWritable && isAvailable($0) && ($0 != .vlanVID || tags > 0)
                && ![.vlanTCI, .ethType, .ipProto].contains($0)
                && !(forOpenVSwitch && [.mplsBOS, .inPort].contains($0))
        }
    }

    mutating func slice(of id: FieldID, width: Int?) -> FieldSlice {
        let all = self.width(of: id)
        let count = width ?? Int.random(in: 1...min(all, 64), using: &generator)
        return FieldSlice(id, firstBit: Int.random(in: 0...all - count, using: &generator), bitCount: count)
    }

    private mutating func setField() -> Action {
        let field = Field[pick(writable())]
        var (value, mask) = (value(for: field), mask(for: field))
        if field.id == .vlanVID { (value, mask) = (value | 0x1000, mask | 0x1000) }
        return .setField(field.id, value: value & mask, mask: mask)
    }

    private mutating func load() -> Action {
        let candidates = writable().filter { Field[$0].format != .port && $0 != .vlanVID && $0 != .arpOp }
        let field = Field[pick(candidates)]
        let isWhole = forOpenVSwitch && field.masks == .exactOnly
        let slice = isWhole ? FieldSlice(field.id) : slice(of: field.id, width: nil)
        return .load(value: UInt64(bits(slice.bitCount)), to: slice)
    }

    private mutating func move() -> Action {
        let (source, destination) = (pick(readable()), pick(writable()))
        let width = Int.random(in: 1...min(width(of: source), width(of: destination)), using: &generator)
        return .move(from: slice(of: source, width: width), to: slice(of: destination, width: width))
    }

    private mutating func changeTag(_ inSet: Bool) -> Action {
        if inSet {
            tags = max(tags - 1, 0)
            return .popVLAN
        }
        switch Int.random(in: 0..<4, using: &generator) {
        case 0 where tags > 0:
            tags -= 1
            return .popVLAN
        case 1 where tags < 2:
            tags += 1
            return .pushVLAN(etherType: pick([0x8100, 0x88a8]))
        case 2:
            tags = max(tags, 1)
            return .modVLANVID(UInt16(bits(12)))
        default:
            tags = max(tags, 1)
            return .modVLANPCP(UInt8(bits(3)))
        }
    }

    private mutating func modify() -> Action {
        if forOpenVSwitch && !kind.satisfied.contains(.ipv4) { return output() }
        let hasPorts = [.tcpSrc, .udpSrc, .sctpSrc].contains(where: isAvailable)
        let ports: [FieldID] = hasPorts || !forOpenVSwitch ? [.tcpSrc, .tcpDst] : []
        let id = pick([.ipv4Src, .ipv4Dst, .ipDSCP, .ipECN, .ipTTL] + ports)
        return .modField(id, UInt32(bits(Field[id].width)))
    }
}
