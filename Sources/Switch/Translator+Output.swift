import Datapath
import OpenFlow
import Packet

extension Translator {
    /// Executes an action that gives the packet to somebody.
    mutating func send(_ action: Action, depth: Int) {
        switch action {
        case .output(.controller, let length): tellController(maximumLength: length)
        case .output(let port, _): output(port)
        case .outputField(let slice): output(toPortIn: slice)
        case .outputTruncated(let port, let length): outputTruncated(port, length)
        case .enqueue(let port, let number):
            let before = queue
            queue = number
            output(port)
            queue = before
        case .controller(let action): tellController(action)
        case .group(let id): executeGroup(id, depth: depth)
        default: break
        }
    }

    /// Sends the packet, as it is at this point, to a port (OpenFlow 1.3.5 §4.5 for the reserved ones).
    mutating func output(_ port: PortNumber) {
        let source = UInt32(truncatingIfNeeded: key.words[KeyLayout.portAndTypes] >> 32)
        switch port {
        case .normal:
            forwardNormally(from: source)
        case .flood, .all:
            let others = pipeline.ports.filter {
                $0.number != source && (port == .all ? $0.forwards : $0.floods)
            }
            for other in others { emit(Instruction(.output, port: other.index)) }
            if others.isEmpty { translation.dropReason = .noReceiver }
        case .controller:
            tellController(maximumLength: .max)
        case .inPort:
            outputToPort(source)
        case .table, .any:
            break
        default:
            // A packet never leaves by the port that it came from unless IN_PORT says so (OpenFlow 1.3.5 §4.5).
            if port.rawValue == source { return translation.dropReason = .samePort }
            outputToPort(port.rawValue)
        }
    }

    /// `output:NXM_NX_REG0[]`: a port number of 16 bits, as in OpenFlow 1.0, reserved ones too (ovs-actions(7)).
    private mutating func output(toPortIn slice: FieldSlice) {
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
        guard let index = pipeline.port(port)?.index else { return translation.dropReason = .noSuchPort }
        emit(Instruction(.normal, port: index, argument: Instruction.fromOtherPort))
    }

    private mutating func outputToPort(_ number: UInt32) {
        guard let port = openPort(number) else { return }
        emit(Instruction(.output, port: port.index))
    }

    private mutating func outputTruncated(_ port: PortNumber, _ length: UInt32) {
        let source = UInt32(truncatingIfNeeded: key[.inPort])
        if port == .controller {
            return tellController(maximumLength: UInt16(min(length, UInt32(UInt16.max) - 1)))
        }
        if port.rawValue == source { return translation.dropReason = .samePort }
        guard let port = openPort(port == .inPort ? source : port.rawValue) else { return }
        emit(Instruction(.truncatedOutput, port: port.index, argument: length))
    }

    /// The port with a number, if packets may leave by it; one that does counts for the queue at hand.
    private mutating func openPort(_ number: UInt32) -> PipelinePort? {
        guard let port = pipeline.port(number) else {
            translation.dropReason = .noSuchPort
            return nil
        }
        guard port.forwards else {
            translation.dropReason = .portBlocked
            return nil
        }
        if queue != 0 { count(pipeline.statistics.counting(.init(port: number, queue: queue))) }
        return port
    }
}
