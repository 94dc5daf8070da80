import Packet

/// One step of an action program: what a translation boils down to, ready to be executed on packets.
///
/// Sixteen bytes. A `rewrite` is followed by the instructions that carry its operands (see ``Opcode/rewrite``).
public struct Instruction: BitwiseCopyable, Hashable, Sendable {
    public var opcode: Opcode
    public var detail: UInt8
    /// An index of a port in the data path.
    public var port: UInt16
    public var argument: UInt32
    public var value: UInt64

    /// What to do.
    public enum Opcode: UInt8, BitwiseCopyable, Sendable {
        /// To `port`; `detail` is a ``Delivery``.
        case output
        /// By MAC learning; `detail` is a ``Delivery``. With ``fromOtherPort`` as `argument`, as if the packet had come
        /// in by `port`.
        case normal
        /// Set the field with raw value `detail`: `value` is the new value's low half; the next instruction's `value`
        /// is the low half of the mask. A field wider than 64 bits has the high halves in two more.
        case rewrite
        /// Operand of the instruction before.
        case operand
        /// A new outer tag: `argument` is the TPID, `value` the TCI.
        case pushVLAN
        case popVLAN
        /// Set the bits `argument` of the outer tag's TCI to those of `value`.
        case setVLAN
        /// IPv4 TTL or IPv6 hop limit less one; the packet's program ends when none is left.
        case decrementTTL
        /// A message to controllers; `argument` is the number of ``data`` instructions that follow with what it says
        /// (``ControllerMessage``), `value` how many bytes of the packet it holds at most.
        case controller
        /// Part of the `controller` before.
        case data
        /// A new label stack entry in front of all tags: `argument` is the EtherType. Label, traffic class and TTL are
        /// copied from the entry or the IP header that was the outermost.
        case pushMPLS
        /// Takes the outermost label stack entry away; `argument` is the EtherType of what is under it.
        case popMPLS
        /// TTL of the outermost label stack entry less one; the packet's program ends when none is left.
        case decrementMPLSTTL
        /// TTL of the header below the outermost label stack entry into that entry.
        case copyTTLOut
        /// TTL of the outermost label stack entry into the header below.
        case copyTTLIn
        /// A new backbone service instance tag in front of the packet.
        case pushPBB
        /// Takes the backbone service instance tag away, and with it the backbone addresses.
        case popPBB
        /// To `port`, cut to `argument` bytes; `detail` is a ``Delivery``.
        case truncatedOutput
        /// The `argument` instructions that follow are executed on a packet of their own; `detail` is a ``Delivery``.
        case clone
        /// One of the buckets that follow, which take up `argument` instructions, is executed on a packet of its own.
        /// `detail` is a ``Delivery``, `value` makes the choice differ from that of other groups.
        case select
        /// A bucket of the `select` before: `argument` instructions follow. `value` is what the bucket is known by,
        /// `port` its weight.
        case bucket
        /// The packet counts for the counters at address `value`: a FlowEntry, or with a `detail` of 1 a FlowCounters.
        case count
        /// The packet passes the meter at address `value`, which may drop or, with a `detail` of 1, change it.
        case meter
        /// The packet is parsed and looked up again, as what the pass of number `argument` says.
        case recirculate
    }

    /// What becomes of the packet when it is handed to an output.
    public enum Delivery: UInt8, BitwiseCopyable, Sendable {
        /// It goes; nothing of the program is left to do.
        case final
        /// It stays here too, and is not changed any more.
        case share
        /// It stays here and may be changed: the output gets a copy.
        case copy
    }

    /// The `detail` of a `count` whose counters are no flow's.
    public static var countsAlone: UInt8 { @_noLocks get { 1 } }

    /// The most instructions that follow a `controller`.
    static var controllerDataLimit: Int { @_noLocks get { 2048 } }

    /// The `argument` of a `normal` that names the port to learn at.
    public static var fromOtherPort: UInt32 { @_noLocks get { 1 } }

    @inlinable
    public init(
        _ opcode: Opcode, detail: UInt8 = 0, port: UInt16 = 0, argument: UInt32 = 0, value: UInt64 = 0
    ) {
        self.opcode = opcode
        self.detail = detail
        self.port = port
        self.argument = argument
        self.value = value
    }

    @inlinable
    var delivery: Delivery { @_noLocks get { Delivery(rawValue: detail) ?? .copy } }
}

extension Instruction {
    /// Whether the packet is handed to somebody, as a ``Delivery`` in `detail` says.
    public var hasDelivery: Bool {
        switch opcode {
        case .output, .normal, .truncatedOutput, .clone, .select: true
        default: false
        }
    }

    /// Whether it changes the packet, and does nothing else.
    public var isChange: Bool {
        switch opcode {
        case .rewrite, .operand, .pushVLAN, .popVLAN, .setVLAN, .decrementTTL, .pushMPLS, .popMPLS, .decrementMPLSTTL,
            .copyTTLOut, .copyTTLIn, .pushPBB, .popPBB:
            true
        default: false
        }
    }

    /// Whether a rewrite makes what follows in the packet something else: by another EtherType or protocol.
    var rewritesType: Bool {
        @inline(__always) @_noLocks get {
            detail == FieldID.ethType.rawValue || detail == FieldID.ipProto.rawValue
        }
    }

    /// Instructions that belong to this one and follow it.
    public var length: Int {
        @_noLocks get {
            switch opcode {
            case .controller, .clone, .select, .bucket: Int(argument)
            default: 0
            }
        }
    }
}

/// An action program in the data path's memory: this header, then its instructions.
public struct ActionProgram {
    var count: UInt32
    /// What the packet counts as when the program delivers it nowhere.
    var dropReason: DropReason
    var shape: Shape
    /// The port of the only output.
    var port: UInt16
    private var padding: UInt64 = 0

    /// What a program looks like, so that the common ones can be executed for many packets at once.
    enum Shape: UInt8, BitwiseCopyable {
        case singleOutput, singleNormal
        /// Fields are set, then the packet is given to one port.
        case rewriteAndOutput
        case other
    }

    init(instructions: ContiguousArray<Instruction>, dropReason: DropReason) {
        count = UInt32(instructions.count)
        self.dropReason = dropReason
        let only = instructions.count == 1 ? instructions[0] : nil
        switch only?.opcode {
        case .output: shape = .singleOutput
        case .normal where instructions[0].argument != Instruction.fromOtherPort: shape = .singleNormal
        default: shape = Self.isRewriteAndOutput(instructions) ? .rewriteAndOutput : .other
        }
        port = instructions.last?.port ?? 0
    }

    private static func isRewriteAndOutput(_ instructions: ContiguousArray<Instruction>) -> Bool {
        guard let last = instructions.last, last.opcode == .output, last.delivery == .final else { return false }
        return instructions.dropLast().allSatisfy { instruction in
            switch instruction.opcode {
            case .operand: true
            case .rewrite: !instruction.rewritesType
            default: false
            }
        }
    }
}

extension UnsafePointer<ActionProgram> {
    /// The first instruction. Safe: ``ProgramStore`` allocates header and instructions as one block.
    var instructions: UnsafePointer<Instruction> {
        @inline(__always) @_noLocks get {
            UnsafeRawPointer(self).advanced(by: MemoryLayout<ActionProgram>.stride)
                .assumingMemoryBound(to: Instruction.self)
        }
    }
}
