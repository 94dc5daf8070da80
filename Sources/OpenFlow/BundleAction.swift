/// `bundle(…)` and `bundle_load(…)`: one of several ports, those that are alive, chosen by order or by a hash
/// (ovs-actions(7)).
public struct BundleAction: Sendable, Hashable {
    /// Ports that there may be to choose from (Open vSwitch's BUNDLE_MAX_MEMBERS).
    public static let mostMembers = 2048

    /// How a port is chosen (enum nx_bd_algorithm in Open vSwitch's nicira-ext.h).
    public enum Algorithm: UInt16, Sendable, CaseIterable {
        /// The first that is alive.
        case activeBackup
        /// Of those that are alive the one that draws the highest number.
        case highestRandomWeight

        /// As flow text has it.
        public var name: String {
            switch self {
            case .activeBackup: "active_backup"
            case .highestRandomWeight: "hrw"
            }
        }

        static let names = FlowTextNameTable(allCases.map { ($0.name, $0) }, ignoringCase: true)
    }

    public var fields: HashedFields
    /// With which the hash begins: different ones choose differently.
    public var basis: UInt16
    public var algorithm: Algorithm
    /// Ports with numbers of 16 bits, and reserved ones; ``PortNumber/any`` stands for none, and is always alive.
    public var members: [PortNumber]
    /// Where the port's number is written; `nil`: the packet is output there.
    public let destination: FieldSlice?

    /// The caller has checked that the destination has ``portBits`` at least.
    public init(
        _ fields: HashedFields, basis: UInt16 = 0, _ algorithm: Algorithm, members: [PortNumber],
        destination: FieldSlice? = nil
    ) {
        precondition(destination.map { $0.bitCount >= Self.portBits } ?? true)
        self.fields = fields
        self.basis = basis
        self.algorithm = algorithm
        self.members = members
        self.destination = destination
    }

    /// The bits of a port's number, as in OpenFlow 1.0.
    public static let portBits = 16

    /// Whether a port can be chosen from. To a controller nothing goes, as the action can't say how much of a packet.
    public static func mayHold(_ port: PortNumber) -> Bool {
        port.rawValue < 0xff00 || (port >= .inPort && port != .controller)
    }
}

extension BundleAction: CustomStringConvertible {
    /// `bundle(eth_src,0,hrw,ofport,members:4,8)`
    public var description: String {
        let target = destination.map { "\($0)," } ?? ""
        let ports = members.map(\.description).joined(separator: ",")
        return "bundle\(destination == nil ? "" : "_load")(\(fields.name),\(basis),\(algorithm.name),ofport,"
            + "\(target)members:\(ports))"
    }
}
