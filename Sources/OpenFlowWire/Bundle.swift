/// OpenFlow 1.4 §7.3.9.2.
public struct BundleControl: Sendable, Hashable {
    public var id: UInt32
    public var type: Kind
    public var flags: BundleFlags

    public init(id: UInt32, type: Kind, flags: BundleFlags) {
        self.id = id
        self.type = type
        self.flags = flags
    }

    /// enum ofp_bundle_ctrl_type.
    public enum Kind: UInt16, Sendable, Hashable, CaseIterable {
        case openRequest = 0, openReply = 1, closeRequest = 2, closeReply = 3
        case commitRequest = 4, commitReply = 5, discardRequest = 6, discardReply = 7
    }
}

/// enum ofp_bundle_flags.
public struct BundleFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    public static let atomic = BundleFlags(rawValue: 1)
    public static let ordered = BundleFlags(rawValue: 2)
}

/// A message that waits in a bundle (OpenFlow 1.4 §7.3.9.6).
public struct BundleAdd: Sendable, Hashable {
    public var id: UInt32
    public var flags: BundleFlags
    /// Has the bundle message's own xid.
    public var frame: OpenFlowFrame

    public init(id: UInt32, flags: BundleFlags, frame: OpenFlowFrame) {
        self.id = id
        self.flags = flags
        self.frame = frame
    }
}
