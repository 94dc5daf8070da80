/// One row of the field registry: where a field lives in a ``FlowKey``, how it is called, and what may be done with it.
///
/// The parser of flow text, the printer, mask arithmetic, set-field and the wire codec all read this table, so that a
/// field added to ``FieldRegistry`` is known everywhere.
///
/// Plain bits, so that to look a field up for a packet counts no references; its names stand apart.
public struct Field: Sendable, BitwiseCopyable {
    /// How a value is written in flow text.
    public enum Format: Sendable, Equatable, BitwiseCopyable {
        case decimal, hexadecimal, port, ethernet, ipv4, ipv6
        /// `first`, `later`, `yes`, `no`, `not_later` (ovs-fields(7), ip_frag).
        case fragment
        /// `syn|ack` or `+syn-ack` (ovs-fields(7), tcp_flags).
        case tcpFlags
    }

    /// Which masks a match on the field may have (OpenFlow 1.3.5 §7.2.3.7, table 12).
    public enum Masks: Sendable, BitwiseCopyable { case exactOnly, arbitrary }

    /// What must be matched exactly before the field means anything (OpenFlow 1.3.5 §7.2.3.6).
    public enum Prerequisite: Sendable, Equatable, BitwiseCopyable {
        case none, vlan, mpls, pbb, ipv4, ipv6, ip, arp, tcp, udp, sctp, icmpv4, icmpv6
        case neighbour, neighbourSolicitation, neighbourAdvertisement
    }

    public let id: FieldID
    /// Width in bits, 1…128.
    public let width: Int
    /// The word of the key with the field's low-order bits. A field wider than 64 bits has its high half in `word - 1`.
    public let word: Int
    /// How far the field's lowest bit stands above bit 0 of `word`.
    public let shift: Int
    public let masks: Masks
    public let prerequisite: Prerequisite
    public let format: Format
    /// Whether set_field, load and move may change it.
    public let isWritable: Bool

    /// The name printed and documented.
    public var name: String { names.name }
    /// Other names accepted in flow text.
    public var aliases: [String] { names.aliases }
    /// Names in Nicira's and OpenFlow's extensible match (`NXM_OF_ETH_DST`, `OXM_OF_ETH_DST`), accepted in flow text
    /// and used in `load` and `move`. The first is the one printed.
    public var extensibleNames: [String] { names.extensibleNames }

    private var names: FieldNames { FieldRegistry.names[Int(id.rawValue)] }

    /// All ones over the field's width.
    public var allOnes: UInt128 {
        width <= 64 ? UInt128(lowOnes) : UInt128(UInt64.max >> UInt64(128 - width)) << 64 | UInt128(UInt64.max)
    }

    /// All ones over the width of a field that is 64 bits wide at most.
    fileprivate var lowOnes: UInt64 { .max >> UInt64(64 - width) }

    /// The registry's row for a field.
    public static subscript(_ id: FieldID) -> Field { FieldRegistry.fields[Int(id.rawValue)] }
}

/// How a field is called.
struct FieldNames: Sendable {
    let name: String
    let aliases: [String]
    let extensibleNames: [String]
}

extension FlowKey {
    /// The value of a field, right-aligned.
    public subscript(field: Field) -> UInt128 {
        get {
            let words = words.span
            if field.width <= 64 { return UInt128(words[field.word] >> UInt64(field.shift) & field.lowOnes) }
            let low = UInt128(words[field.word]) >> UInt128(field.shift)
            let whole = low | UInt128(words[field.word - 1]) << 64
            return whole & field.allOnes
        }
        set {
            if field.width > 64 {
                let value = newValue & field.allOnes
                words[field.word] = UInt64(truncatingIfNeeded: value)
                words[field.word - 1] = UInt64(truncatingIfNeeded: value >> 64)
            } else {
                let shift = UInt64(field.shift)
                words[field.word] &= ~(field.lowOnes << shift)
                words[field.word] |= (UInt64(truncatingIfNeeded: newValue) & field.lowOnes) << shift
            }
        }
    }

    /// The value of a field, right-aligned.
    public subscript(id: FieldID) -> UInt128 {
        get { self[Field[id]] }
        set { self[Field[id]] = newValue }
    }
}
