/// `multipath(FIELDS,BASIS,ALGORITHM,N_LINKS,ARG,DST[FIRST..LAST])`: a hash over the packet's fields chooses one of
/// several links, whose number is written into a field (ovs-actions(7)).
public struct MultipathAction: Sendable, Hashable {
    /// Links that there may be.
    public static let linkCounts = 1...65536

    /// How a link is chosen by the hash (enum nx_mp_algorithm in Open vSwitch's nicira-ext.h).
    public enum Algorithm: UInt16, Sendable, CaseIterable {
        /// The hash modulo the number of links.
        case modulo
        /// The hash's range in as many equal parts as there are links.
        case hashThreshold
        /// The link that draws the highest number (RFC 2992 calls it highest random weight).
        case highestRandomWeight
        /// Hashes modulo a power of two, until one is a link's number.
        case iterativeHash

        /// As flow text has it.
        public var name: String {
            switch self {
            case .modulo: "modulo_n"
            case .hashThreshold: "hash_threshold"
            case .highestRandomWeight: "hrw"
            case .iterativeHash: "iter_hash"
            }
        }

        static let names = FlowTextNameTable(allCases.map { ($0.name, $0) }, ignoringCase: true)
    }

    public var fields: HashedFields
    /// With which the hash begins: different ones choose differently.
    public var basis: UInt16
    public var algorithm: Algorithm
    /// Within ``linkCounts``.
    public let linkCount: Int
    /// What ``Algorithm/iterativeHash`` divides by, if it suits the number of links.
    public var argument: UInt32
    /// Where the link's number is written, counted from 0.
    public let destination: FieldSlice

    /// The caller has checked that the links are as many as may be, and that the destination has room for their numbers
    /// (``hasRoom(for:)``).
    public init(
        _ fields: HashedFields, basis: UInt16 = 0, _ algorithm: Algorithm, linkCount: Int, argument: UInt32 = 0,
        destination: FieldSlice
    ) {
        precondition(Self.linkCounts.contains(linkCount) && destination.hasRoom(for: linkCount))
        self.fields = fields
        self.basis = basis
        self.algorithm = algorithm
        self.linkCount = linkCount
        self.argument = argument
        self.destination = destination
    }
}

extension FieldSlice {
    /// Whether it can hold as many different values.
    public func hasRoom(for values: Int) -> Bool { bitCount >= 16 || values <= 1 << bitCount }
}

extension MultipathAction: CustomStringConvertible {
    /// `multipath(symmetric_l4,50,modulo_n,4,0,NXM_NX_REG0[])`
    public var description: String {
        "multipath(\(fields.name),\(basis),\(algorithm.name),\(linkCount),\(argument),\(destination))"
    }
}
