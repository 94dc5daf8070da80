import Datapath
import FlowTable
import OpenFlow
import Packet

extension Translator {
    /// The bucket of a group that chooses by certain fields. The choice is made here and now: packets that agree in
    /// those fields share the decision, and have nothing to draw when they come.
    ///
    /// - Returns: one of `buckets`; `nil`: the packet must be parsed again before its fields can be known.
    mutating func choose(_ buckets: [Int], of entry: GroupEntry, by fields: [Group.HashField]) -> Int? {
        var hash = entry.seed
        for field in fields {
            let isThere = has(Field[field.id].prerequisite)
            if isThere, halt == nil { examine(field.id, bits: field.mask) }
            if halt != nil { return nil }
            if !isThere { continue }
            let value = key[field.id] & field.mask
            hash = BucketChoice.mix(hash, UInt64(truncatingIfNeeded: value))
            if Field[field.id].width > 64 { hash = BucketChoice.mix(hash, UInt64(truncatingIfNeeded: value >> 64)) }
        }
        return buckets.max { entry.score($0, hash) < entry.score($1, hash) }
    }

    /// Whether the packet has the fields that need this; what follows depends on it.
    ///
    /// Fragments count as without a transport header: only the first has one, and all are to go the same way.
    private mutating func has(_ prerequisite: Field.Prerequisite) -> Bool {
        let present = UInt128(KeyLayout.vlanPresent)
        switch prerequisite {
        case .none: return true
        case .vlan:
            examine(.vlanTCI, bits: present)
            return key[.vlanTCI] & present != 0
        case .mpls, .pbb, .ipv4, .ipv6, .ip, .arp:
            examine(.ethType)
            return satisfies(prerequisite)
        case .tcp, .udp, .sctp, .icmpv4, .icmpv6:
            return hasTransport() && satisfies(prerequisite)
        case .neighbour, .neighbourSolicitation, .neighbourAdvertisement:
            guard hasTransport(), satisfies(.icmpv6) else { return false }
            examine(.icmpv6Type)
            examine(.icmpv6Code)
            return satisfies(prerequisite)
        }
    }

    private mutating func hasTransport() -> Bool {
        examine(.ethType)
        guard halt == nil, satisfies(.ip) else { return false }
        examine(.ipProto)
        examine(.ipFrag, bits: UInt128(KeyLayout.fragmentAny))
        return key[.ipFrag] & UInt128(KeyLayout.fragmentAny) == 0
    }

    private func satisfies(_ prerequisite: Field.Prerequisite) -> Bool {
        MatchedProtocols(key: key, mask: Self.types).satisfy(prerequisite)
    }

    /// Whatever decides which fields a packet has.
    private static let types: FlowMask = {
        var mask = FlowMask()
        for field: FieldID in [.ethType, .ipProto, .icmpv6Type, .icmpv6Code] { mask[field] = Field[field].allOnes }
        return mask
    }()
}
