import Datapath
import OpenFlow
import Packet

extension Translator {
    /// Sends the packet, as it is at this point, to a port (OpenFlow 1.3.5 §4.5 for the reserved ones).
    mutating func output(_ port: PortNumber) {
        let source = UInt32(truncatingIfNeeded: key[.inPort])
        switch port {
        case .normal:
            forwardNormally(from: source)
        case .flood, .all:
            for other in pipeline.ports where other.number != source { emit(Instruction(.output, port: other.index)) }
            if pipeline.ports.allSatisfy({ $0.number == source }) { translation.dropReason = .noReceiver }
        case .controller:
            emit(Instruction(.controller))
        case .inPort:
            outputToPort(source)
        case .any:
            break
        default:
            // A packet never leaves by the port that it came from unless IN_PORT says so (OpenFlow 1.3.5 §4.5).
            if port.rawValue == source { return translation.dropReason = .samePort }
            outputToPort(port.rawValue)
        }
    }

    /// `output:NXM_NX_REG0[]`: a port number of 16 bits, as in OpenFlow 1.0, reserved ones too (ovs-actions(7)).
    mutating func output(toPortIn slice: FieldSlice) {
        let number = read(slice)
        if number > UInt128(UInt16.max) { return translation.dropReason = .noSuchPort }
        let short = UInt32(number)
        output(PortNumber(short < Self.firstReservedPort ? short : short | 0xffff_0000))
    }

    /// OFPP_MAX of OpenFlow 1.0.
    private static let firstReservedPort: UInt32 = 0xff00

    /// NORMAL takes the packet for one that came in by `port`, which an action may have set.
    private mutating func forwardNormally(from port: UInt32) {
        if port == arrival { return emit(Instruction(.normal)) }
        guard let index = pipeline.index(of: port) else { return translation.dropReason = .noSuchPort }
        emit(Instruction(.normal, port: index, argument: Instruction.fromOtherPort))
    }

    private mutating func outputToPort(_ number: UInt32) {
        guard let index = pipeline.index(of: number) else { return translation.dropReason = .noSuchPort }
        emit(Instruction(.output, port: index))
    }

    mutating func emit(_ instruction: Instruction) { translation.instructions.append(instruction) }

    /// Decides for each output whether the packet is still needed after it, and drops changes that nobody will see.
    mutating func finish() {
        while let last = translation.instructions.last, !last.opcode.isOutput { translation.instructions.removeLast() }
        var isLast = true
        var changesLater = false
        for index in translation.instructions.indices.reversed() {
            switch translation.instructions[index].opcode {
            case .output, .normal:
                // Changes may follow even the last output, for a controller.
                let delivery: Instruction.Delivery = changesLater ? .copy : isLast ? .final : .share
                translation.instructions[index].detail = delivery.rawValue
                isLast = false
            case .rewrite, .pushVLAN, .popVLAN, .setVLAN, .decrementTTL:
                changesLater = true
            case .controller, .operand:
                break
            }
        }
    }
}

extension Instruction.Opcode {
    /// Whether somebody gets to see the packet.
    fileprivate var isOutput: Bool { self == .output || self == .normal || self == .controller }
}
