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

    /// `bundle` and `bundle_load`. When a port comes, goes, or changes its state, all this is translated anew.
    mutating func choosePort(_ action: BundleAction, depth: Int) {
        guard let port = liveMember(action) else { return }
        if let destination = action.destination {
            write(UInt128(UInt16(truncatingIfNeeded: port.rawValue)), to: destination)
        } else {
            execute(.output(port, maxLength: 0), depth: depth)
        }
    }

    /// The port chosen, ``PortNumber/any`` if none is alive (bundle_execute in Open vSwitch's lib/bundle.c); `nil`: the
    /// packet must be parsed again first.
    private mutating func liveMember(_ action: BundleAction) -> PortNumber? {
        let live = action.members.indices.filter { isLive(action.members[$0]) }
        guard let first = live.first else { return .any }
        if action.algorithm == .activeBackup || live.count == 1 { return action.members[first] }
        guard let hash = hash(over: action.fields, basis: action.basis) else { return nil }
        func weight(_ index: Int) -> UInt32 { ByteHash.murmur(UInt32(index), hash) }
        // Of several that draw the same the first.
        return action.members[live.dropFirst().reduce(first) { weight($1) > weight($0) ? $1 : $0 }]
    }

    /// Whether packets sent there get anywhere; reserved ports always count as such.
    private func isLive(_ port: PortNumber) -> Bool {
        if port > .maximum && port != .local { return true }
        return pipeline.port(port.rawValue)?.isLive == true
    }

    /// `nil`: the packet must be parsed again before its fields can be known.
    private mutating func hash(over fields: HashedFields, basis: UInt16) -> UInt32? {
        if !opaque.isEmpty {
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
