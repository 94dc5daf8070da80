/// An OpenFlow port number, 1.1 and later (OpenFlow 1.3.5 §7.2.1, enum ofp_port_no).
public struct PortNumber: RawRepresentable, Sendable, Hashable, Comparable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public init(_ rawValue: UInt32) { self.rawValue = rawValue }

    /// The highest number that a real port may have.
    public static let maximum = PortNumber(0xffff_ff00)
    public static let inPort = PortNumber(0xffff_fff8)
    public static let table = PortNumber(0xffff_fff9)
    public static let normal = PortNumber(0xffff_fffa)
    public static let flood = PortNumber(0xffff_fffb)
    public static let all = PortNumber(0xffff_fffc)
    public static let controller = PortNumber(0xffff_fffd)
    public static let local = PortNumber(0xffff_fffe)
    public static let any = PortNumber(0xffff_ffff)

    /// The reserved ports by the names that flow text uses.
    public static let reservedNames: [(name: String, port: PortNumber)] = [
        ("IN_PORT", .inPort), ("TABLE", .table), ("NORMAL", .normal), ("FLOOD", .flood), ("ALL", .all),
        ("CONTROLLER", .controller), ("LOCAL", .local), ("ANY", .any),
    ]

    public static func < (left: PortNumber, right: PortNumber) -> Bool { left.rawValue < right.rawValue }
}
