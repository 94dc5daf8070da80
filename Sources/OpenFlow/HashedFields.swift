/// The fields of a packet over which `multipath` and `bundle` take their hash (ovs-actions(7); the numbers are those of
/// enum nx_hash_fields in Open vSwitch's nicira-ext.h).
public enum HashedFields: UInt16, Sendable, CaseIterable {
    case ethernetSource
    /// Addresses of Ethernet and IP, VLANs, EtherType, protocol, ports of TCP and SCTP: the same for both directions.
    case symmetricTransport
    /// IP addresses, protocol, ports of TCP and SCTP; of other packets, Ethernet addresses, VLANs and EtherType: the
    /// same for both directions.
    case symmetricNetworkAndTransport
    /// As ``symmetricNetworkAndTransport``, with UDP's ports.
    case symmetricNetworkAndTransportWithUDP
    case networkSource
    case networkDestination
    /// EtherType and IP addresses: the same for both directions.
    case symmetricNetwork

    /// As flow text has it.
    public var name: String {
        switch self {
        case .ethernetSource: "eth_src"
        case .symmetricTransport: "symmetric_l4"
        case .symmetricNetworkAndTransport: "symmetric_l3l4"
        case .symmetricNetworkAndTransportWithUDP: "symmetric_l3l4+udp"
        case .networkSource: "nw_src"
        case .networkDestination: "nw_dst"
        case .symmetricNetwork: "symmetric_l3"
        }
    }

    static let names = FlowTextNameTable(allCases.map { ($0.name, $0) }, ignoringCase: true)
}
