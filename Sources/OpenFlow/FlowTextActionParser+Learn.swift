import Packet

extension FlowTextActionParser {
    /// `learn(table=1,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])`
    mutating func learn(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        guard item.delimiter == Ascii.open else {
            throw reader.error(at: item.key.upperBound, "write learn(PART,…)")
        }
        var reading = LearnReading()
        var position = item.value.lowerBound
        while let part = try reader.nextItem(from: &position, to: item.value.upperBound) {
            if let property = FlowTextLearnProperty.all.find(reader.bytes, part.key) {
                try refuseSecond(!reading.given.insert(property).inserted, part)
                try set(property, part, in: &reading.action)
            } else {
                let place = part.key.lowerBound..<part.value.upperBound
                reading.action.parts.append(try learnPart(part, reading.match))
                // With this part alone, so that an error stands at its place.
                var upToHere = LearnAction()
                upToHere.parts = reading.action.parts
                _ = try taken(.learn(upToHere), at: place)
                reading.matchLastPart()
            }
        }
        return .learn(reading.action)
    }

    private struct LearnReading {
        var action = LearnAction()
        var given: Set<FlowTextLearnProperty> = []
        /// What the flow that is learned matches for certain.
        var match = Match()

        mutating func matchLastPart() {
            guard case .match(.value(let value), let slice)? = action.parts.last else { return }
            let shift = UInt128(slice.firstBit)
            match.set(slice.field, value << shift, mask: slice.allOnes << shift)
        }
    }

    private mutating func set(
        _ property: FlowTextLearnProperty, _ part: FlowTextItem, in learn: inout LearnAction
    ) throws(FlowTextError) {
        if property == .sendFlowRemoved || property == .deleteLearned {
            try refuseValue(part)
        } else {
            try requireValue(part, "NUMBER")
        }
        let (value, name) = (part.value, property.rawValue)
        switch property {
        case .sendFlowRemoved: learn.sendsFlowRemoved = true
        case .deleteLearned: learn.deletesLearned = true
        case .table: learn.table = UInt8(try reader.number(value, maximum: UInt128(Flow.lastTable), for: name))
        case .priority: learn.priority = try reader.number(value, as: UInt16.self, for: name)
        case .cookie: learn.cookie = try reader.number(value, as: UInt64.self, for: name)
        case .idleTimeout: learn.idleTimeoutSeconds = try reader.number(value, as: UInt16.self, for: name)
        case .hardTimeout: learn.hardTimeoutSeconds = try reader.number(value, as: UInt16.self, for: name)
        case .finIdleTimeout: learn.finIdleTimeoutSeconds = try reader.number(value, as: UInt16.self, for: name)
        case .finHardTimeout: learn.finHardTimeoutSeconds = try reader.number(value, as: UInt16.self, for: name)
        case .limit: learn.limit = try reader.number(value, as: UInt32.self, for: name)
        case .resultDestination:
            let slice = try reader.fieldSlice(value, in: check?.protocols)
            if slice.bitCount != 1 {
                throw reader.error(at: value.lowerBound, "result_dst is one bit: write \(Field[slice.field].name)[BIT]")
            }
            try requireWritable(slice.field, at: value)
            _ = try taken(.pop(slice), at: value)
            learn.result = slice
        }
    }

    private func learnPart(_ part: FlowTextItem, _ match: Match) throws(FlowTextError) -> LearnAction.Part {
        if reader.matches(part.key, "load") { return try learnLoad(part, match) }
        if reader.matches(part.key, "output") {
            try requireValue(part, "FIELD[FIRST..LAST]")
            return .output(try wholePort(part.value, reader.fieldSlice(part.value, in: check?.protocols)))
        }
        guard reader.namesField(part.key) || FlowTextNames.match.find(reader.bytes, part.key) != nil else {
            throw reader.error(
                at: part.key.lowerBound,
                "learn takes FIELD=VALUE, FIELD=FIELD, load:…->FIELD, output:FIELD, table= and the like, "
                    + "not “\(reader.text(part.key))”")
        }
        let isValue = part.delimiter != nil && !part.value.isEmpty && !reader.namesField(part.value)
        var destination = try reader.fieldSlice(part.key, in: MatchedProtocols(match))
        if part.delimiter == nil || part.value.isEmpty {
            destination = wholePort(part.key, destination)
            return .match(.field(destination), destination)
        }
        if isValue { return try learnValue(part, destination) }
        var source = try reader.fieldSlice(part.value, in: check?.protocols)
        if source.field == .inPort && destination.field == .inPort {
            (source, destination) = (wholePort(part.value, source), wholePort(part.key, destination))
        }
        try requireEqualWidths(source, part.value, destination, part.key)
        return .match(.field(source), destination)
    }

    /// `FIELD=VALUE` or `FIELD[FIRST..LAST]=NUMBER`
    private func learnValue(
        _ part: FlowTextItem, _ destination: FieldSlice
    ) throws(FlowTextError) -> LearnAction.Part {
        if reader.namesNoBits(part.key) {
            let field = Field[destination.field]
            let value = try reader.fieldValue(field, part.value)
            if value.mask != field.allOnes {
                throw reader.error(at: part.value.lowerBound, "a learned flow matches whole values, without a mask")
            }
            return .match(.value(value.value), FieldSlice(field.id))
        }
        let value = try reader.number(part.value, maximum: destination.allOnes, for: reader.text(part.key))
        return .match(.value(value), destination)
    }

    /// `load:VALUE->FIELD[FIRST..LAST]` or `load:FIELD[FIRST..LAST]->FIELD[FIRST..LAST]`
    private func learnLoad(_ part: FlowTextItem, _ match: Match) throws(FlowTextError) -> LearnAction.Part {
        let (source, target) = try arrow(part, "SOURCE->FIELD[FIRST..LAST]")
        var destination = try reader.fieldSlice(target, in: MatchedProtocols(match))
        try requireWritable(destination.field, at: target)
        if Ascii.isDigit(reader.bytes[source.lowerBound]) {
            let value = try reader.number(source, maximum: destination.allOnes, for: reader.text(target))
            destination = wholePort(target, destination)
            return .load(.value(value), destination)
        }
        let from = try reader.fieldSlice(source, in: check?.protocols)
        try requireEqualWidths(from, source, destination, target)
        return .load(.field(from), destination)
    }

    /// A piece of a field; all of in_port where no bits are named, so that a reserved port stays itself.
    private func wholePort(_ range: Range<Int>, _ slice: FieldSlice) -> FieldSlice {
        slice.field == .inPort && reader.namesNoBits(range) ? FieldSlice(.inPort) : slice
    }

    private func requireEqualWidths(
        _ source: FieldSlice, _ sourceRange: Range<Int>, _ destination: FieldSlice, _ target: Range<Int>
    ) throws(FlowTextError) {
        if source.bitCount == destination.bitCount { return }
        throw reader.error(
            at: target.lowerBound,
            "learn needs equal widths: \(reader.text(sourceRange)) has \(source.bitCount) bits, "
                + "\(reader.text(target)) has \(destination.bitCount)")
    }
}

/// What a learned flow has beside its match and its actions.
enum FlowTextLearnProperty: String, CaseIterable {
    case table, priority, cookie, limit
    case idleTimeout = "idle_timeout"
    case hardTimeout = "hard_timeout"
    case finIdleTimeout = "fin_idle_timeout"
    case finHardTimeout = "fin_hard_timeout"
    case sendFlowRemoved = "send_flow_rem"
    case deleteLearned = "delete_learned"
    case resultDestination = "result_dst"

    static let all = FlowTextNameTable(allCases.map { ($0.rawValue, $0) })
}

extension FieldSlice {
    /// All ones over the slice's width.
    var allOnes: UInt128 { bitCount == 128 ? .max : (1 << UInt128(bitCount)) - 1 }
}
