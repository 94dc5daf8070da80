import OpenFlow
import Packet

/// The actions beyond those that set fields, output and resubmit.
extension RandomFlows {
    mutating func conjunction() -> [Action] {
        let count = UInt8.random(in: 2...64, using: &generator)
        let clause = UInt8.random(in: 1...count, using: &generator)
        let conjunction = Action.conjunction(id: UInt32(bits(32)), clause: clause, count: count)
        return chance(50) ? [conjunction] : [conjunction, note(), conjunction]
    }

    mutating func newerAction() -> Action {
        switch Int.random(in: 0..<11, using: &generator) {
        case 0: return forOpenVSwitch ? .setQueue(UInt32(bits(32))) : .enqueue(realPort(), queue: UInt32(bits(32)))
        case 1: return .popQueue
        case 2: return .outputTruncated(realPort(), maxLength: UInt32.random(in: 14 ... .max, using: &generator))
        case 3: return .controller(controller())
        case 4: return .learn(learn())
        case 5: return note()
        case 6:
            return chance(50)
                ? .push(slice(of: pick(readable()), width: nil)) : .pop(slice(of: pick(writable()), width: nil))
        case 7: return finTimeoutOrExit()
        case 8: return chance(50) ? multipath() : bundle()
        case 9: return clone()
        default: return newerActionOfSet()
        }
    }

    mutating func newerActionOfSet() -> Action {
        switch Int.random(in: 0..<7, using: &generator) {
        case 0: return .group(UInt32.random(in: 0...Group.lastID, using: &generator))
        case 1: return .setQueue(UInt32(bits(32)))
        case 2: return pushOrPopMPLS()
        case 3 where !forOpenVSwitch: return pushOrPopPBB()
        case 4 where !forOpenVSwitch: return chance(50) ? .copyTTLOut : .copyTTLIn
        case 5 where !forOpenVSwitch: return .decrementTTLNotifying([UInt16(bits(16)), UInt16(bits(8))])
        case 6 where kind.satisfied.contains(.mpls): return chance(50) ? .setMPLSTTL(UInt8(bits(8))) : .decrementMPLSTTL
        default: return output()
        }
    }

    private mutating func realPort() -> PortNumber { PortNumber(UInt32.random(in: 0...0xfeff, using: &generator)) }

    private mutating func finTimeoutOrExit() -> Action {
        guard kind.satisfied.contains(.tcp) else { return .exit }
        return .finTimeout(idleSeconds: UInt16(bits(16)), hardSeconds: UInt16(bits(2)))
    }

    private mutating func multipath() -> Action {
        let destination = slice(of: pick([.reg1, .reg9, .metadata, .ethDst]), width: nil)
        let most = 1 << min(destination.bitCount, 16)
        return .multipath(
            MultipathAction(
                pick(HashedFields.allCases), basis: UInt16(bits(16)), pick(MultipathAction.Algorithm.allCases),
                linkCount: Int.random(in: 1...most, using: &generator), argument: UInt32(bits(32)),
                destination: destination))
    }

    /// What it makes of the packet does not last.
    private mutating func clone() -> Action {
        let before = (kind, tags, isLaterFragment)
        let inner = (0..<Int(bits(2))).map { _ in chance(50) ? action(inSet: false) : newerAction() }
        (kind, tags, isLaterFragment) = before
        return .clone(inner)
    }

    private mutating func bundle() -> Action {
        let members = (0..<Int(bits(3))).map { _ in chance(80) ? realPort() : pick([.local, .inPort, .flood, .any]) }
        let width = Int.random(in: 16...32, using: &generator)
        return .bundle(
            BundleAction(
                pick(HashedFields.allCases), basis: UInt16(bits(16)), pick(BundleAction.Algorithm.allCases),
                members: members,
                destination: chance(50) ? nil : slice(of: pick([.reg1, .reg9, .metadata, .ethDst]), width: width)))
    }

    /// Open vSwitch's action has room for six bytes and any number of eights.
    private mutating func note() -> Action {
        let count = forOpenVSwitch ? 6 + 8 * Int(bits(2)) : Int(bits(5))
        return .note((0..<count).map { _ in UInt8(bits(8)) })
    }

    private mutating func controller() -> ControllerAction {
        var action = ControllerAction()
        if chance(50) { action.maxLength = UInt16(bits(16)) }
        if chance(50) { action.controllerID = UInt16(bits(16)) }
        if chance(50) { action.reason = pick(PacketInReason.allCases) }
        if chance(50) { action.pauses = true }
        if chance(30) { action.meter = UInt32.random(in: 1...0xffff_0000, using: &generator) }
        // With nothing but a length it would be an output.
        if chance(50) || action.controllerID == 0 {
            action.userdata = [1] + (0..<Int(bits(4))).map { _ in UInt8(bits(8)) }
        }
        return action
    }

    private mutating func become(_ kind: Kind) {
        self.kind = kind
        isLaterFragment = false
    }

    private mutating func pushOrPopMPLS() -> Action {
        if kind.satisfied.contains(.mpls) && chance(50) {
            let types: [(UInt16, [Field.Prerequisite])] = [
                (0x0800, [.ip, .ipv4]), (0x86dd, [.ip, .ipv6]), (0x8847, [.mpls]), (0x0806, [.arp]), (0x88cc, []),
            ]
            let (type, satisfied) = pick(types)
            become(Kind(type, with: satisfied))
            return .popMPLS(etherType: type)
        }
        let type: UInt16 = pick([0x8847, 0x8848])
        become(Kind(type, with: [.mpls]))
        return .pushMPLS(etherType: type)
    }

    private mutating func pushOrPopPBB() -> Action {
        tags = 0
        if kind.satisfied.contains(.pbb) && chance(50) {
            become(Kind(nil))
            return .popPBB
        }
        become(Kind(0x88e7, with: [.pbb]))
        return .pushPBB(etherType: 0x88e7)
    }

    // MARK: Learning

    private mutating func learn() -> LearnAction {
        var learn = LearnAction()
        if chance(50) { learn.table = UInt8.random(in: 0...254, using: &generator) }
        if chance(50) { learn.priority = UInt16(bits(16)) }
        if chance(30) { learn.cookie = UInt64(bits(64)) }
        if chance(30) { learn.idleTimeoutSeconds = UInt16(bits(16)) }
        if chance(30) { learn.hardTimeoutSeconds = UInt16(bits(16)) }
        if chance(20) { learn.finIdleTimeoutSeconds = UInt16(bits(16)) }
        if chance(20) { learn.finHardTimeoutSeconds = UInt16(bits(16)) }
        learn.sendsFlowRemoved = chance(20)
        learn.deletesLearned = chance(20)
        if chance(20) { learn.limit = UInt32(bits(31)) }
        if chance(20) { learn.result = slice(of: pick(writable()), width: 1) }
        let learned = pick(Self.kinds.filter { $0.icmpv6Type == nil })
        if let type = learned.etherType { learn.parts.append(.match(.value(UInt128(type)), FieldSlice(.ethType))) }
        if let type = learned.ipProtocol { learn.parts.append(.match(.value(UInt128(type)), FieldSlice(.ipProto))) }
        for _ in 0..<Int.random(in: 0...4, using: &generator) { learn.parts.append(part(learned)) }
        return learn
    }

    private mutating func part(_ learned: Kind) -> LearnAction.Part {
        // Open vSwitch learns no field of an experimenter's.
        let strange: Set<FieldID> = forOpenVSwitch ? Self.foreign.union([.inPort, .actsetOutput, .vlanVID]) : []
        let matchable = FieldID.allCases.filter {
            learned.satisfied.contains(Field[$0].prerequisite) && !strange.contains($0)
                && ![.ethType, .ipProto, .vlanTCI].contains($0)
        }
        let loadable = matchable.filter { Field[$0].isWritable && !(forOpenVSwitch && $0 == .mplsBOS) }
        let sources = readable().filter { !strange.contains($0) }
        let target = pick(chance(50) ? matchable : loadable)
        let isLoad = chance(40) && loadable.contains(target)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0:
            let whole = FieldSlice(target)
            if chance(60) {
                let value = value(for: Field[target])
                // Open vSwitch has no word for a later fragment of no packet.
                return .match(.value(forOpenVSwitch && target == .ipFrag ? value | value >> 1 : value), whole)
            }
            let slice = slice(of: target, width: nil)
            return isLoad ? .load(.value(bits(slice.bitCount)), slice) : .match(.value(bits(slice.bitCount)), slice)
        case 1:
            let source = pick(sources)
            let width = Int.random(in: 1...min(width(of: source), width(of: target)), using: &generator)
            let (from, to) = (slice(of: source, width: width), slice(of: target, width: width))
            return isLoad ? .load(.field(from), to) : .match(.field(from), to)
        default:
            let source = pick(sources)
            return .output(chance(50) ? FieldSlice(source) : slice(of: source, width: nil))
        }
    }
}
