import Packet

extension Action {
    /// Output of the whole packet.
    public static func output(_ port: PortNumber) -> Action {
        .output(port, maxLength: port == .controller ? .max : 0)
    }
}

extension FieldSlice: CustomStringConvertible {
    /// `NXM_NX_REG0[16..31]`
    public var description: String {
        // Of in_port's names, the first means 16 bits (see FlowTextReader.fieldSlice).
        let names = Field[field].extensibleNames
        let name = (field == .inPort ? names.last : names.first) ?? Field[field].name
        if isWholeField && field != .vlanVID { return name + "[]" }
        return bitCount == 1 ? "\(name)[\(firstBit)]" : "\(name)[\(firstBit)..\(firstBit + bitCount - 1)]"
    }
}

extension Action: CustomStringConvertible {
    /// As flow text has it (ovs-actions(7)).
    public var description: String {
        switch self {
        case .output(.controller, let maxLength): "CONTROLLER:\(maxLength)"
        case .output(let port, _): port > .maximum ? port.description : "output:\(port)"
        case .outputField(let slice): "output:\(slice)"
        case .outputTruncated(let port, let maxLength): "output(port=\(port),max_len=\(maxLength))"
        case .controller(let controller): controller.description
        case .resubmit(let port?, nil): "resubmit:\(port)"
        case .resubmit(let port, let table):
            "resubmit(\(port.map(\.description) ?? ""),\(table.map { String($0) } ?? ""))"
        case .group(let id): "group:\(id)"
        case .meter(let id): "meter:\(id)"
        case .setQueue(let queue): "set_queue:\(queue)"
        case .popQueue: "pop_queue"
        case .enqueue(let port, let queue): "enqueue:\(port):\(queue)"
        case .setField, .load, .move, .modVLANVID, .modVLANPCP, .modField, .setMPLSTTL: changeDescription
        case .pushVLAN, .popVLAN, .pushMPLS, .popMPLS, .pushPBB, .popPBB: headerDescription
        case .decrementTTL: "dec_ttl"
        case .decrementTTLNotifying(let controllers):
            "dec_ttl(" + controllers.map { String($0) }.joined(separator: ",") + ")"
        case .decrementMPLSTTL: "dec_mpls_ttl"
        case .copyTTLOut: "copy_ttl_out"
        case .copyTTLIn: "copy_ttl_in"
        case .learn(let learn): learn.description
        case .conjunction(let id, let clause, let count): "conjunction(\(id),\(clause)/\(count))"
        case .note(let bytes): "note:" + Self.dotted(bytes)
        case .push(let slice): "push:\(slice)"
        case .pop(let slice): "pop:\(slice)"
        case .exit: "exit"
        case .finTimeout(let idle, let hard): Self.finTimeout(idle, hard)
        case .multipath(let multipath): multipath.description
        case .bundle(let bundle): bundle.description
        case .clone(let inner):
            "clone(" + (inner.isEmpty ? "drop" : inner.map(\.description).joined(separator: ",")) + ")"
        }
    }

    private var headerDescription: String {
        switch self {
        case .pushVLAN(let etherType): "push_vlan:" + Self.etherType(etherType)
        case .pushMPLS(let etherType): "push_mpls:" + Self.etherType(etherType)
        case .popMPLS(let etherType): "pop_mpls:" + Self.etherType(etherType)
        case .pushPBB(let etherType): "push_pbb:" + Self.etherType(etherType)
        case .popPBB: "pop_pbb"
        default: "pop_vlan"
        }
    }

    private var changeDescription: String {
        switch self {
        case .setField(let id, let value, let mask):
            "set_field:\(Field[id].text(value, mask: mask))->\(Field[id].name)"
        case .load(let value, let slice): "load:\(Field.hexadecimal(value))->\(slice)"
        case .move(let source, let destination): "move:\(source)->\(destination)"
        case .modVLANVID(let identifier): "mod_vlan_vid:\(identifier)"
        case .modVLANPCP(let priority): "mod_vlan_pcp:\(priority)"
        case .modField(let id, let value): Self.modification(id, UInt128(value))
        case .setMPLSTTL(let ttl): "set_mpls_ttl(\(ttl))"
        default: ""
        }
    }

    private static func modification(_ id: FieldID, _ value: UInt128) -> String {
        if id == .ipDSCP { return "mod_nw_tos:\(value << 2)" }
        let keyword = FlowTextActionKeyword.names.first {
            if case .modify(id) = $0.value { true } else { false }
        }
        return "\(keyword?.name ?? "mod_\(Field[id].name)"):\(Field[id].text(value, mask: Field[id].allOnes))"
    }

    private static func finTimeout(_ idle: UInt16, _ hard: UInt16) -> String {
        let parts = (idle == 0 ? [] : ["idle_timeout=\(idle)"]) + (hard == 0 ? [] : ["hard_timeout=\(hard)"])
        return "fin_timeout(" + parts.joined(separator: ",") + ")"
    }

    private static func etherType(_ type: UInt16) -> String {
        let digits = String(type, radix: 16)
        return "0x" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    /// Bytes as `01.ff`.
    fileprivate static func dotted(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ".")
    }
}

extension ControllerAction: CustomStringConvertible {
    /// `controller(reason=no_match,userdata=01.02)`
    public var description: String {
        var parts: [String] = []
        if reason != .action { parts.append("reason=\(reason.flowText)") }
        if maxLength != .max { parts.append("max_len=\(maxLength)") }
        if controllerID != 0 { parts.append("id=\(controllerID)") }
        if !userdata.isEmpty { parts.append("userdata=" + Action.dotted(userdata)) }
        if pauses { parts.append("pause") }
        if let meter { parts.append("meter_id=\(meter)") }
        return "controller(" + parts.joined(separator: ",") + ")"
    }
}

extension LearnAction: CustomStringConvertible {
    /// `learn(table=1,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])`
    public var description: String {
        var items = ["table=\(table)"]
        func add(_ property: FlowTextLearnProperty, _ value: UInt64) { items.append("\(property.rawValue)=\(value)") }
        if idleTimeoutSeconds != 0 { add(.idleTimeout, UInt64(idleTimeoutSeconds)) }
        if hardTimeoutSeconds != 0 { add(.hardTimeout, UInt64(hardTimeoutSeconds)) }
        if finIdleTimeoutSeconds != 0 { add(.finIdleTimeout, UInt64(finIdleTimeoutSeconds)) }
        if finHardTimeoutSeconds != 0 { add(.finHardTimeout, UInt64(finHardTimeoutSeconds)) }
        if priority != Flow.defaultPriority { add(.priority, UInt64(priority)) }
        if sendsFlowRemoved { items.append(FlowTextLearnProperty.sendFlowRemoved.rawValue) }
        if deletesLearned { items.append(FlowTextLearnProperty.deleteLearned.rawValue) }
        if cookie != 0 { items.append("cookie=" + Field.hexadecimal(cookie)) }
        if limit != 0 { add(.limit, UInt64(limit)) }
        if let result { items.append("\(FlowTextLearnProperty.resultDestination.rawValue)=\(result)") }
        return "learn(" + (items + parts.map(\.description)).joined(separator: ",") + ")"
    }
}

extension LearnAction.Part: CustomStringConvertible {
    /// `NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[]`, `load:0x5->NXM_NX_REG0[]` or `output:NXM_OF_IN_PORT[]`.
    public var description: String {
        switch self {
        case .match(.value(let value), let slice):
            let field = Field[slice.field]
            return slice.isWholeField
                ? "\(field.name)=" + field.text(value, mask: field.allOnes) : "\(slice)=" + Field.hexadecimal(value)
        case .match(.field(let source), let slice):
            return source == slice ? Self.port(slice) : "\(slice)=\(source)"
        case .load(.value(let value), let slice): return "load:\(Field.hexadecimal(value))->\(slice)"
        case .load(.field(let source), let slice): return "load:\(source)->\(slice)"
        case .output(let slice): return "output:\(Self.port(slice))"
        }
    }

    /// in_port, whole, as Open vSwitch has it; read again, it is all of the field.
    private static func port(_ slice: FieldSlice) -> String {
        slice == FieldSlice(.inPort) ? "NXM_OF_IN_PORT[]" : "\(slice)"
    }
}
