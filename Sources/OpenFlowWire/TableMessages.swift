import OpenFlow
import Packet

/// How a table behaves (OpenFlow 1.3.5 §7.3.3); in 1.4 also what is told of it.
public struct TableMod: Sendable, Hashable {
    /// ``FlowMod/allTables``: every table.
    public var table: UInt8
    /// enum ofp_table_config. 1.3 has none; 1.1 and 1.2: what becomes of a packet that no flow matches (0 controller,
    /// 1 continue, 2 drop); 1.4: bit 2 eviction, bit 3 vacancy events.
    public var config: UInt32

    public init(table: UInt8, config: UInt32) {
        self.table = table
        self.config = config
    }
}

/// What a table can do (OpenFlow 1.3.5 §7.3.5.5).
public struct TableFeatures: Sendable, Hashable {
    public var table: UInt8
    /// 31 bytes at most.
    public var name: String
    /// Bits of metadata that can be matched.
    public var metadataMatch: UInt64 = .max
    /// Bits of metadata that can be written.
    public var metadataWrite: UInt64 = .max
    public var config: UInt32 = 0
    public var maximumEntries: UInt32
    /// What a flow can have.
    public var flow = Abilities()
    /// What the table-miss flow can have, where it differs. `match` and `wildcards` aren't used.
    public var miss = MissAbilities()
    /// Fields that can be matched.
    public var match: [FieldAbility] = []
    /// Fields that can be left out, or masked whole.
    public var wildcards: [FieldID] = []

    public init(table: UInt8, name: String, maximumEntries: UInt32) {
        self.table = table
        self.name = name
        self.maximumEntries = maximumEntries
    }

    /// A field that can be matched, and whether with a mask.
    public struct FieldAbility: Sendable, Hashable {
        public var field: FieldID
        public var isMaskable: Bool

        public init(_ field: FieldID, isMaskable: Bool) {
            self.field = field
            self.isMaskable = isMaskable
        }
    }

    /// By the numbers of enum ofp_instruction_type and ofp_action_type.
    public struct Abilities: Sendable, Hashable {
        public var instructions: [UInt16] = []
        public var nextTables: [UInt8] = []
        public var writeActions: [UInt16] = []
        public var applyActions: [UInt16] = []
        public var writeSetField: [FieldID] = []
        public var applySetField: [FieldID] = []

        public init() {}
    }

    /// As ``Abilities``; `nil`: the same as for other flows, and not told.
    public struct MissAbilities: Sendable, Hashable {
        public var instructions: [UInt16]?
        public var nextTables: [UInt8]?
        public var writeActions: [UInt16]?
        public var applyActions: [UInt16]?
        public var writeSetField: [FieldID]?
        public var applySetField: [FieldID]?

        public init() {}
    }
}
