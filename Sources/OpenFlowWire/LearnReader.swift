import OpenFlow
import Packet

/// NXAST_LEARN and NXAST_LEARN2 (ovs-actions(7), learn).
enum LearnWire {
    static let sendFlowRemoved: UInt16 = 1
    static let deleteLearned: UInt16 = 2
    static let writeResult: UInt16 = 4

    /// A part's header: bits 13 the source (set: a value), 12…11 what is done, 9…0 how many bits.
    static let isValue: UInt16 = 1 << 13
    static let actionMask: UInt16 = 3 << 11
    static let match: UInt16 = 0 << 11
    static let load: UInt16 = 1 << 11
    static let output: UInt16 = 2 << 11
    static let bitCountMask: UInt16 = 0x3ff
}

extension ActionReader {
    func learn(_ body: inout WireReader, isSecond: Bool) throws(OpenFlowError) -> Action {
        try body.require(isSecond ? 30 : 22, Self.badLength("learn is cut short"))
        var learn = LearnAction()
        learn.idleTimeoutSeconds = try body.uint16()
        learn.hardTimeoutSeconds = try body.uint16()
        learn.priority = try body.uint16()
        learn.cookie = try body.uint64()
        let flags = try body.uint16()
        learn.table = try body.byte()
        let padding = try body.byte()
        learn.finIdleTimeoutSeconds = try body.uint16()
        learn.finHardTimeoutSeconds = try body.uint16()
        let known = LearnWire.sendFlowRemoved | LearnWire.deleteLearned | (isSecond ? LearnWire.writeResult : 0)
        if padding != 0 || learn.table == 255 || flags & ~known != 0 {
            throw Self.badArgument("learn can't have table \(learn.table) and flags \(flags)")
        }
        learn.sendsFlowRemoved = flags & LearnWire.sendFlowRemoved != 0
        learn.deletesLearned = flags & LearnWire.deleteLearned != 0
        if isSecond {
            learn.limit = try body.uint32()
            let firstBit = Int(try body.uint16())
            try body.skip(2)
            if flags & LearnWire.writeResult != 0 {
                let field = try body.fieldName().field
                try requireWritable(field)
                learn.result = try slice(field, firstBit: firstBit, bitCount: 1)
            } else if firstBit != 0 {
                throw Self.badArgument("learn has a place for its result, but no field")
            }
        }
        while body.remaining >= 2, let part = try learnPart(&body) { learn.parts.append(part) }
        if !body.restIsZero { throw Self.badArgument("what follows learn's last part isn't zero") }
        return .learn(learn)
    }

    /// `nil`: a header of zero, which ends the list.
    private func learnPart(_ body: inout WireReader) throws(OpenFlowError) -> LearnAction.Part? {
        let header = try body.uint16()
        if header == 0 { return nil }
        let bitCount = Int(header & LearnWire.bitCountMask)
        let action = header & LearnWire.actionMask
        let isValue = header & LearnWire.isValue != 0
        let isKnown = action == LearnWire.match || action == LearnWire.load || (action == LearnWire.output && !isValue)
        if !isKnown || header & 0xc000 != 0 || (isValue && bitCount > 128) {
            throw Self.badArgument("learn has no part \(header)")
        }
        let source: LearnAction.Source
        if isValue {
            let size = (bitCount + 15) / 16 * 2
            try body.require(size, Self.badLength("learn is cut short"))
            let value = try body.wideNumber(bytes: size)
            source = .value(bitCount == 128 ? value : value & ((1 << UInt128(bitCount)) - 1))
        } else {
            source = .field(try learnSlice(&body, bitCount))
        }
        if action == LearnWire.output, case .field(let slice) = source { return .output(slice) }
        let destination = try learnSlice(&body, bitCount)
        return action == LearnWire.match ? .match(source, destination) : .load(source, destination)
    }

    private func learnSlice(_ body: inout WireReader, _ bitCount: Int) throws(OpenFlowError) -> FieldSlice {
        try body.require(6, Self.badLength("learn is cut short"))
        let field = try body.fieldName().field
        try body.require(2, Self.badLength("learn is cut short"))
        return try slice(field, firstBit: Int(try body.uint16()), bitCount: bitCount)
    }
}
