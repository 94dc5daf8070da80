import OpenFlow

/// The groups of a bridge as the control side changes them (OpenFlow 1.3.5 §5.6, §6.5). A value.
public struct GroupTable: Sendable {
    /// Groups that a bridge may have.
    public static let limit = 65536
    /// Buckets that a group may have.
    public static let bucketLimit = 1024
    /// Groups that lead to one another may be so many in a row.
    public static let chainLimit = 32

    /// By number.
    public private(set) var entries: [UInt32: GroupEntry] = [:]

    public init() {}

    /// Makes a change, all of it or nothing.
    ///
    /// - Returns: the groups that are gone. Flows that use them are the caller's to remove (OpenFlow 1.3.5 §6.5).
    @discardableResult
    public mutating func apply(
        _ mod: GroupMod, at now: ContinuousClock.Instant = .now
    ) throws(OpenFlowError) -> [UInt32] {
        let id = mod.group.id
        switch mod.command {
        case .add:
            if entries[id] != nil {
                throw .groupModFailed(.groupExists, "there is a group \(id) already: modify it, or delete it first")
            }
            if entries.count >= Self.limit {
                throw .groupModFailed(.outOfGroups, "a bridge has at most \(Self.limit) groups")
            }
            try check(mod.group)
            entries[id] = GroupEntry(mod.group, created: now)
        case .modify:
            guard let old = entries[id] else {
                throw .groupModFailed(.unknownGroup, "there is no group \(id) to modify: add it")
            }
            try check(mod.group)
            entries[id] = GroupEntry(mod.group, created: old.created)
        case .insertBuckets, .removeBuckets:
            guard let old = entries[id] else { throw .groupModFailed(.unknownGroup, "there is no group \(id)") }
            let changed = try old.group.changed(by: mod)
            try check(changed)
            entries[id] = GroupEntry(changed, created: old.created)
        case .addOrModify:
            return try apply(GroupMod(entries[id] == nil ? .add : .modify, mod.group), at: now)
        case .delete:
            return try delete(id)
        }
        return []
    }

    /// Deleting a group that is not there is no error. A group that others lead to stays: its number would mean nothing
    /// to them.
    private mutating func delete(_ id: UInt32) throws(OpenFlowError) -> [UInt32] {
        if id == Group.all {
            let removed = entries.keys.sorted()
            entries.removeAll()
            return removed
        }
        if id > Group.lastID { throw .groupModFailed(.invalidGroup, "\(id) is no number of a group") }
        if entries[id] == nil { return [] }
        if let other = entries.values.first(where: { $0.chained.contains(id) && $0.group.id != id }) {
            throw .groupModFailed(
                .chainedGroup, "group \(other.group.id) leads to group \(id): modify or delete that one first")
        }
        entries[id] = nil
        return [id]
    }

    // MARK: Checks

    private func check(_ group: Group) throws(OpenFlowError) {
        if group.id > Group.lastID {
            throw .groupModFailed(.invalidGroup, "\(group.id) is no number of a group: the last is \(Group.lastID)")
        }
        if group.buckets.count > Self.bucketLimit {
            throw .groupModFailed(.outOfBuckets, "a group has at most \(Self.bucketLimit) buckets")
        }
        switch group.kind {
        case .indirect where group.buckets.count != 1:
            throw .groupModFailed(.invalidGroup, "an indirect group has one bucket")
        case .fastFailover:
            for bucket in group.buckets where !bucket.hasWatch {
                throw .groupModFailed(.watchUnsupported, "each bucket of a fast failover group watches a port or group")
            }
        case .all, .select, .indirect: break
        }
        let numbers = group.buckets.compactMap(\.id)
        if Set(numbers).count < numbers.count {
            throw .groupModFailed(.bucketExists, "two buckets of group \(group.id) have the same number")
        }
        for bucket in group.buckets { try check(bucket, of: group) }
        try checkLoops(group)
    }

    private func check(_ bucket: Group.Bucket, of group: Group) throws(OpenFlowError) {
        if bucket.watchGroup != Group.any {
            if bucket.watchGroup == group.id || entries[bucket.watchGroup] == nil {
                throw .groupModFailed(.badWatch, "there is no group \(bucket.watchGroup) to watch: add it first")
            }
        }
        for action in bucket.actions {
            guard case .group(let id) = action, id != group.id else { continue }
            if entries[id] == nil { throw .badAction(.badOutGroup, "there is no group \(id): add it first") }
        }
    }

    /// No packet may come back to a group (OpenFlow 1.3.5 §6.5, OFPGMFC_LOOP), and no group watch itself by way of
    /// others.
    private func checkLoops(_ group: Group) throws(OpenFlowError) {
        var waiting = [(id: group.id, depth: 0)]
        var seen: [UInt32: Int] = [:]
        while let (id, depth) = waiting.popLast() {
            if depth > Self.chainLimit {
                throw .groupModFailed(.chainingUnsupported, "more than \(Self.chainLimit) groups lead to one another")
            }
            if let known = seen[id], known >= depth { continue }
            seen[id] = depth
            for next in followers(of: id, changed: group) {
                if next == group.id {
                    throw .groupModFailed(
                        .loop, "group \(group.id) would lead back to itself: let its buckets lead elsewhere")
                }
                waiting.append((next, depth + 1))
            }
        }
    }

    private func followers(of id: UInt32, changed: Group) -> [UInt32] {
        let buckets = id == changed.id ? changed.buckets : entries[id]?.group.buckets ?? []
        return buckets.flatMap { bucket in
            bucket.actions.compactMap { if case .group(let next) = $0 { next } else { nil } }
                + (bucket.watchGroup == Group.any ? [] : [bucket.watchGroup])
        }
    }
}

extension Group.Bucket {
    /// Whether it is alive or not.
    var hasWatch: Bool { watchPort != .any || watchGroup != Group.any }
}

extension Group {
    /// The group with more buckets, or without some (OpenFlow 1.5.1 §7.3.4.3).
    fileprivate func changed(by mod: GroupMod) throws(OpenFlowError) -> Group {
        var result = self
        // Buckets that came without numbers are known by their places.
        for index in buckets.indices where buckets[index].id == nil { result.buckets[index].id = UInt32(index) }
        let isInsertion = mod.command == .insertBuckets
        var chosen = isInsertion ? buckets.count..<buckets.count : buckets.indices
        switch mod.place {
        case .all: break
        case .first: chosen = isInsertion ? 0..<0 : 0..<min(1, buckets.count)
        case .last: if !isInsertion { chosen = max(0, buckets.count - 1)..<buckets.count }
        case .number(let number):
            guard let index = result.buckets.firstIndex(where: { $0.id == number }) else {
                throw .groupModFailed(.unknownBucket, "group \(id) has no bucket \(number)")
            }
            chosen = isInsertion ? index + 1..<index + 1 : index..<index + 1
        }
        result.buckets.replaceSubrange(chosen, with: mod.group.buckets)
        if kind != .select { for index in result.buckets.indices { result.buckets[index].weight = 0 } }
        return result
    }
}
