import Datapath
import OpenFlow
import Packet

/// Actions that choose a link by a hash over the packet's fields. The choice is made here and now: packets that agree
/// in those fields share the decision.
extension Translator {
    /// `multipath`
    mutating func chooseLink(_ action: MultipathAction) {
        guard let hash = hash(over: action.fields, basis: action.basis) else { return }
        write(UInt128(action.link(for: hash)), to: action.destination)
    }

    /// `nil`: the packet must be parsed again before its fields can be known.
    private mutating func hash(over fields: HashedFields, basis: UInt16) -> UInt32? {
        if opaque != nil {
            var reading = KeyReading(key)
            _ = fields.hash(of: &reading, basis: basis)
            reveal(reading.bits)
            if halt != nil { return nil }
        }
        var reading = KeyReading(key)
        let hash = fields.hash(of: &reading, basis: basis)
        translation.mask = translation.mask | reading.bits
        return hash
    }
}
