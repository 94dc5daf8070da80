extension PacketInReason {
    /// As flow text has it.
    var flowText: String {
        switch self {
        case .noMatch: "no_match"
        case .action: "action"
        case .invalidTTL: "invalid_ttl"
        case .actionSet: "action_set"
        case .group: "group"
        case .packetOut: "packet_out"
        }
    }
}

extension FlowTextActionParser {
    /// `CONTROLLER`, `CONTROLLER:BYTES` or `controller(max_len=BYTES,…)`
    func controller(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        guard item.delimiter != nil, let first = item.value.first else { return .output(.controller) }
        if Ascii.isDigit(reader.bytes[first]) {
            return .output(.controller, maxLength: try reader.number(item.value, as: UInt16.self, for: "CONTROLLER"))
        }
        var fields = ControllerFields()
        var position = item.value.lowerBound
        while let part = try reader.nextItem(from: &position, to: item.value.upperBound) {
            try take(part, into: &fields)
        }
        let action = fields.action
        var plain = ControllerAction()
        plain.maxLength = action.maxLength
        return action == plain ? .output(.controller, maxLength: action.maxLength) : .controller(action)
    }

    /// What `controller(…)` has said so far.
    private struct ControllerFields {
        var maxLength: UInt16?
        var controllerID: UInt16?
        var reason: PacketInReason?
        var userdata: [UInt8]?
        var pauses = false
        var meter: UInt32?

        var action: ControllerAction {
            var action = ControllerAction()
            action.maxLength = maxLength ?? action.maxLength
            action.controllerID = controllerID ?? 0
            action.reason = reason ?? .action
            action.userdata = userdata ?? []
            action.pauses = pauses
            action.meter = meter
            return action
        }
    }

    /// What is left of an action's 65,535 bytes beside all else that `controller` can say.
    private static let longestUserdata = 65_464

    private func take(_ part: FlowTextItem, into fields: inout ControllerFields) throws(FlowTextError) {
        switch FlowTextControllerProperty.allCases.first(where: { reader.matches(part.key, $0.rawValue) }) {
        case .maxLength: try set(&fields.maxLength, part)
        case .controllerID: try set(&fields.controllerID, part)
        case .meter:
            try refuseSecond(fields.meter != nil, part)
            fields.meter = UInt32(try reader.number(part.value, maximum: UInt128(Meter.lastID), for: "meter_id"))
        case .reason:
            try refuseSecond(fields.reason != nil, part)
            fields.reason = PacketInReason.allCases.first { reader.matches(part.value, $0.flowText) }
            if fields.reason == nil {
                let reasons = PacketInReason.allCases.map(\.flowText).joined(separator: ", ")
                throw reader.error(at: part.value.lowerBound, "the reasons are \(reasons)")
            }
        case .userdata:
            try refuseSecond(fields.userdata != nil, part)
            fields.userdata = try reader.hexadecimalBytes(part.value, atMost: Self.longestUserdata, for: "userdata")
        case .pause:
            try refuseSecond(fields.pauses, part)
            try refuseValue(part)
            fields.pauses = true
        case nil:
            throw reader.error(
                at: part.key.lowerBound,
                "controller takes reason=, max_len=, id=, userdata=, pause and meter_id=, not \(reader.text(part.key))")
        }
    }
}

/// What `controller(…)` can say.
enum FlowTextControllerProperty: String, CaseIterable {
    case reason, userdata, pause
    case maxLength = "max_len"
    case controllerID = "id"
    case meter = "meter_id"
}

extension FlowTextReader {
    /// Bytes as two digits each, with or without dots between them: `01.02.ff`.
    func hexadecimalBytes(
        _ range: Range<Int>, atMost limit: Int, for name: String
    ) throws(FlowTextError) -> [UInt8] {
        var result: [UInt8] = []
        var index = range.lowerBound
        while index < range.upperBound {
            if bytes[index] == Ascii.dot || Ascii.isSeparator(bytes[index]) {
                index += 1
                continue
            }
            guard index + 1 < range.upperBound, let high = Ascii.hexDigit(bytes[index]),
                let low = Ascii.hexDigit(bytes[index + 1])
            else {
                throw error(at: index, "\(name) is bytes of two hexadecimal digits each, such as 01.ff")
            }
            if result.count == limit { throw error(at: index, "\(name) is too long: \(limit) bytes at most") }
            result.append(high << 4 | low)
            index += 2
        }
        return result
    }
}
