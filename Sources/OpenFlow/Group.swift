/// A group: sets of actions, and which of them a packet gets (OpenFlow 1.3.5 §5.6).
public struct Group: Sendable, Hashable {
    /// OFPG_MAX: the highest number that a group may have.
    public static let lastID: UInt32 = 0xffff_ff00
    /// OFPG_ALL: every group, in deletions.
    public static let all: UInt32 = 0xffff_fffc
    /// OFPG_ANY: no particular one.
    public static let any: UInt32 = 0xffff_ffff

    public var id: UInt32
    public var kind: Kind
    /// How one of the buckets is chosen, in `select`; `nil`: by a hash over all headers.
    public var selection: Selection?
    public var buckets: [Bucket]

    public init(id: UInt32, kind: Kind, buckets: [Bucket]) {
        self.id = id
        self.kind = kind
        self.buckets = buckets
    }

    /// OpenFlow 1.3.5 §7.3.4.2, enum ofp_group_type.
    public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
        /// Every bucket gets a copy of the packet.
        case all = 0
        /// One bucket, chosen by a hash over the packet's headers, or some of them, in proportion to the weights.
        case select = 1
        /// The only bucket.
        case indirect = 2
        /// The first bucket that is alive.
        case fastFailover = 3
    }

    /// What is done with a packet (OpenFlow 1.3.5 §7.3.4.2, struct ofp_bucket). Its actions are an action set.
    public struct Bucket: Sendable, Hashable {
        /// The bucket's number (OpenFlow 1.5); before, its place in the list.
        public var id: UInt32?
        /// For `select`; 0: never chosen.
        public var weight: UInt16
        /// The port whose link decides whether the bucket is alive; ``PortNumber/any``: none.
        public var watchPort: PortNumber
        /// The group whose liveness decides whether the bucket is alive; ``Group/any``: none.
        public var watchGroup: UInt32
        public var actions: [Action]

        public init(
            weight: UInt16 = 1, watchPort: PortNumber = .any, watchGroup: UInt32 = Group.any, actions: [Action]
        ) {
            self.weight = weight
            self.watchPort = watchPort
            self.watchGroup = watchGroup
            self.actions = actions
        }
    }
}

/// A change of the groups (OpenFlow 1.3.5 §7.3.4.2).
public struct GroupMod: Sendable, Hashable {
    public var command: Command
    /// In a deletion only the number counts; ``Group/all``: every group.
    public var group: Group
    /// Where buckets are inserted, or which are removed; ``BucketPlace/all`` otherwise.
    public var place = BucketPlace.all

    public init(_ command: Command, _ group: Group) {
        self.command = command
        self.group = group
    }

    /// OpenFlow 1.3.5 §7.3.4.2, enum ofp_group_mod_command.
    public enum Command: UInt16, Sendable, Hashable, CaseIterable {
        case add = 0
        case modify = 1
        case delete = 2
        /// Adds the buckets to those that the group has (OpenFlow 1.5.1 §7.3.4.3).
        case insertBuckets = 3
        /// Takes buckets out of a group (OpenFlow 1.5.1 §7.3.4.3).
        case removeBuckets = 5
        /// An extension of Open vSwitch's.
        case addOrModify = 0x8000
    }
}

/// A bucket, or a place among buckets (OpenFlow 1.5.1 §7.3.4.3, enum ofp_group_bucket).
public enum BucketPlace: Sendable, Hashable {
    case first, last, all
    /// The bucket of that number; for insertions the place behind it.
    case number(UInt32)
}
