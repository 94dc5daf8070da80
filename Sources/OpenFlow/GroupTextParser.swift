import Packet

/// Reads one line as a change of the groups.
struct GroupTextParser {
    private let reader: FlowTextReader

    init(_ reader: FlowTextReader) { self.reader = reader }

    /// What a line has said so far.
    private struct Reading {
        let command: GroupMod.Command
        var id: UInt32?
        var kind: Group.Kind?
        var selection = GroupTextSelection()
        var buckets: [Bucket] = []
    }

    /// A bucket, before the group's type is known.
    private struct Bucket {
        let place: Range<Int>
        var id: UInt32?
        var weight: UInt16?
        var weightPlace: Int?
        var watchPort: PortNumber?
        var watchGroup: UInt32?
        var hasActions = false
        var actions: [Range<Int>] = []
    }

    /// - Parameter usual: the command that is meant where none stands.
    func parse(_ line: Range<Int>, unlessNamed usual: GroupMod.Command) throws(FlowTextError) -> GroupMod {
        var position = line.lowerBound
        let command = try GroupMod.Command.flowText.read(reader, from: &position, line)
        var reading = Reading(command: command ?? usual)
        while true {
            let before = position
            guard let item = try reader.nextItem(from: &position, to: line.upperBound) else { break }
            if reader.matches(item.key, "bucket") {
                try beginBucket(item, &reading)
                position = item.value.lowerBound
            } else if reading.buckets.isEmpty {
                try take(item, into: &reading)
            } else {
                try takeIntoBucket(item, &position, before, &reading.buckets[reading.buckets.count - 1])
            }
        }
        return try finish(reading, line)
    }

    private func beginBucket(_ item: FlowTextItem, _ reading: inout Reading) throws(FlowTextError) {
        if reading.command == .delete {
            throw reader.error(at: item.key.lowerBound, "delete takes no buckets: leave them out")
        }
        if item.delimiter != Ascii.equals {
            throw reader.error(at: item.key.upperBound, "write bucket=… without a space before “=”")
        }
        reading.buckets.append(Bucket(place: item.key))
    }

    /// What stands before the buckets.
    private func take(_ item: FlowTextItem, into reading: inout Reading) throws(FlowTextError) {
        let name = reader.text(item.key)
        let property = GroupTextProperty(rawValue: name)
        if property != .id && reading.command == .delete {
            throw reader.error(at: item.key.lowerBound, "delete takes group_id= alone: leave out \(name)")
        }
        switch property {
        case .id:
            try requireValue(item, isSecond: reading.id != nil)
            let isAll = reading.command == .delete && reader.matches(item.value, "all")
            reading.id =
                isAll ? Group.all : UInt32(try reader.number(item.value, maximum: UInt128(Group.lastID), for: name))
        case .kind:
            try requireValue(item, isSecond: reading.kind != nil)
            let word = reader.text(item.value)
            reading.kind = word == "fast_failover" ? .fastFailover : Group.Kind.allCases.first { $0.flowText == word }
            if reading.kind == nil {
                throw reader.error(
                    at: item.value.lowerBound, "there is no type “\(word)”: write all, select, indirect or ff")
            }
        case .selectionMethod:
            try requireValue(item, isSecond: reading.selection.method != nil)
            try reading.selection.takeMethod(item, reader)
        case .selectionParameter:
            try requireValue(item, isSecond: reading.selection.parameter != nil)
            try reading.selection.takeParameter(item, reader)
        case .fields:
            try requireValue(item, isSecond: reading.selection.fields != nil, mayHaveParentheses: true)
            try reading.selection.takeFields(item, reader)
        case nil:
            throw reader.error(
                at: item.key.lowerBound, "a group has group_id=, type= and bucket=…; there is no “\(name)”")
        }
    }

    private func requireValue(
        _ item: FlowTextItem, isSecond: Bool, mayHaveParentheses: Bool = false
    ) throws(FlowTextError) {
        let name = reader.text(item.key)
        if isSecond { throw reader.error(at: item.key.lowerBound, "\(name) stands here a second time") }
        let isInParentheses = item.delimiter == Ascii.open && !mayHaveParentheses
        if item.delimiter == nil || isInParentheses || item.value.isEmpty {
            throw reader.error(at: item.key.upperBound, "\(name) needs a value: write \(name)=… without spaces")
        }
    }

    /// A property of the bucket; all else is an action.
    private func takeIntoBucket(
        _ item: FlowTextItem, _ position: inout Int, _ before: Int, _ bucket: inout Bucket
    ) throws(FlowTextError) {
        switch GroupTextBucketProperty.allCases.first(where: { reader.matches(item.key, $0.rawValue) }) {
        case .actions, .action:
            if item.delimiter == nil || item.delimiter == Ascii.open {
                throw reader.error(at: item.key.upperBound, "write actions=… without a space before “=”")
            }
            bucket.hasActions = true
            position = item.value.lowerBound
        case .weight:
            try requireValue(item, isSecond: bucket.weight != nil)
            bucket.weight = try reader.number(item.value, as: UInt16.self, for: "weight")
            bucket.weightPlace = item.key.lowerBound
        case .id:
            try requireValue(item, isSecond: bucket.id != nil)
            bucket.id = UInt32(try reader.number(item.value, maximum: UInt128(Group.lastID), for: "bucket_id"))
        case .watchPort:
            try requireValue(item, isSecond: bucket.watchPort != nil)
            let port = try reader.port(item.value, for: "watch_port")
            if port > .maximum && port != .any && port != .controller {
                throw reader.error(at: item.value.lowerBound, "\(port) has no link to watch")
            }
            bucket.watchPort = port
        case .watchGroup:
            try requireValue(item, isSecond: bucket.watchGroup != nil)
            bucket.watchGroup =
                UInt32(try reader.number(item.value, maximum: UInt128(Group.lastID), for: "watch_group"))
        case nil:
            bucket.hasActions = true
            bucket.actions.append(before..<position)
        }
    }

    private func finish(_ reading: Reading, _ line: Range<Int>) throws(FlowTextError) -> GroupMod {
        if reading.command == .delete {
            return GroupMod(.delete, Group(id: reading.id ?? Group.all, kind: .all, buckets: []))
        }
        guard let id = reading.id else {
            throw reader.error(at: line.lowerBound, "the group has no number: add group_id=…")
        }
        guard let kind = reading.kind else {
            throw reader.error(
                at: line.lowerBound, "the group has no type: add type=all, type=select, type=indirect or type=ff")
        }
        var group = Group(id: id, kind: kind, buckets: [])
        group.selection = try reading.selection.finish(kind, reader)
        for bucket in reading.buckets {
            if let id = bucket.id, group.buckets.contains(where: { $0.id == id }) {
                throw reader.error(at: bucket.place.lowerBound, "there is a bucket_id:\(id) already")
            }
            group.buckets.append(try finish(bucket, kind))
        }
        if kind == .indirect && group.buckets.count != 1 {
            throw reader.error(
                at: reading.buckets.dropFirst().first?.place.lowerBound ?? line.upperBound,
                "an indirect group has one bucket, not \(group.buckets.count)")
        }
        return GroupMod(reading.command, group)
    }

    private func finish(_ bucket: Bucket, _ kind: Group.Kind) throws(FlowTextError) -> Group.Bucket {
        if !bucket.hasActions {
            throw reader.error(
                at: bucket.place.lowerBound, "the bucket has no actions: add actions=… (actions=drop for none)")
        }
        if kind != .select, let place = bucket.weightPlace, bucket.weight != 0 {
            throw reader.error(at: place, "only buckets of a group of type=select have weights")
        }
        let isWatching = (bucket.watchPort ?? .any) != .any || bucket.watchGroup != nil
        if isWatching && (kind == .all || kind == .indirect) {
            throw reader.error(
                at: bucket.place.lowerBound,
                "only buckets of a group of type=select or type=ff watch: leave out watch_port and watch_group")
        }
        if kind == .fastFailover && !isWatching {
            throw reader.error(
                at: bucket.place.lowerBound, "a bucket of a fast-failover group needs watch_port or watch_group")
        }
        var result = Group.Bucket(
            weight: bucket.weight ?? kind.defaultWeight, watchPort: bucket.watchPort ?? .any,
            watchGroup: bucket.watchGroup ?? Group.any,
            actions: try FlowTextActionParser.parseActionSet(bucket.actions, with: reader))
        result.id = bucket.id
        return result
    }
}

/// What stands before a group's buckets.
enum GroupTextProperty: String, CaseIterable {
    case id = "group_id"
    case kind = "type"
    case selectionMethod = "selection_method"
    case selectionParameter = "selection_method_param"
    case fields
}

/// What a bucket has beside its actions.
enum GroupTextBucketProperty: String, CaseIterable {
    case id = "bucket_id"
    case weight
    case watchPort = "watch_port"
    case watchGroup = "watch_group"
    case actions, action
}
