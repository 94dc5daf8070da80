import OpenFlow
import Packet

extension LearnAction {
    /// The change of the tables that a packet with this key makes (ovs-actions(7), learn): the flow with the match and
    /// priority gets the instructions, or is added.
    public func flowMod(for key: FlowKey) -> FlowMod {
        var flow = Flow(table: table, priority: priority, match: Match(), instructions: InstructionSet())
        flow.cookie = cookie
        flow.idleTimeoutSeconds = idleTimeoutSeconds
        flow.hardTimeoutSeconds = hardTimeoutSeconds
        if sendsFlowRemoved { flow.flags.insert(.sendFlowRemoved) }
        if finIdleTimeoutSeconds > 0 || finHardTimeoutSeconds > 0 {
            flow.instructions.apply.append(
                .finTimeout(idleSeconds: finIdleTimeoutSeconds, hardSeconds: finHardTimeoutSeconds))
        }
        for part in parts {
            switch part {
            case .match(let source, let slice):
                flow.match.set(slice.field, source.value(key, for: slice), mask: slice.mask)
            case .load(let source, let slice):
                flow.instructions.apply.append(LearnAction.load(source.value(key, for: slice), slice))
            case .output(let slice):
                if let port = LearnAction.port(slice.value(in: key)) {
                    flow.instructions.apply.append(.output(port, maxLength: 0))
                }
            }
        }
        var mod = FlowMod(.modifyStrict, flow)
        mod.addsWhenNoneIsModified = true
        mod.setsCookie = cookie != .max
        return mod
    }

    /// The bits of packets that the flow is made from: what is learned from one holds for all that agree in them.
    public var examinedBits: FlowMask {
        var mask = FlowMask()
        for part in parts {
            switch part {
            case .match(.field(let slice), _), .load(.field(let slice), _), .output(let slice):
                mask[slice.field] |= slice.mask
            case .match, .load: break
            }
        }
        return mask
    }

    private static func load(_ value: UInt128, _ slice: FieldSlice) -> Action {
        if slice.bitCount <= 64 { return .load(value: UInt64(truncatingIfNeeded: value >> slice.shift), to: slice) }
        return .setField(slice.field, value: value, mask: slice.mask)
    }

    /// The port with a number of 16 bits, of which the highest mean reserved ports; `nil` when nothing can be output to
    /// it.
    private static func port(_ number: UInt128) -> PortNumber? {
        guard let number = UInt32(exactly: number) else { return nil }
        let port = PortNumber((0xff00...0xffff).contains(number) ? number | 0xffff_0000 : number)
        switch port {
        case .inPort, .flood, .local, .all: return port
        default: return port <= .maximum && port.rawValue < 0xff00 ? port : nil
        }
    }
}

extension LearnAction.Source {
    /// The value, in its place in the destination's field.
    fileprivate func value(_ key: FlowKey, for destination: FieldSlice) -> UInt128 {
        switch self {
        case .field(let slice): slice.value(in: key) << destination.shift & destination.mask
        case .value(let value): value << destination.shift & destination.mask
        }
    }
}

extension FieldSlice {
    fileprivate var shift: UInt128 { UInt128(firstBit) }

    /// The slice's bits, in their places in the field.
    fileprivate var mask: UInt128 {
        let ones = bitCount == 128 ? UInt128.max : (1 << UInt128(bitCount)) - 1
        return ones << shift
    }

    /// The value in a key, right-aligned.
    fileprivate func value(in key: FlowKey) -> UInt128 { (key[field] & mask) >> shift }
}
