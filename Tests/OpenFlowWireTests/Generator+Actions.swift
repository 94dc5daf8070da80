import OpenFlow
import OpenFlowWire
import Packet

extension Generator {
    /// Part of a field that any packet has.
    mutating func slice(atMost: Int = 64) -> FieldSlice {
        let id: FieldID = pick([.reg0, .reg3, .metadata, .tunnelID, .ethSrc, .ethDst, .inPort, .xxreg0, .xreg2])
        let width = min(Field[id].width, atMost)
        let count = Int.random(in: 1...width, using: &self)
        return FieldSlice(id, firstBit: Int.random(in: 0...Field[id].width - count, using: &self), bitCount: count)
    }

    /// Two parts of the same number of bits.
    private mutating func slices() -> (FieldSlice, FieldSlice) {
        let first = slice(atMost: 32)
        let room = 32 - first.bitCount
        return (first, FieldSlice(.reg1, firstBit: Int.random(in: 0...room, using: &self), bitCount: first.bitCount))
    }

    /// Actions that the packets of a match may have done to them, and that the version reads back as they were.
    mutating func actions(_ version: OpenFlowVersion, for match: Match = Match()) -> [Action] {
        // Beside a conjunction nothing but notes may stand.
        if chance(10) { return list(1...3) { $0.conjunctionOrNote() } }
        // First, while the packet is what the match says.
        var actions = list(0...2) { $0.particularAction(version, for: match) }.compactMap { $0 }
        actions += list(0...6) { $0.action(version) }
        if chance(5) { actions.append(.clone(list(0...3) { $0.action(version) })) }
        if chance(9) { actions.append(.clone([.clone([action(version)]), action(version)])) }
        // A pair that needs to be together.
        if chance(3) { actions += [.pushVLAN(etherType: 0x88a8), .setField(.vlanVID, value: 0x1005, mask: 0x1fff)] }
        return version == .v10 ? actions.filter { $0 != .pushVLAN(etherType: 0x88a8) && !isTag($0) } : actions
    }

    private func isTag(_ action: Action) -> Bool {
        if case .setField(.vlanVID, _, _) = action { true } else { false }
    }

    private mutating func conjunctionOrNote() -> Action {
        if chance(3) { return note() }
        return .conjunction(id: number(), clause: pick([1, 2, 3]), count: pick([3, 64]))
    }

    private mutating func note() -> Action { .note(bytes(6...6) + (chance(2) ? bytes(8...8) : [])) }

    /// An action that not every packet may have done to it.
    private mutating func particularAction(_ version: OpenFlowVersion, for match: Match) -> Action? {
        let fits = MatchedProtocols(match)
        // In OpenFlow 1.0 it needs no match.
        if chance(2) {
            guard version == .v10 || fits.satisfy(.tcp) else { return nil }
            return .finTimeout(idleSeconds: number(), hardSeconds: number())
        }
        guard version != .v10, fits.satisfy(.ip) || fits.satisfy(.mpls) else { return nil }
        return pick([.copyTTLOut, .copyTTLIn])
    }

    private mutating func action(_ version: OpenFlowVersion) -> Action {
        let isIn10 = version == .v10
        switch Int.random(in: 0..<23, using: &self) {
        case 0: return .output(port(), maxLength: number())
        case 1: return .output(.controller, maxLength: number())
        case 2: return .setField(.ethDst, value: value(48), mask: 0xffff_ffff_ffff)
        case 3:
            let mask = value(64) | 1
            return .setField(.metadata, value: value(64) & mask, mask: mask)
        case 4: return .setField(.reg5, value: value(32), mask: 0xffff_ffff)
        case 5: return .group(number())
        case 6: return .setQueue(number())
        case 7: return .resubmit(port: chance(2) ? port() == .inPort ? nil : PortNumber(7) : nil, table: 9)
        case 8: return .resubmit(port: PortNumber(3), table: nil)
        case 9 where version < .v15:
            let slice = slice()
            return .load(value: UInt64(value(slice.bitCount)), to: slice)
        case 10:
            let (from, to) = slices()
            return .move(from: from, to: to)
        case 11: return .outputField(slice(atMost: 32))
        case 12: return .push(slice())
        case 13: return .pop(slice())
        case 14: return note()
        case 15: return pick([.exit, .popQueue])
        case 16: return .outputTruncated(port(), maxLength: number())
        case 17: return .controller(controllerAction())
        case 18: return .learn(learnAction())
        case 19: return isIn10 ? .enqueue(port(), queue: number()) : .pushPBB(etherType: 0x88e7)
        case 20 where isIn10: return .modVLANVID(5)
        case 21: return chance(2) ? .multipath(multipathAction()) : .bundle(bundleAction())
        default: return isIn10 ? .modField(.tcpSrc, UInt32(number(UInt16.self))) : .pushPBB(etherType: 0x88e7)
        }
    }

    private mutating func controllerAction() -> ControllerAction {
        var action = ControllerAction()
        action.maxLength = number()
        action.controllerID = number()
        action.reason = pick(Array(PacketInReason.allCases))
        if chance(2) { action.userdata = bytes(1...20) }
        action.pauses = chance(3)
        if chance(3) { action.meter = number() }
        return action
    }

    private mutating func multipathAction() -> MultipathAction {
        let destination = slice()
        return MultipathAction(
            pick(HashedFields.allCases), basis: number(), pick(MultipathAction.Algorithm.allCases),
            linkCount: Int.random(in: 1...1 << min(destination.bitCount, 16), using: &self), argument: number(),
            destination: destination)
    }

    private mutating func bundleAction() -> BundleAction {
        let members: [PortNumber] = list(0...5) { $0.pick([.any, .local, .flood, PortNumber(1), PortNumber(0xfeff)]) }
        return BundleAction(
            pick(HashedFields.allCases), basis: number(), pick(BundleAction.Algorithm.allCases), members: members,
            destination: chance(2)
                ? nil : FieldSlice(.reg4, firstBit: Int.random(in: 0...16, using: &self), bitCount: 16))
    }

    private mutating func learnAction() -> LearnAction {
        var learn = LearnAction()
        learn.table = UInt8.random(in: 0...254, using: &self)
        learn.priority = number()
        learn.cookie = number()
        learn.idleTimeoutSeconds = number()
        learn.hardTimeoutSeconds = number()
        learn.finIdleTimeoutSeconds = number()
        learn.finHardTimeoutSeconds = number()
        learn.sendsFlowRemoved = chance(2)
        learn.deletesLearned = chance(2)
        if chance(2) { learn.limit = number() }
        if chance(2) { learn.result = FieldSlice(.reg2, firstBit: 3, bitCount: 1) }
        learn.parts = list(0...4) { generator in
            let (from, to) = generator.slices()
            let value = LearnAction.Source.value(generator.value(to.bitCount))
            let source = generator.pick([.field(from), value])
            return generator.pick([.match(source, to), .load(source, to), .output(from)])
        }
        return learn
    }

    mutating func instructions(
        _ version: OpenFlowVersion, for match: Match, after table: UInt8
    ) -> InstructionSet {
        var set = InstructionSet(apply: actions(version, for: match))
        // In 1.5 a meter is an action: the first.
        if chance(3) { set.metadata = .init(value: number(), mask: number()) }
        if version == .v10 { return set }
        if chance(3) { set.meter = UInt32.random(in: 1...Meter.lastID, using: &self) }
        set.clearsActionSet = chance(3)
        if chance(3) {
            set.write = [.output(port(), maxLength: number()), .group(number()), .setQueue(number()), .decrementTTL]
        }
        if chance(3), table < 254 { set.gotoTable = UInt8.random(in: table + 1...254, using: &self) }
        return set
    }

    mutating func flow(_ version: OpenFlowVersion) -> Flow {
        var flow = Flow()
        flow.table = UInt8.random(in: 0...254, using: &self)
        flow.priority = number()
        flow.cookie = number()
        flow.match = match()
        flow.instructions = instructions(version, for: flow.match, after: flow.table)
        flow.idleTimeoutSeconds = number()
        flow.hardTimeoutSeconds = number()
        if version != .v10 { flow.flags = Flow.Flags(rawValue: UInt16.random(in: 0...31, using: &self)) }
        if version >= .v14 { flow.importance = number() }
        return flow
    }
}
