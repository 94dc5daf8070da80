import FlowTable
import OpenFlow

extension SwitchManager {
    /// Changes groups as a text says, one change a line, in ovs-ofctl's syntax; all of them or none.
    ///
    /// - Parameters:
    ///   - command: what is meant by a line without a command.
    ///   - file: the name to put into errors.
    /// - Throws: ``FlowTextError`` for a line that can't be read or done; then nothing has changed.
    public func changeGroups(
        _ text: String, as command: GroupMod.Command = .add, file: String? = nil, of bridge: String
    ) throws -> TableOutcome {
        let bridge = try self.bridge(bridge)
        let text = try TableText<GroupMod>(text, as: command, file: file, portNames: bridge.portNames)
        if text.changes.isEmpty {
            throw SwitchError("a group was expected, such as group_id=1,type=all,bucket=output:2")
        }
        return try bridge.change(text) { (mod, report) throws(OpenFlowError) in try bridge.apply(mod, &report) }
    }

    /// Removes groups, and the flows that use them.
    ///
    /// - Parameter selection: `group_id=ID`; empty for all.
    /// - Throws: why it can't be done; then nothing has changed.
    public func removeGroups(_ selection: String, from bridge: String) throws -> TableOutcome {
        let bridge = try self.bridge(bridge)
        let mod = GroupMod(.delete, Group(id: try Self.groupID(selection), kind: .all, buckets: []))
        var outcome = TableOutcome()
        outcome.flows = try bridge.apply(mod, &outcome.report)
        bridge.publishChanges()
        return outcome
    }

    /// Groups with their counters, by number.
    ///
    /// - Parameter selection: as for ``removeGroups(_:from:)``.
    public func groups(_ selection: String = "", of bridge: String) throws -> [GroupReport] {
        let bridge = try self.bridge(bridge)
        let id = try Self.groupID(selection)
        if id == Group.all { return bridge.groupStatistics().compactMap { Self.report($0, of: bridge) } }
        guard let one = bridge.statistics(ofGroup: id), let report = Self.report(one, of: bridge) else {
            let known = bridge.groups.entries.keys.sorted().map { "\($0)" }
            throw SwitchError("there is no group \(id); " + SwitchManager.list(known))
        }
        return [report]
    }

    /// The group that a text names; ``Group/all``: none in particular.
    private static func groupID(_ text: String) throws -> UInt32 {
        let mods = try GroupText.parseMods(text, as: .delete)
        guard mods.count <= 1, mods.allSatisfy({ $0.command == .delete }) else {
            throw SwitchError("'\(text)' names no group: write group_id=ID, or nothing for all")
        }
        return mods.first?.group.id ?? Group.all
    }

    private static func report(_ statistics: GroupStatistics, of bridge: Bridge) -> GroupReport? {
        bridge.groups.entries[statistics.id].map { entry in
            let group = entry.group
            return GroupReport(
                id: group.id, type: group.kind.flowText, packets: statistics.packets, bytes: statistics.bytes,
                references: statistics.references, age: statistics.age / .seconds(1),
                buckets: zip(group.buckets, statistics.buckets).map { bucket, counts in
                    PartReport(packets: counts.packets, bytes: counts.bytes, text: bucket.description(in: group.kind))
                },
                group: group.description)
        }
    }

    /// `there are: 1, 2`, for errors.
    public static func list(_ names: [String]) -> String {
        if names.isEmpty { return "there are none" }
        return "there are: " + names.prefix(16).joined(separator: ", ") + (names.count > 16 ? ", …" : "")
    }
}

extension Bridge {
    /// Makes a change and counts it.
    fileprivate func apply(
        _ mod: GroupMod, _ report: inout TableChangeReport
    ) throws(OpenFlowError) -> FlowModOutcome {
        let (before, isNew) = (groups.entries.count, groups.entries[mod.group.id] == nil)
        let outcome = try apply(mod)
        switch mod.command {
        case .delete: report.removed += before - groups.entries.count
        case .add, .modify, .addOrModify, .insertBuckets, .removeBuckets:
            if isNew { report.added += 1 } else { report.modified += 1 }
        }
        report.removedFlows += outcome.removed.count
        return outcome
    }
}
