import Packet

/// A run of bits of a field: `NXM_NX_REG0[8..15]`.
public struct FieldSlice: Sendable, Hashable {
    public let field: FieldID
    /// The lowest bit, counted from the field's least significant one.
    public let firstBit: Int
    public let bitCount: Int

    /// Part of a field. The caller has checked that it lies within.
    public init(_ field: FieldID, firstBit: Int, bitCount: Int) {
        precondition(firstBit >= 0 && bitCount > 0 && firstBit + bitCount <= Field[field].width)
        self.field = field
        self.firstBit = firstBit
        self.bitCount = bitCount
    }

    /// A whole field.
    public init(_ field: FieldID) { self.init(field, firstBit: 0, bitCount: Field[field].width) }

    public var isWholeField: Bool { bitCount == Field[field].width }
}

/// One thing to do with a packet (OpenFlow 1.3.5 §5.12; extensions as in ovs-actions(7)).
///
/// Groups, meters, MPLS and PBB actions get their cases with the OpenFlow sessions.
public enum Action: Sendable, Hashable {
    /// `output:PORT`, also by a reserved port's name. `maxLength`: bytes of the packet sent to a controller.
    case output(PortNumber, maxLength: UInt16)
    /// `output:NXM_NX_REG0[16..31]`: to the port whose number stands in a field.
    case outputField(FieldSlice)
    /// `resubmit(PORT,TABLE)`: look up again, as if the packet had come in on `port`. `nil`: the port, or the table,
    /// as it is.
    case resubmit(port: PortNumber?, table: UInt8?)
    /// `set_field:VALUE/MASK->FIELD`; both right-aligned.
    case setField(FieldID, value: UInt128, mask: UInt128)
    /// `load:VALUE->FIELD[a..b]`: `value` is right-aligned in the slice.
    case load(value: UInt64, to: FieldSlice)
    /// `move:SOURCE[a..b]->DESTINATION[c..d]`
    case move(from: FieldSlice, to: FieldSlice)
    /// `push_vlan:ETHERTYPE` (0x8100 or 0x88a8).
    case pushVLAN(etherType: UInt16)
    /// `strip_vlan` or `pop_vlan`.
    case popVLAN
    /// `mod_vlan_vid:VID`: adds a tag where there is none (OpenFlow 1.0).
    case modVLANVID(UInt16)
    /// `mod_vlan_pcp:PCP`: adds a tag where there is none (OpenFlow 1.0).
    case modVLANPCP(UInt8)
    /// `mod_nw_src:IP` and its kin set a field if the packet has it, and need no prerequisite (OpenFlow 1.0).
    /// One of `ipv4Src`, `ipv4Dst`, `ipDSCP`, `ipECN`, `ipTTL`, `tcpSrc`, `tcpDst`; `tcp…` stands for TCP, UDP and
    /// SCTP alike.
    case modField(FieldID, UInt32)
    /// `dec_ttl`
    case decrementTTL
}

/// The instructions of a flow, in the order in which OpenFlow executes them (OpenFlow 1.3.5 §5.9).
public struct InstructionSet: Sendable, Hashable {
    public var apply: [Action] = []
    public var clearsActionSet = false
    public var write: [Action] = []
    public var metadata: MetadataWrite?
    public var gotoTable: UInt8?

    public init() {}

    public init(apply: [Action]) { self.apply = apply }

    /// `write_metadata:VALUE/MASK`
    public struct MetadataWrite: Sendable, Hashable {
        public var value: UInt64
        public var mask: UInt64
        public init(value: UInt64, mask: UInt64 = .max) {
            self.value = value
            self.mask = mask
        }
    }
}
