import Packet

/// Reads one line as a flow, or as a change of the flow tables.
struct FlowTextFlowParser {
    private let reader: FlowTextReader

    init(_ reader: FlowTextReader) { self.reader = reader }

    /// A flow to add.
    func parse(_ line: Range<Int>) throws(FlowTextError) -> Flow {
        var position = line.lowerBound
        let command = try FlowMod.Command.flowText.read(reader, from: &position, line)
        if let command, command != .add {
            throw reader.error(at: line.lowerBound, "\(command.flowText) is not taken here: only flows to add are")
        }
        return try parse(.add, position..<line.upperBound).flow
    }

    /// A change of the flow tables.
    ///
    /// - Parameter usual: the command that is meant where none stands.
    func parseMod(_ line: Range<Int>, unlessNamed usual: FlowMod.Command) throws(FlowTextError) -> FlowMod {
        var position = line.lowerBound
        let command = try FlowMod.Command.flowText.read(reader, from: &position, line)
        return try parse(command ?? usual, position..<line.upperBound)
    }

    private func parse(_ command: FlowMod.Command, _ line: Range<Int>) throws(FlowTextError) -> FlowMod {
        var mod = FlowMod(command, Flow())
        if command.isDeletion { mod.flow.table = FlowMod.allTables }
        var match = FlowTextMatchParser(reader)
        var given: UInt32 = 0
        var position = line.lowerBound
        while let item = try reader.nextItem(from: &position, to: line.upperBound) {
            switch try match.take(item) {
            case .property(let property):
                if given >> UInt32(property.rawValue) & 1 != 0 {
                    throw reader.error(at: item.key.lowerBound, "\(property.name) stands here a second time")
                }
                given |= 1 << UInt32(property.rawValue)
                try set(property, item, in: &mod)
            case .statistic, .field, .alternative, .typeOfService, .vlanIdentifier, .shorthand, nil: break
            case .deletionFilter(let filter): try set(filter, item, in: &mod)
            case .actions:
                if command.isDeletion {
                    throw reader.error(at: item.key.lowerBound, "\(command.flowText) takes no actions: leave them out")
                }
                if item.delimiter != Ascii.equals {
                    throw reader.error(at: item.key.upperBound, "write actions=… without a space before “=”")
                }
                mod.flow.match = try match.finish()
                mod.flow.instructions = try FlowTextActionParser.parse(
                    item.value.lowerBound..<line.upperBound, with: reader, match: mod.flow.match,
                    table: mod.flow.table)
                return mod
            }
        }
        if !command.isDeletion {
            throw reader.error(
                at: line.upperBound, "the flow has no actions: end it with actions=… (actions=drop for none)")
        }
        mod.flow.match = try match.finish()
        return mod
    }

    private func set(
        _ filter: FlowTextDeletionFilter, _ item: FlowTextItem, in mod: inout FlowMod
    ) throws(FlowTextError) {
        let name = reader.text(item.key)
        if !mod.command.isDeletion {
            throw reader.error(at: item.key.lowerBound, "\(name) chooses flows to delete: leave it out")
        }
        if item.delimiter == nil || item.value.isEmpty {
            throw reader.error(at: item.key.upperBound, "\(name) needs a value: write \(name)=… without spaces")
        }
        switch filter {
        case .port: mod.outputPort = try reader.port(item.value, for: name)
        case .group:
            mod.outputGroup = UInt32(try reader.number(item.value, maximum: UInt128(Group.lastID), for: name))
        }
    }

    private func set(
        _ property: FlowTextProperty, _ item: FlowTextItem, in mod: inout FlowMod
    ) throws(FlowTextError) {
        if !mod.command.takes(property) {
            throw reader.error(
                at: item.key.lowerBound, "\(mod.command.flowText) takes no \(property.name): leave it out")
        }
        if let flag = property.flag {
            if item.delimiter != nil {
                throw reader.error(at: item.key.upperBound, "\(property.name) takes no value")
            }
            mod.flow.flags.insert(flag)
            return
        }
        if item.delimiter == nil || item.value.isEmpty {
            throw reader.error(
                at: item.key.upperBound, "\(property.name) needs a value: write \(property.name)=… without spaces")
        }
        let value = item.value
        switch property {
        case .table:
            let last = mod.command.isDeletion ? FlowMod.allTables : Flow.lastTable
            mod.flow.table = UInt8(try reader.number(value, maximum: UInt128(last), for: "table"))
        case .priority: mod.flow.priority = try reader.number(value, as: UInt16.self, for: "priority")
        case .cookie: try setCookie(value, in: &mod)
        case .idleTimeout:
            mod.flow.idleTimeoutSeconds = try reader.number(value, as: UInt16.self, for: "idle_timeout")
        case .hardTimeout:
            mod.flow.hardTimeoutSeconds = try reader.number(value, as: UInt16.self, for: "hard_timeout")
        case .importance: mod.flow.importance = try reader.number(value, as: UInt16.self, for: "importance")
        case .sendFlowRemoved, .checkOverlap, .resetCounts, .noPacketCounts, .noByteCounts: break
        }
    }

    /// `COOKIE` is given to flows; `COOKIE/MASK` chooses them.
    private func setCookie(_ value: Range<Int>, in mod: inout FlowMod) throws(FlowTextError) {
        guard let slash = reader.firstIndex(of: Ascii.slash, in: value) else {
            mod.flow.cookie = try reader.number(value, as: UInt64.self, for: "cookie")
            if mod.command.isDeletion {
                throw reader.error(
                    at: value.lowerBound, "\(mod.command.flowText) gives no cookie: to choose flows by it, add a "
                        + "mask: cookie=\(reader.text(value))/-1")
            }
            mod.setsCookie = mod.command != .add
            return
        }
        if mod.command == .add {
            throw reader.error(at: slash, "a cookie mask chooses flows to delete: a flow to add has a plain cookie")
        }
        let mask = slash + 1..<value.upperBound
        mod.cookieMask =
            reader.matches(mask, "-1") ? .max : try reader.number(mask, as: UInt64.self, for: "cookie's mask")
        mod.flow.cookie =
            try reader.number(value.lowerBound..<slash, as: UInt64.self, for: "cookie") & mod.cookieMask
    }
}
