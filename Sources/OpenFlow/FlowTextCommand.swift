/// The word before a flow, a group or a meter that says what to do with it.
struct FlowTextCommand<Command: Sendable>: Sendable {
    let names: [(name: String, command: Command)]
    /// Known to ovs-ofctl, but not to be had yet.
    var namesOfUnsupported: [String] = []

    /// The command that a line begins with, if there is one; `position` is set behind it.
    func read(
        _ reader: FlowTextReader, from position: inout Int, _ line: Range<Int>
    ) throws(FlowTextError) -> Command? {
        var end = line.lowerBound
        while end < line.upperBound && !Ascii.isSeparator(reader.bytes[end]) { end += 1 }
        let word = line.lowerBound..<end
        if let found = names.first(where: { reader.matches(word, $0.name) }) {
            position = end
            return found.command
        }
        if namesOfUnsupported.contains(where: { reader.matches(word, $0) }) {
            throw reader.error(at: word.lowerBound, "\(reader.text(word)) is not supported yet")
        }
        return nil
    }
}

extension FlowMod.Command {
    static let flowText = FlowTextCommand<FlowMod.Command>(
        names: [
            ("add", .add), ("modify", .modify), ("modify_strict", .modifyStrict), ("delete", .delete),
            ("delete_strict", .deleteStrict),
        ])

    var isDeletion: Bool { self == .delete || self == .deleteStrict }

    /// As flow text has it.
    var flowText: String { Self.flowText.names.first { $0.command == self }?.name ?? "" }

    /// Whether a flow's part says anything to this command.
    func takes(_ property: FlowTextProperty) -> Bool {
        switch property {
        case .table, .cookie: true
        case .priority: self != .delete
        case .importance: self == .add
        default: !isDeletion
        }
    }
}
