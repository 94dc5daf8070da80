import Packet

/// Reads one line as a flow.
struct FlowTextFlowParser {
    private let reader: FlowTextReader

    init(_ reader: FlowTextReader) { self.reader = reader }

    func parse(_ line: Range<Int>) throws(FlowTextError) -> Flow {
        var flow = Flow()
        var match = FlowTextMatchParser(reader)
        var given: UInt32 = 0
        var position = line.lowerBound
        try skipCommand(&position, line)
        while let item = try reader.nextItem(from: &position, to: line.upperBound) {
            switch try match.take(item) {
            case .property(let property):
                if given >> UInt32(property.rawValue) & 1 != 0 {
                    throw reader.error(at: item.key.lowerBound, "\(property.name) stands here a second time")
                }
                given |= 1 << UInt32(property.rawValue)
                try set(property, item, in: &flow)
            case .statistic, .field, .alternative, .typeOfService, .vlanIdentifier, .shorthand, nil: break
            case .deletionFilter:
                throw reader.error(
                    at: item.key.lowerBound, "\(reader.text(item.key)) chooses flows to delete: leave it out")
            case .actions:
                if item.delimiter != Ascii.equals {
                    throw reader.error(at: item.key.upperBound, "write actions=… without a space before “=”")
                }
                flow.match = try match.finish()
                flow.instructions = try FlowTextActionParser.parse(
                    item.value.lowerBound..<line.upperBound, with: reader, match: flow.match, table: flow.table)
                return flow
            }
        }
        throw reader.error(
            at: line.upperBound, "the flow has no actions: end it with actions=… (actions=drop for none)")
    }

    /// `add` may stand before a flow; what else ovs-ofctl takes there is no flow to add.
    private func skipCommand(_ position: inout Int, _ line: Range<Int>) throws(FlowTextError) {
        var end = line.lowerBound
        while end < line.upperBound && !Ascii.isSeparator(reader.bytes[end]) { end += 1 }
        let word = line.lowerBound..<end
        if reader.matches(word, "add") { position = end }
        for other in ["delete", "delete_strict", "modify", "modify_strict"] where reader.matches(word, other) {
            throw reader.error(at: word.lowerBound, "\(other) is not taken here: only flows to add are")
        }
    }

    private func set(
        _ property: FlowTextProperty, _ item: FlowTextItem, in flow: inout Flow
    ) throws(FlowTextError) {
        if let flag = property.flag {
            if item.delimiter != nil {
                throw reader.error(at: item.key.upperBound, "\(property.name) takes no value")
            }
            flow.flags.insert(flag)
            return
        }
        if item.delimiter == nil || item.value.isEmpty {
            throw reader.error(
                at: item.key.upperBound, "\(property.name) needs a value: write \(property.name)=… without spaces")
        }
        let value = item.value
        switch property {
        case .table:
            flow.table = UInt8(try reader.number(value, maximum: UInt128(Flow.lastTable), for: "table"))
        case .priority: flow.priority = try reader.number(value, as: UInt16.self, for: "priority")
        case .cookie:
            if let slash = reader.firstIndex(of: Ascii.slash, in: value) {
                throw reader.error(at: slash, "a cookie mask chooses flows to delete: a flow to add has a plain cookie")
            }
            flow.cookie = try reader.number(value, as: UInt64.self, for: "cookie")
        case .idleTimeout: flow.idleTimeoutSeconds = try reader.number(value, as: UInt16.self, for: "idle_timeout")
        case .hardTimeout: flow.hardTimeoutSeconds = try reader.number(value, as: UInt16.self, for: "hard_timeout")
        case .importance: flow.importance = try reader.number(value, as: UInt16.self, for: "importance")
        case .sendFlowRemoved, .checkOverlap, .resetCounts, .noPacketCounts, .noByteCounts: break
        }
    }
}
