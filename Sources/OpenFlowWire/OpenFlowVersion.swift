/// A version of OpenFlow, by its number on the wire.
public enum OpenFlowVersion: UInt8, Sendable, Hashable, CaseIterable, Comparable {
    case v10 = 1
    case v11 = 2
    case v12 = 3
    case v13 = 4
    case v14 = 5
    case v15 = 6

    public static func < (left: OpenFlowVersion, right: OpenFlowVersion) -> Bool { left.rawValue < right.rawValue }
}

/// A set of versions, as hello messages carry it: bit n stands for version n (OpenFlow 1.3.5 §7.5.1).
///
/// Versions that are not known here keep their bits.
public struct VersionSet: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The set of these versions.
    public init(_ versions: some Sequence<OpenFlowVersion>) {
        rawValue = versions.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
    }

    /// Every version up to this number: what a hello without a bitmap means (OpenFlow 1.3.5 §6.3.1).
    public init(upTo version: UInt8) {
        rawValue = version >= 31 ? ~1 : (1 << (UInt32(version) + 1) - 1) & ~1
    }

    /// Whether a version is among them.
    public func contains(_ version: OpenFlowVersion) -> Bool { rawValue & 1 << UInt32(version.rawValue) != 0 }

    /// The highest version that both sides speak; `nil`: there is none.
    public func highestCommon(with other: VersionSet) -> OpenFlowVersion? {
        let common = intersection(other)
        return OpenFlowVersion.allCases.last { common.contains($0) }
    }
}
