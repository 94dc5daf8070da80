import Packet

/// Reads what stands behind `actions=`.
struct FlowTextActionParser {
    /// What a list of actions may hold.
    enum Level { case instructions, applyActions, actionSet }

    let reader: FlowTextReader
    /// Whether actions suit what the packet is known to be at this point of the list; `nil`: not to be checked.
    var check: ActionCheck?
    private let table: UInt8?
    private var instructions = InstructionSet()
    /// The instruction read last, in the order of OpenFlow 1.3.5 §5.9.
    private var stage: Stage?
    /// The first conjunction, and the first of what may not stand beside one.
    private var conjunction: Int?
    private var besideConjunction: Int?
    /// Clones that this place of the list is inside of.
    private var cloneDepth = 0

    private enum Stage: Int {
        case meter, applyActions, clearActions, writeActions, writeMetadata, gotoTable

        var name: String {
            switch self {
            case .meter: "meter"
            case .applyActions: "apply_actions (and any plain action)"
            case .clearActions: "clear_actions"
            case .writeActions: "write_actions"
            case .writeMetadata: "write_metadata"
            case .gotoTable: "goto_table"
            }
        }
    }

    static func parse(
        _ range: Range<Int>, with reader: FlowTextReader, match: Match?, table: UInt8?
    ) throws(FlowTextError) -> InstructionSet {
        var parser = FlowTextActionParser(
            reader: reader, check: match.map { ActionCheck($0, rules: .openFlow10) }, table: table)
        _ = try parser.actions([range], .instructions)
        if parser.conjunction != nil, let other = parser.besideConjunction {
            throw reader.error(at: other, "beside conjunction only note may stand: leave this out")
        }
        return parser.instructions
    }

    /// A list, in pieces, that may hold what an action set may, for packets of which nothing is known.
    static func parseActionSet(
        _ pieces: [Range<Int>], with reader: FlowTextReader
    ) throws(FlowTextError) -> [Action] {
        var parser = FlowTextActionParser(reader: reader, check: nil, table: nil)
        return try parser.actions(pieces, .actionSet)
    }

    private init(reader: FlowTextReader, check: ActionCheck?, table: UInt8?) {
        self.reader = reader
        self.check = check
        self.table = table
    }

    /// A list of actions; at the level of instructions, they and the instructions go to `instructions`.
    private mutating func actions(_ pieces: [Range<Int>], _ level: Level) throws(FlowTextError) -> [Action] {
        var actions: [Action] = []
        var drop: Int?
        var count = 0
        for piece in pieces {
            var position = piece.lowerBound
            while let item = try reader.nextItem(from: &position, to: piece.upperBound) {
                count += 1
                let keyword = FlowTextNames.actions.find(reader.bytes, item.key)
                if case .drop = keyword {
                    try refuseValue(item)
                    drop = item.key.lowerBound
                } else if let keyword, let stage = Self.stage(of: keyword) {
                    besideConjunction = besideConjunction ?? item.key.lowerBound
                    try instruction(stage, item, level)
                } else {
                    let action = try listed(keyword, item, level)
                    if level == .instructions { instructions.apply.append(action) } else { actions.append(action) }
                }
            }
        }
        if let drop, count > 1 {
            throw reader.error(at: drop, "drop stands alone: leave it out, or the rest")
        }
        return actions
    }

    /// An action that may stand at this place of the list.
    private mutating func listed(
        _ keyword: FlowTextActionKeyword?, _ item: FlowTextItem, _ level: Level
    ) throws(FlowTextError) -> Action {
        let action = try action(keyword, item)
        note(action, item)
        if level == .actionSet && !action.mayStandInActionSet {
            throw reader.error(at: item.key.lowerBound, "an action set can't hold \(reader.text(item.key))")
        }
        if level == .instructions { try enter(.applyActions, item) }
        return action
    }

    private mutating func note(_ action: Action, _ item: FlowTextItem) {
        if action.isConjunction {
            conjunction = conjunction ?? item.key.lowerBound
        } else if !action.maySupplementConjunction {
            besideConjunction = besideConjunction ?? item.key.lowerBound
        }
    }

    private static func stage(of keyword: FlowTextActionKeyword) -> Stage? {
        switch keyword {
        case .meter: .meter
        case .applyActions: .applyActions
        case .clearActions: .clearActions
        case .writeActions: .writeActions
        case .writeMetadata: .writeMetadata
        case .gotoTable: .gotoTable
        default: nil
        }
    }

    private mutating func enter(_ next: Stage, _ item: FlowTextItem) throws(FlowTextError) {
        if let stage, next.rawValue < stage.rawValue {
            throw reader.error(at: item.key.lowerBound, "\(next.name) must stand before \(stage.name)")
        }
        if next == stage && next != .applyActions {
            throw reader.error(at: item.key.lowerBound, "\(next.name) stands here a second time")
        }
        stage = next
    }

    private mutating func instruction(
        _ next: Stage, _ item: FlowTextItem, _ level: Level
    ) throws(FlowTextError) {
        if level != .instructions {
            throw reader.error(at: item.key.lowerBound, "\(reader.text(item.key)) can't stand inside a list of actions")
        }
        try enter(next, item)
        switch next {
        case .meter: instructions.meter = UInt32(try number(item, "ID", maximum: UInt128(Meter.lastID)))
        case .applyActions: instructions.apply += try actions([parenthesised(item)], .applyActions)
        case .clearActions:
            try refuseValue(item)
            instructions.clearsActionSet = true
        case .writeActions:
            // The action set is executed later, on a packet that other tables may have changed.
            let before = check
            instructions.write = try actions([parenthesised(item)], .actionSet)
            check = before
        case .writeMetadata: instructions.metadata = try metadata(item)
        case .gotoTable: instructions.gotoTable = try gotoTable(item)
        }
    }

    /// `clone(ACTION,…)`: what it makes of the packet is of no concern to what follows.
    mutating func clone(_ item: FlowTextItem) throws(FlowTextError) -> Action {
        if cloneDepth == Action.mostNestedClones {
            throw reader.error(at: item.key.lowerBound, "\(cloneDepth) clones stand in one another, which is the most")
        }
        let before = check
        cloneDepth += 1
        let inner = try actions([parenthesised(item)], .applyActions)
        cloneDepth -= 1
        check = before
        return .clone(inner)
    }

    private func parenthesised(_ item: FlowTextItem) throws(FlowTextError) -> Range<Int> {
        guard item.delimiter == Ascii.open else {
            let name = reader.text(item.key)
            throw reader.error(at: item.key.upperBound, "write \(name)(ACTION,…)")
        }
        return item.value
    }

    private func metadata(_ item: FlowTextItem) throws(FlowTextError) -> InstructionSet.MetadataWrite {
        try requireValue(item, "VALUE/MASK")
        let value = try reader.maskedNumber(Field[.metadata], item.value)
        return InstructionSet.MetadataWrite(
            value: UInt64(truncatingIfNeeded: value.value), mask: UInt64(truncatingIfNeeded: value.mask))
    }

    private func gotoTable(_ item: FlowTextItem) throws(FlowTextError) -> UInt8 {
        try requireValue(item, "TABLE")
        let target = UInt8(try reader.number(item.value, maximum: UInt128(Flow.lastTable), for: "goto_table"))
        if let table, target <= table {
            throw reader.error(
                at: item.value.lowerBound,
                "goto_table must lead to a table behind the flow's own, \(table): use resubmit(,\(target)) to go back")
        }
        return target
    }

    func refuseValue(_ item: FlowTextItem) throws(FlowTextError) {
        if item.delimiter != nil && !item.value.isEmpty {
            throw reader.error(at: item.value.lowerBound, "\(reader.text(item.key)) takes no value")
        }
    }

    func requireValue(_ item: FlowTextItem, _ form: String) throws(FlowTextError) {
        if item.delimiter == nil || item.value.isEmpty {
            let name = reader.text(item.key)
            throw reader.error(at: item.key.upperBound, "\(name) needs a value: write \(name):\(form)")
        }
    }
}
