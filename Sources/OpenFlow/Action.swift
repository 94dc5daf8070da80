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
    /// `dec_ttl(1,2)`: the numbers of the controllers that hear of a packet whose TTL is invalid.
    case decrementTTLNotifying([UInt16])
    /// `group:ID`
    case group(UInt32)
    /// `meter:ID`, as an action (OpenFlow 1.5); as an instruction it stands in ``InstructionSet/meter``.
    case meter(UInt32)
    /// `set_queue:ID`: what is output from here on goes to that queue of its port.
    case setQueue(UInt32)
    /// `pop_queue`
    case popQueue
    /// `enqueue:PORT:QUEUE` (OpenFlow 1.0).
    case enqueue(PortNumber, queue: UInt32)
    /// `push_mpls:ETHERTYPE` (0x8847 or 0x8848).
    case pushMPLS(etherType: UInt16)
    /// `pop_mpls:ETHERTYPE`: what is under the entry popped.
    case popMPLS(etherType: UInt16)
    /// `set_mpls_ttl:TTL`
    case setMPLSTTL(UInt8)
    /// `dec_mpls_ttl`
    case decrementMPLSTTL
    /// `copy_ttl_out`: from the next-to-outermost header with a TTL to the outermost.
    case copyTTLOut
    /// `copy_ttl_in`: from the outermost header with a TTL to the next-to-outermost.
    case copyTTLIn
    /// `push_pbb:ETHERTYPE` (0x88e7).
    case pushPBB(etherType: UInt16)
    /// `pop_pbb`
    case popPBB
    /// `controller(…)` with more than a length.
    indirect case controller(ControllerAction)
    /// `learn(…)`
    indirect case learn(LearnAction)
    /// `conjunction(ID, CLAUSE/COUNT)`; clauses count from 1.
    case conjunction(id: UInt32, clause: UInt8, count: UInt8)
    /// `note:…`: bytes that mean nothing to the switch.
    case note([UInt8])
    /// `push:FIELD[a..b]`: onto a stack of the packet's own.
    case push(FieldSlice)
    /// `pop:FIELD[a..b]`: from that stack.
    case pop(FieldSlice)
    /// `exit`: nothing more is looked up or done for the packet.
    case exit
    /// `fin_timeout(…)`: other timeouts, in seconds, once a TCP connection ends.
    case finTimeout(idleSeconds: UInt16, hardSeconds: UInt16)
    /// `multipath(…)`: a link, chosen by a hash, into a field.
    indirect case multipath(MultipathAction)
    /// `bundle(…)` or `bundle_load(…)`: to a live port, or its number into a field.
    indirect case bundle(BundleAction)
    /// `clone(ACTION,…)`: actions after which the packet is as it was before.
    indirect case clone([Action])
    /// `output(port=PORT,max_len=BYTES)`: a packet cut to that length.
    case outputTruncated(PortNumber, maxLength: UInt32)
}

/// The instructions of a flow, in the order in which OpenFlow executes them (OpenFlow 1.3.5 §5.9).
public struct InstructionSet: Sendable, Hashable {
    /// The meter that packets pass first, and that may drop them.
    public var meter: UInt32?
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
