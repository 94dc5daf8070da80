import OpenFlow
import Packet

/// The numbers of instructions (OpenFlow 1.3.5 §7.2.4, enum ofp_instruction_type).
enum InstructionCode {
    static let gotoTable: UInt16 = 1
    static let writeMetadata: UInt16 = 2
    static let writeActions: UInt16 = 3
    static let applyActions: UInt16 = 4
    static let clearActions: UInt16 = 5
    static let meter: UInt16 = 6
    static let experimenter: UInt16 = 0xffff
}

extension WireReader {
    /// Instructions up to the end; for 1.0 actions, which are applied.
    mutating func instructions(_ version: OpenFlowVersion) throws(OpenFlowError) -> InstructionSet {
        var set = InstructionSet()
        if version == .v10 {
            var reader = ActionReader(version)
            set.apply = try reader.actions(&self)
            set.metadata = reader.metadata
            return set
        }
        var seen: UInt16 = 0
        while !isAtEnd {
            try require(8, Self.badInstructionLength("an instruction is cut short"))
            let (type, length) = (try uint16(), Int(try uint16()))
            if length < 8 || length % 8 != 0 || length - 4 > remaining {
                throw Self.badInstructionLength("an instruction of type \(type) has the length \(length)")
            }
            var body = try part(length - 4)
            if type == InstructionCode.experimenter {
                throw .badInstruction(.badExperimenter, "no experimenter's instruction is known")
            }
            if type == 0 || type > InstructionCode.meter {
                throw .badInstruction(.unknown, "there is no instruction \(type)")
            }
            if seen & 1 << type != 0 { throw .duplicateInstruction("the instruction \(type) is there twice") }
            seen |= 1 << type
            try body.instruction(type, version, into: &set)
        }
        if version >= .v15, case .meter(let meter)? = set.apply.first, set.meter == nil {
            set.meter = meter
            set.apply.removeFirst()
        }
        return set
    }

    private static func badInstructionLength(_ message: String) -> OpenFlowError {
        .badInstruction(.badLength, message)
    }

    private mutating func instruction(
        _ type: UInt16, _ version: OpenFlowVersion, into set: inout InstructionSet
    ) throws(OpenFlowError) {
        let isFixed = [InstructionCode.gotoTable, InstructionCode.clearActions, InstructionCode.meter].contains(type)
        if isFixed && remaining != 4 || type == InstructionCode.writeMetadata && remaining != 20 {
            throw Self.badInstructionLength("the instruction \(type) has \(remaining + 4) bytes")
        }
        switch type {
        case InstructionCode.gotoTable: set.gotoTable = try byte()
        case InstructionCode.writeMetadata:
            try skip(4)
            set.metadata = InstructionSet.MetadataWrite(value: try uint64(), mask: try uint64())
        case InstructionCode.writeActions, InstructionCode.applyActions:
            try skip(4)
            var reader = ActionReader(version)
            let actions = try reader.actions(&self)
            if type == InstructionCode.applyActions {
                set.apply = actions
            } else {
                try Self.checkActionSet(actions)
                set.write = actions
            }
        case InstructionCode.clearActions: set.clearsActionSet = true
        default:
            let meter = try uint32()
            if meter == 0 || meter > Meter.lastID {
                throw .meterModFailed(.invalidMeter, "there is no meter \(meter)")
            }
            set.meter = meter
        }
    }

    /// What may stand in an action set (OpenFlow 1.3.5 §5.10, and Open vSwitch's `load` and `move`).
    static func checkActionSet(_ actions: [Action]) throws(OpenFlowError) {
        for action in actions {
            switch action {
            case .output, .group, .setField, .load, .move, .pushVLAN, .popVLAN, .modVLANVID, .modVLANPCP, .modField,
                .decrementTTL, .decrementTTLNotifying, .setQueue, .pushMPLS, .popMPLS, .setMPLSTTL,
                .decrementMPLSTTL, .copyTTLIn, .copyTTLOut, .pushPBB, .popPBB, .resubmit:
                continue
            default:
                throw .badAction(.badType, "\(action) can't stand in an action set")
            }
        }
    }
}
