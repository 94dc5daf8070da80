import OpenFlow
import Packet

extension WireWriter {
    /// Actions without a length before them, as packet-outs, buckets and 1.0's flows have them.
    mutating func actions(_ actions: [Action], _ version: OpenFlowVersion, match: Match? = nil) {
        var writer = ActionWriter(version, self, match: match)
        self = WireWriter()
        writer.write(actions)
        self = writer.out
    }

    /// Instructions in the order in which they are executed; in 1.0 as actions, as far as there are such.
    mutating func instructions(_ set: InstructionSet, _ version: OpenFlowVersion, match: Match) {
        if version == .v10 { return instructionsAsActions(set, match) }
        var (meter, apply) = (set.meter, set.apply)
        if version >= .v15 {
            // 1.5 made the instruction an action.
            if let first = meter { apply.insert(.meter(first), at: 0) }
            meter = nil
        } else if meter == nil {
            for case .meter(let first) in apply.prefix(1) { meter = first }
        }
        if let meter { instruction(InstructionCode.meter) { $0.uint32(meter) } }
        if !apply.isEmpty {
            instruction(InstructionCode.applyActions) { out in
                out.zeros(4)
                out.actions(apply, version, match: match)
            }
        }
        if set.clearsActionSet { instruction(InstructionCode.clearActions) { $0.zeros(4) } }
        if !set.write.isEmpty {
            instruction(InstructionCode.writeActions) { out in
                out.zeros(4)
                out.actions(set.write, version, match: match)
            }
        }
        if let metadata = set.metadata {
            instruction(InstructionCode.writeMetadata) { out in
                out.zeros(4)
                out.uint64(metadata.value)
                out.uint64(metadata.mask)
            }
        }
        if let table = set.gotoTable {
            instruction(InstructionCode.gotoTable) { out in
                out.byte(table)
                out.zeros(3)
            }
        }
    }

    private mutating func instruction(_ type: UInt16, _ body: (inout WireWriter) -> Void) {
        let start = count
        uint16(type)
        uint16(0)
        body(&self)
        patchLength(since: start, at: start + 2)
    }

    /// 1.0 has neither action sets nor meters: those are left out.
    private mutating func instructionsAsActions(_ set: InstructionSet, _ match: Match) {
        var writer = ActionWriter(.v10, self, match: match)
        self = WireWriter()
        writer.write(set.apply)
        if let metadata = set.metadata {
            writer.nicira(NiciraAction.writeMetadata) { out in
                out.zeros(6)
                out.uint64(metadata.value)
                out.uint64(metadata.mask)
            }
        }
        if let table = set.gotoTable { writer.write([.resubmit(port: nil, table: table)]) }
        self = writer.out
    }
}
