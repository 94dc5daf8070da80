import OpenFlow

/// Groups (OpenFlow 1.3.5 §7.3.4.2; 1.5.1 §7.3.4.3).
extension Codec {
    /// Whether groups are as in 1.5. Nicira's messages for 1.0 have them so (NXT_GROUP_MOD).
    var hasGroupsOf15: Bool { version >= .v15 || version == .v10 }

    func groupMod(_ reader: inout WireReader) throws(OpenFlowError) -> GroupMod {
        let (commandNumber, kindNumber) = (try reader.uint16(), try reader.byte())
        try reader.skip(1)
        let id = try reader.uint32()
        guard let command = GroupMod.Command(rawValue: commandNumber), hasGroupsOf15 || !command.namesBuckets else {
            throw .groupModFailed(.badCommand, "a group mod has no command \(commandNumber)")
        }
        guard let kind = Group.Kind(rawValue: kindNumber) else {
            throw .groupModFailed(.badType, "there is no kind of groups \(kindNumber)")
        }
        let buckets: [Group.Bucket]
        var selection: Group.Selection?
        var place = BucketPlace.all
        if hasGroupsOf15 {
            let length = Int(try reader.uint16())
            try reader.skip(2)
            place = BucketPlace(number: try reader.uint32())
            try reader.require(length, .badLength("a group's buckets are cut short"))
            var part = try reader.part(length)
            // The kind of a group whose buckets change is not told: a weight that isn't, either, is that of `select`.
            buckets = try self.buckets(&part, command == .insertBuckets ? .select : kind)
            selection = try groupProperties(&reader, kind, command)
        } else {
            buckets = try self.buckets(&reader, kind)
        }
        if command == .delete && !buckets.isEmpty {
            throw .groupModFailed(.invalidGroup, "a group that is deleted has no buckets")
        }
        if command == .removeBuckets && !buckets.isEmpty {
            throw .groupModFailed(.badBucket, "buckets that are removed are named by their number only")
        }
        var mod = GroupMod(command, Group(id: id, kind: kind, buckets: buckets))
        mod.group.selection = selection
        if command.namesBuckets { mod.place = place }
        return mod
    }

    func write(_ mod: GroupMod, _ out: inout WireWriter) {
        out.uint16(mod.command.rawValue)
        out.byte(mod.group.kind.rawValue)
        out.byte(0)
        out.uint32(mod.group.id)
        if !hasGroupsOf15 { return writeBuckets(mod.group, &out) }
        let length = out.count
        out.zeros(4)
        out.uint32(mod.place.number)
        let start = out.count
        writeBuckets(mod.group, &out)
        out.patchLength(since: start, at: length)
        if let selection = mod.group.selection { write(selection, &out) }
    }

    private static func badBucket(_ length: Int) -> OpenFlowError {
        .groupModFailed(.badBucket, "a bucket has the length \(length)")
    }

    private func buckets(_ reader: inout WireReader, _ kind: Group.Kind) throws(OpenFlowError) -> [Group.Bucket] {
        var buckets: [Group.Bucket] = []
        let headSize = hasGroupsOf15 ? 8 : 16
        while !reader.isAtEnd {
            try reader.require(headSize, Self.badBucket(reader.remaining))
            let length = Int(try reader.uint16())
            if length < headSize || length % 8 != 0 || length - 2 > reader.remaining { throw Self.badBucket(length) }
            var body = try reader.part(length - 2)
            buckets.append(try hasGroupsOf15 ? bucket15(&body, kind) : bucket(&body))
        }
        return buckets
    }

    private func bucket(_ reader: inout WireReader) throws(OpenFlowError) -> Group.Bucket {
        let weight = try reader.uint16()
        let (port, group) = (PortNumber(try reader.uint32()), try reader.uint32())
        try reader.skip(4)
        var actions = ActionReader(version)
        let list = try actions.actions(&reader)
        try WireReader.checkActionSet(list)
        return Group.Bucket(weight: weight, watchPort: port, watchGroup: group, actions: list)
    }

    private enum BucketProperty {
        static let weight: UInt16 = 0
        static let watchPort: UInt16 = 1
        static let watchGroup: UInt16 = 2
    }

    private func bucket15(_ reader: inout WireReader, _ kind: Group.Kind) throws(OpenFlowError) -> Group.Bucket {
        let length = Int(try reader.uint16())
        let id = try reader.uint32()
        try reader.require(length, Self.badBucket(length))
        var part = try reader.part(length)
        var actions = ActionReader(version)
        let list = try actions.actions(&part)
        try WireReader.checkActionSet(list)
        var bucket = Group.Bucket(weight: kind == .select ? 1 : 0, actions: list)
        bucket.id = id
        while !reader.isAtEnd {
            var (type, value) = try reader.property()
            switch type {
            case BucketProperty.weight: bucket.weight = try value.uint16()
            case BucketProperty.watchPort: bucket.watchPort = PortNumber(try value.uint32())
            case BucketProperty.watchGroup: bucket.watchGroup = try value.uint32()
            default: throw .badProperty(.badType, "buckets have no property \(type)")
            }
        }
        return bucket
    }

    private func writeBuckets(_ group: Group, _ out: inout WireWriter) {
        for (index, bucket) in group.buckets.enumerated() {
            let start = out.count
            out.uint16(0)
            if hasGroupsOf15 {
                write15(bucket, UInt32(index), &out)
            } else {
                out.uint16(bucket.weight)
                out.uint32(bucket.watchPort.rawValue)
                out.uint32(bucket.watchGroup)
                out.zeros(4)
                out.actions(bucket.actions, version)
            }
            out.patchLength(since: start, at: start)
        }
    }

    private func write15(_ bucket: Group.Bucket, _ index: UInt32, _ out: inout WireWriter) {
        let length = out.count
        out.uint16(0)
        out.uint32(bucket.id ?? index)
        let start = out.count
        out.actions(bucket.actions, version)
        out.patchLength(since: start, at: length)
        out.property(BucketProperty.weight) { out in
            out.uint16(bucket.weight)
            out.zeros(2)
        }
        out.property(BucketProperty.watchPort) { $0.uint32(bucket.watchPort.rawValue) }
        out.property(BucketProperty.watchGroup) { $0.uint32(bucket.watchGroup) }
    }

    // MARK: Descriptions

    func groupDescription(_ reader: inout WireReader) throws(OpenFlowError) -> Group {
        var (body, _) = try reader.entry()
        let number = try body.byte()
        guard let kind = Group.Kind(rawValue: number) else {
            throw .groupModFailed(.badType, "there is no kind of groups \(number)")
        }
        try body.skip(1)
        let id = try body.uint32()
        if hasGroupsOf15 {
            let length = Int(try body.uint16())
            try body.skip(6)
            var part = try body.part(length)
            var group = Group(id: id, kind: kind, buckets: try buckets(&part, kind))
            group.selection = try groupProperties(&body, kind)
            return group
        }
        return Group(id: id, kind: kind, buckets: try buckets(&body, kind))
    }

    func writeDescription(_ group: Group, _ out: inout WireWriter) {
        let entry = out.count
        out.uint16(0)
        out.byte(group.kind.rawValue)
        out.byte(0)
        out.uint32(group.id)
        let length = out.count
        if hasGroupsOf15 { out.zeros(8) }
        let start = out.count
        writeBuckets(group, &out)
        if hasGroupsOf15 {
            out.patchLength(since: start, at: length)
            if let selection = group.selection { write(selection, &out) }
        }
        out.patchLength(since: entry, at: entry)
    }
}

extension GroupMod.Command {
    /// Whether it is about some of a group's buckets.
    fileprivate var namesBuckets: Bool { self == .insertBuckets || self == .removeBuckets }
}

extension BucketPlace {
    fileprivate init(number: UInt32) {
        switch number {
        case 0xffff_fffd: self = .first
        case 0xffff_fffe: self = .last
        case 0xffff_ffff: self = .all
        default: self = .number(number)
        }
    }

    fileprivate var number: UInt32 {
        switch self {
        case .first: 0xffff_fffd
        case .last: 0xffff_fffe
        case .all: 0xffff_ffff
        case .number(let number): number
        }
    }
}
