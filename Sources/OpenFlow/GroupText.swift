/// Groups as text, in the syntax of ovs-ofctl(8), "Group Syntax".
///
/// It is stricter than ovs-ofctl in that nothing may stand twice, that an indirect group has its one bucket, and that a
/// bucket holds only what an action set can.
public enum GroupText {
    /// One group, such as `group_id=1,type=select,bucket=weight:2,actions=output:1,bucket=actions=output:2`.
    public static func parse(
        _ text: String, portNames: [String: UInt32] = [:]
    ) throws(FlowTextError) -> Group {
        let reader = FlowTextReader(text, portNames: portNames)
        var lines = FlowTextLines(reader)
        guard let line = lines.next() else {
            throw reader.error(at: 0, "a group was expected, such as group_id=1,type=all,bucket=output:2")
        }
        let mod = try GroupTextParser(reader).parse(line, unlessNamed: .add)
        if mod.command != .add {
            throw reader.error(
                at: line.lowerBound, "\(mod.command.flowText) is not taken here: only a group to add is")
        }
        if let extra = lines.next() {
            throw reader.error(at: extra.lowerBound, "only one group was expected; here begins another")
        }
        return mod.group
    }

    /// A file of changes of the groups, one a line, in the order in which they are to be made: a group, with `add`,
    /// `modify`, `add_or_mod` or `delete` before it, or nothing, which means `add`.
    ///
    /// Deletions have `group_id=` alone; without it, or with `group_id=all`, they mean every group. Blank lines,
    /// comments (`#` to the end of the line) and the heading of `ovs-ofctl dump-groups` are skipped.
    ///
    /// - Parameters:
    ///   - command: what is meant by a line without a command.
    ///   - file: the name to put into errors.
    public static func parseMods(
        _ contents: String, as command: GroupMod.Command = .add, file: String? = nil, portNames: [String: UInt32] = [:]
    ) throws(FlowTextError) -> [GroupMod] {
        let reader = FlowTextReader(contents, file: file, portNames: portNames)
        let parser = GroupTextParser(reader)
        var lines = FlowTextLines(reader)
        var mods: [GroupMod] = []
        while let line = lines.next() {
            mods.append(try parser.parse(line, unlessNamed: command))
        }
        return mods
    }
}

extension GroupMod.Command {
    static let flowText = FlowTextCommand<GroupMod.Command>(
        names: [("add", .add), ("modify", .modify), ("delete", .delete), ("add_or_mod", .addOrModify)],
        namesOfUnsupported: ["insert_bucket", "remove_bucket"])

    /// As flow text has it.
    var flowText: String { Self.flowText.names.first { $0.command == self }?.name ?? "" }
}

extension Group.Kind {
    /// As flow text has it.
    public var flowText: String {
        switch self {
        case .all: "all"
        case .select: "select"
        case .indirect: "indirect"
        case .fastFailover: "ff"
        }
    }

    /// The weight of a bucket that names none: elsewhere than in `select`, weights mean nothing.
    var defaultWeight: UInt16 { self == .select ? 1 : 0 }
}

extension Group: CustomStringConvertible {
    /// As `ovs-ofctl dump-groups` has it: `group_id=1,type=select,bucket=weight:2,actions=output:1`.
    public var description: String {
        let head = ["group_id=\(id)", "type=\(kind.flowText)"] + (selection.map { [$0.description] } ?? [])
        return (head + buckets.map { $0.description(in: kind) }).joined(separator: ",")
    }
}

extension Group.Bucket {
    /// As in a group of that type: `bucket=weight:2,actions=output:1`.
    public func description(in kind: Group.Kind) -> String {
        var parts: [String] = []
        if let id { parts.append("bucket_id:\(id)") }
        if weight != kind.defaultWeight { parts.append("weight:\(weight)") }
        if watchPort != .any { parts.append("watch_port:\(watchPort)") }
        if watchGroup != Group.any { parts.append("watch_group:\(watchGroup)") }
        let list = actions.map(\.description).joined(separator: ",")
        parts.append("actions=" + (list.isEmpty ? "drop" : list))
        return "bucket=" + parts.joined(separator: ",")
    }
}

extension GroupMod: CustomStringConvertible {
    /// As a line of a file: `delete group_id=1`.
    public var description: String {
        if command == .delete { return "delete group_id=" + (group.id == Group.all ? "all" : "\(group.id)") }
        return "\(command.flowText) \(group)"
    }
}
