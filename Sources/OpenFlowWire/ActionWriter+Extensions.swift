import OpenFlow
import Packet

/// Nicira's actions (ovs-actions(7)).
extension ActionWriter {
    mutating func writeExtension(_ action: Action) {
        switch action {
        case .resubmit(let port, let table):
            let number = (port ?? .inPort).openFlow10
            table == nil && port != nil
                ? nicira(NiciraAction.resubmit, number)
                : nicira(NiciraAction.resubmitTable, number, UInt32(table ?? 255) << 24)
        case .load(let value, let slice): load(value, slice)
        case .move(let source, let destination): move(source, destination)
        case .outputField(let slice): outputField(slice)
        case .push(let slice): stack(NiciraAction.push, slice)
        case .pop(let slice): stack(NiciraAction.pop, slice)
        case .note(let bytes): nicira(NiciraAction.note) { $0.append(bytes) }
        case .exit: nicira(NiciraAction.exit)
        case .popQueue: nicira(NiciraAction.popQueue)
        case .finTimeout(let idle, let hard): nicira(NiciraAction.finTimeout, idle, UInt32(hard) << 16)
        case .conjunction(let id, let clause, let count):
            nicira(NiciraAction.conjunction, UInt16(clause &- 1) << 8 | UInt16(count), id)
        case .outputTruncated(let port, let maxLength):
            nicira(NiciraAction.outputTruncated, port.openFlow10, maxLength)
        case .decrementTTLNotifying(let controllers):
            nicira(NiciraAction.decrementTTLNotifying) { out in
                out.uint16(UInt16(truncatingIfNeeded: controllers.count))
                out.zeros(4)
                for controller in controllers { out.uint16(controller) }
            }
        case .controller(let controller): self.controller(controller)
        case .learn(let learn): self.learn(learn)
        case .multipath(let multipath): self.multipath(multipath)
        case .bundle(let bundle): self.bundle(bundle)
        default: break
        }
    }

    /// The code by which Nicira's actions name a field. NXM_OF_IN_PORT has 16 bits: for more, OXM_OF_IN_PORT.
    static func code(_ slice: FieldSlice) -> (FieldCode, byteCount: Int) {
        if slice.field == .inPort && slice.firstBit + slice.bitCount <= 16 { return (FieldCodes.inPort16, 2) }
        let (field, code) = FieldCodes.nicira[Int(slice.field.rawValue)]
        return (code, field.byteCount)
    }

    mutating func load(_ value: UInt64, _ slice: FieldSlice) {
        if version >= .v15 { return loadBySetField(value, slice) }
        if slice.field == .inPort && slice.isWholeField {
            // By NXM_OF_IN_PORT, which stands for the whole number, if its 16 bits can say it.
            let port = PortNumber(UInt32(truncatingIfNeeded: value))
            if PortNumber(openFlow10: port.openFlow10) == port {
                return load(UInt64(port.openFlow10), FieldCodes.inPort16, byteCount: 2, firstBit: 0, bitCount: 16)
            }
        }
        let (field, code) = FieldCodes.nicira[Int(slice.field.rawValue)]
        load(value, code, byteCount: field.byteCount, firstBit: slice.firstBit, bitCount: slice.bitCount)
    }

    private mutating func load(
        _ value: UInt64, _ code: FieldCode, byteCount: Int, firstBit: Int, bitCount: Int
    ) {
        nicira(NiciraAction.load) { out in
            out.uint16(UInt16(firstBit << 6 | (bitCount - 1)))
            out.fieldHeader(code, byteCount: byteCount)
            out.uint64(value)
        }
    }

    /// 1.5 has no load: set-field with a mask sets the same bits.
    private mutating func loadBySetField(_ value: UInt64, _ slice: FieldSlice) {
        let ones: UInt128 = (1 << UInt128(slice.bitCount)) - 1
        let shift = UInt128(slice.firstBit)
        write([.setField(slice.field, value: UInt128(value) << shift, mask: ones << shift)])
    }

    private mutating func move(_ source: FieldSlice, _ destination: FieldSlice) {
        let names = [Self.code(source), Self.code(destination)]
        func numbers(_ out: inout WireWriter) {
            out.uint16(UInt16(source.bitCount))
            out.uint16(UInt16(source.firstBit))
            out.uint16(UInt16(destination.firstBit))
        }
        if version >= .v15 {
            standard(ActionCode.copyField) { out in
                numbers(&out)
                out.zeros(2)
                for (code, byteCount) in names { out.fieldHeader(code, byteCount: byteCount) }
            }
        } else {
            nicira(NiciraAction.move) { out in
                numbers(&out)
                for (code, byteCount) in names { out.fieldHeader(code, byteCount: byteCount) }
            }
        }
    }

    private mutating func outputField(_ slice: FieldSlice) {
        let (code, byteCount) = Self.code(slice)
        let bits = UInt16(slice.firstBit << 6 | (slice.bitCount - 1))
        if code.experimenterID == 0 {
            nicira(NiciraAction.outputField) { out in
                out.uint16(bits)
                out.fieldHeader(code, byteCount: byteCount)
                out.uint16(.max)
                out.zeros(6)
            }
        } else {
            nicira(NiciraAction.outputField2) { out in
                out.uint16(bits)
                out.uint16(.max)
                out.fieldHeader(code, byteCount: byteCount)
                out.zeros(2)
            }
        }
    }

    private mutating func stack(_ type: UInt16, _ slice: FieldSlice) {
        let (code, byteCount) = Self.code(slice)
        nicira(type) { out in
            out.uint16(UInt16(slice.firstBit))
            out.fieldHeader(code, byteCount: byteCount)
            out.uint16(UInt16(slice.bitCount))
            out.zeros(code.experimenterID == 0 ? 6 : 2)
        }
    }

    private mutating func controller(_ action: ControllerAction) {
        if action.userdata.isEmpty && !action.pauses && action.meter == nil {
            let last = UInt32(action.controllerID) << 16 | UInt32(action.reason.rawValue) << 8
            return nicira(NiciraAction.controller, action.maxLength, last)
        }
        nicira(NiciraAction.controller2) { out in
            out.zeros(6)
            if action.maxLength != .max { out.property(ControllerProperty.maxLength) { $0.uint16(action.maxLength) } }
            if action.controllerID != 0 {
                out.property(ControllerProperty.controllerID) { $0.uint16(action.controllerID) }
            }
            if action.reason != .action {
                out.property(ControllerProperty.reason) { $0.byte(action.reason.rawValue) }
            }
            if !action.userdata.isEmpty { out.property(ControllerProperty.userdata) { $0.append(action.userdata) } }
            if action.pauses { out.property(ControllerProperty.pause) { _ in } }
            if let meter = action.meter { out.property(ControllerProperty.meter) { $0.uint32(meter) } }
        }
    }

    private mutating func learn(_ learn: LearnAction) {
        let isSecond = learn.limit != 0 || learn.result != nil
        var flags: UInt16 = learn.sendsFlowRemoved ? LearnWire.sendFlowRemoved : 0
        if learn.deletesLearned { flags |= LearnWire.deleteLearned }
        if learn.result != nil { flags |= LearnWire.writeResult }
        nicira(isSecond ? NiciraAction.learn2 : NiciraAction.learn) { out in
            out.uint16(learn.idleTimeoutSeconds)
            out.uint16(learn.hardTimeoutSeconds)
            out.uint16(learn.priority)
            out.uint64(learn.cookie)
            out.uint16(flags)
            out.byte(learn.table)
            out.byte(0)
            out.uint16(learn.finIdleTimeoutSeconds)
            out.uint16(learn.finHardTimeoutSeconds)
            if isSecond {
                out.uint32(learn.limit)
                out.uint16(UInt16(learn.result?.firstBit ?? 0))
                out.uint16(0)
                if let result = learn.result {
                    let (code, byteCount) = Self.code(result)
                    out.fieldHeader(code, byteCount: byteCount)
                }
            }
            for part in learn.parts { Self.write(part, &out) }
        }
    }

    private static func write(_ part: LearnAction.Part, _ out: inout WireWriter) {
        func name(_ slice: FieldSlice) {
            let (code, byteCount) = code(slice)
            out.fieldHeader(code, byteCount: byteCount)
            out.uint16(UInt16(slice.firstBit))
        }
        func begin(_ action: UInt16, _ source: LearnAction.Source, _ bitCount: Int) {
            switch source {
            case .field(let slice):
                out.uint16(action | UInt16(bitCount))
                name(slice)
            case .value(let value):
                out.uint16(action | LearnWire.isValue | UInt16(bitCount))
                out.number(value, bytes: (bitCount + 15) / 16 * 2)
            }
        }
        switch part {
        case .match(let source, let destination):
            begin(LearnWire.match, source, destination.bitCount)
            name(destination)
        case .load(let source, let destination):
            begin(LearnWire.load, source, destination.bitCount)
            name(destination)
        case .output(let source): begin(LearnWire.output, .field(source), source.bitCount)
        }
    }
}
