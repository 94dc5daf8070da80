import Packet

/// What a flow matches: values and the bits of them that count, both in the layout of ``FlowKey``.
///
/// Bits of `key` outside `mask` are always zero, so two matches are the same exactly when they are equal.
public struct Match: Sendable, Hashable {
    public private(set) var key = FlowKey()
    public private(set) var mask = FlowMask()

    /// Matches every packet.
    public init() {}

    /// The bits of `key` that `mask` names.
    public init(key: FlowKey, mask: FlowMask) {
        self.key = key & mask
        self.mask = mask
    }

    /// Adds a field. A field set before is replaced in the bits of `mask` only.
    ///
    /// - Parameters:
    ///   - value: right-aligned; bits outside `mask` are ignored.
    ///   - mask: right-aligned; `nil` for the whole field.
    public mutating func set(_ id: FieldID, _ value: UInt128, mask: UInt128? = nil) {
        let field = Field[id]
        let fieldMask = (mask ?? field.allOnes) & field.allOnes
        key[field] = key[field] & ~fieldMask | value & fieldMask
        self.mask[field] |= fieldMask
    }

    /// The bits of a field that count, right-aligned; zero when the field is not looked at.
    public func mask(of id: FieldID) -> UInt128 { mask[id] }

    /// The field's value, if each bit of it counts.
    public func exactValue(of id: FieldID) -> UInt128? {
        mask[id] == Field[id].allOnes ? key[id] : nil
    }

    /// Whether a packet with this key matches.
    public func matches(_ packet: FlowKey) -> Bool { packet & mask == key }
}
