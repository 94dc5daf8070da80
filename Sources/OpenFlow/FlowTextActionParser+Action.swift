import Packet

extension FlowTextActionParser {
    /// One action, found to suit what the packet is known to be.
    mutating func action(
        _ keyword: FlowTextActionKeyword?, _ item: FlowTextItem
    ) throws(FlowTextError) -> Action {
        switch keyword {
        case .output: return try output(item)
        case .controller: return try controller(item)
        case .port(let port):
            try refuseValue(item)
            return try output(to: port, at: item.key)
        case .plain(let action):
            try refuseValue(item)
            return try taken(action, at: item.key)
        case .resubmit: return try resubmit(item)
        case .enqueue: return try enqueue(item)
        case .group: return .group(UInt32(try number(item, "ID", maximum: UInt128(Group.lastID))))
        case .setQueue: return .setQueue(UInt32(try number(item, "ID", maximum: UInt128(UInt32.max))))
        case .pushVLAN, .modVLANVID, .modVLANPCP, .setVLANVID, .setVLANPCP, .pushMPLS, .popMPLS, .pushPBB:
            return try taken(tag(keyword, item), at: item.key)
        case .setWhole(let id): return try setField(id, unmasked(id, item), at: item.key)
        case .modify(let id): return try modification(id, unmasked(id, item).value, item)
        case .modifyTypeOfService:
            try requireValue(item, "TOS")
            return try modification(.ipDSCP, reader.typeOfService(item.value), item)
        case .decrementTTL: return try decrementTTL(item)
        case .setMPLSTTL: return try taken(.setMPLSTTL(UInt8(number(item, "TTL", maximum: 0xff))), at: item.key)
        case .setField: return try setField(item)
        case .load: return try load(item)
        case .move: return try move(item)
        case .push, .pop: return try stack(keyword, item)
        case .learn: return try learn(item)
        case .conjunction: return try conjunction(item)
        case .note: return .note(try reader.hexadecimalBytes(item.value, atMost: 65_518, for: "note"))
        case .finTimeout: return try finTimeout(item)
        case .multipath: return try multipath(item)
        case .clone: return try clone(item)
        case .bundle: return try bundle(item, loads: false)
        case .bundleLoad: return try bundle(item, loads: true)
        case .unsupported:
            throw reader.error(at: item.key.lowerBound, "\(reader.text(item.key)) is not supported yet")
        case .drop, .meter, .applyActions, .clearActions, .writeActions, .writeMetadata, .gotoTable, nil:
            return try barePort(item)
        }
    }

    /// A port's number or name, alone: `actions=2`.
    private func barePort(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        let isNumber = Ascii.isDigit(reader.bytes[item.key.lowerBound])
        let isQuoted = reader.bytes[item.key.lowerBound] == Ascii.quote
        guard isNumber || isQuoted || reader.portNames[reader.text(item.key)] != nil else {
            throw reader.unknownAction(item.key)
        }
        try refuseValue(item)
        return try output(to: reader.port(item.key, for: "output"), at: item.key)
    }

    private mutating func modification(
        _ id: FieldID, _ value: UInt128, _ item: FlowTextItem
    ) throws(FlowTextError) -> Action {
        try taken(.modField(id, UInt32(truncatingIfNeeded: value)), at: item.key)
    }

    /// `dec_ttl` or `dec_ttl(CONTROLLER,…)`
    private mutating func decrementTTL(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        var controllers: [UInt16] = []
        var position = item.value.lowerBound
        while let part = try reader.nextItem(from: &position, to: item.value.upperBound) {
            try refuseValue(part)
            controllers.append(try reader.number(part.key, as: UInt16.self, for: "a controller of dec_ttl"))
        }
        return try taken(controllers.isEmpty ? .decrementTTL : .decrementTTLNotifying(controllers), at: item.key)
    }

    /// `push:FIELD[FIRST..LAST]` or `pop:FIELD[FIRST..LAST]`
    private mutating func stack(
        _ keyword: FlowTextActionKeyword?, _ item: FlowTextItem
    ) throws(FlowTextError) -> Action {
        try requireValue(item, "FIELD[FIRST..LAST]")
        let slice = try reader.fieldSlice(item.value, in: check?.protocols)
        if case .push = keyword { return try taken(.push(slice), at: item.value) }
        try requireWritable(slice.field, at: item.value)
        return try taken(.pop(slice), at: item.value)
    }

    /// `conjunction(ID,CLAUSE/COUNT)`
    private func conjunction(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        let form = "write conjunction(ID,CLAUSE/COUNT)"
        guard item.delimiter != nil, let comma = reader.firstIndex(of: Ascii.comma, in: item.value),
            let slash = reader.firstIndex(of: Ascii.slash, in: comma + 1..<item.value.upperBound)
        else { throw reader.error(at: item.value.lowerBound, form) }
        let id = try reader.number(
            reader.trimmed(item.value.lowerBound..<comma), as: UInt32.self, for: "conjunction's ID")
        let countRange = reader.trimmed(slash + 1..<item.value.upperBound)
        let count = UInt8(try reader.number(countRange, maximum: 64, for: "conjunction's count of clauses"))
        if count < 2 {
            throw reader.error(at: countRange.lowerBound, "a conjunction has at least two clauses: leave it out")
        }
        let clauseRange = reader.trimmed(comma + 1..<slash)
        let clause = UInt8(try reader.number(clauseRange, maximum: UInt128(count), for: "conjunction's clause"))
        if clause == 0 { throw reader.error(at: clauseRange.lowerBound, "clauses are counted from 1") }
        return .conjunction(id: id, clause: clause, count: count)
    }

    /// `fin_timeout(idle_timeout=SECONDS,hard_timeout=SECONDS)`
    private mutating func finTimeout(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        var idle: UInt16?
        var hard: UInt16?
        var position = item.value.lowerBound
        while let part = try reader.nextItem(from: &position, to: item.value.upperBound) {
            if reader.matches(part.key, "idle_timeout") {
                try set(&idle, part)
            } else if reader.matches(part.key, "hard_timeout") {
                try set(&hard, part)
            } else {
                throw reader.error(
                    at: part.key.lowerBound, "fin_timeout takes idle_timeout=SECONDS and hard_timeout=SECONDS")
            }
        }
        return try taken(.finTimeout(idleSeconds: idle ?? 0, hardSeconds: hard ?? 0), at: item.key)
    }

    func number(_ item: FlowTextItem, _ form: String, maximum: UInt128) throws(FlowTextError) -> UInt128 {
        try requireValue(item, form)
        return try reader.number(item.value, maximum: maximum, for: reader.text(item.key))
    }

    /// Sets what `NAME=NUMBER` within parentheses says, once.
    func set<Value: FixedWidthInteger & UnsignedInteger>(
        _ value: inout Value?, _ part: FlowTextItem
    ) throws(FlowTextError) {
        try refuseSecond(value != nil, part)
        value = try reader.number(part.value, as: Value.self, for: reader.text(part.key))
    }

    func refuseSecond(_ isGiven: Bool, _ part: FlowTextItem) throws(FlowTextError) {
        if isGiven {
            throw reader.error(at: part.key.lowerBound, "\(reader.text(part.key)) stands here a second time")
        }
    }

    /// The value of an action that names its field by itself, and takes no mask.
    private func unmasked(_ id: FieldID, _ item: FlowTextItem) throws(FlowTextError) -> MaskedValue {
        try requireValue(item, "VALUE")
        let field = Field[id]
        let value = try reader.fieldValue(field, item.value)
        if value.mask != field.allOnes {
            throw reader.error(
                at: item.value.lowerBound, "\(reader.text(item.key)) takes a whole value, without a mask")
        }
        return value
    }
}
