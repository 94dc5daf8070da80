import OpenFlow
import Packet

extension InstructionSet {
    /// Whether the actions suit packets of a match: a field is set only in packets that have it (OpenFlow 1.3.5
    /// §7.4.4.3, OFPBAC_MATCH_INCONSISTENT). In 1.0, actions that name no field skip packets that
    /// they don't suit.
    public func checkConsistency(with match: Match, version: OpenFlowVersion) throws(OpenFlowError) {
        if apply.isEmpty && write.isEmpty { return }
        var check = ActionConsistency(match, version)
        try check.check(apply, isSet: false)
        try check.check(write, isSet: true)
    }
}

/// Follows what actions make of a packet's protocols.
private struct ActionConsistency {
    private var protocols: MatchedProtocols
    private let version: OpenFlowVersion

    init(_ match: Match, _ version: OpenFlowVersion) {
        protocols = MatchedProtocols(match)
        self.version = version
    }

    /// `isSet`: the actions run later, on a packet of which other tables may have made another.
    mutating func check(_ actions: [Action], isSet: Bool) throws(OpenFlowError) {
        for action in actions {
            switch action {
            case .output, .group, .setQueue: continue
            case .setField(let id, let value, let mask):
                try require(id, action)
                if id == .vlanVID && protocols.vlanTags == 0 { throw inconsistent(action) }
                if id == .vlanTCI { setTag(value, mask) }
                if id == .ethType { protocols.etherType = UInt16(truncatingIfNeeded: value) }
            case .load(_, let slice), .push(let slice), .pop(let slice), .outputField(let slice):
                try require(slice.field, action)
            case .move(let source, let destination):
                try require(source.field, action)
                try require(destination.field, action)
            case .modVLANVID, .modVLANPCP: protocols.vlanTags = max(protocols.vlanTags, 1)
            case .pushVLAN:
                if protocols.vlanTags >= 2 { throw .badAction(.badTag, "a packet has two VLAN tags at most") }
                protocols.vlanTags += 1
            case .pushMPLS(let type), .pushPBB(let type): protocols.etherType = type
            case .popVLAN, .popMPLS, .popPBB, .modField, .decrementTTL, .decrementTTLNotifying, .setMPLSTTL,
                .decrementMPLSTTL:
                try checkHeader(action, isSet)
            default: continue
            }
        }
    }

    private mutating func checkHeader(_ action: Action, _ isSet: Bool) throws(OpenFlowError) {
        switch action {
        case .popVLAN:
            try need(protocols.vlanTags > 0, action, isSet)
            protocols.vlanTags = max(protocols.vlanTags - 1, 0)
        case .popMPLS(let type):
            try need(protocols.satisfy(.mpls), action, isSet)
            protocols.etherType = type
        case .popPBB:
            try need(protocols.satisfy(.pbb), action, isSet)
            protocols.etherType = nil
        case .modField(.ipv4Src, _), .modField(.ipv4Dst, _): try need(protocols.satisfy(.ipv4), action, isSet)
        case .modField(.tcpSrc, _), .modField(.tcpDst, _):
            let hasPorts = protocols.satisfy(.tcp) || protocols.satisfy(.udp) || protocols.satisfy(.sctp)
            try need(hasPorts, action, isSet)
        case .modField, .decrementTTL, .decrementTTLNotifying: try need(protocols.satisfy(.ip), action, isSet)
        default: try need(protocols.satisfy(.mpls), action, isSet)
        }
    }

    private mutating func setTag(_ value: UInt128, _ mask: UInt128) {
        let present = UInt128(KeyLayout.vlanPresent)
        guard mask & present != 0 else { return }
        protocols.vlanTags = value & present != 0 ? max(protocols.vlanTags, 1) : max(protocols.vlanTags - 1, 0)
    }

    private func require(_ id: FieldID, _ action: Action) throws(OpenFlowError) {
        let prerequisite = FieldCodes.openFlow[Int(id.rawValue)].field.prerequisite
        if prerequisite != .none && !protocols.satisfy(prerequisite) { throw inconsistent(action) }
    }

    /// An action on a header that the packet may lack: 1.0 knows no such error, and of an action set nothing is known.
    private func need(_ isMet: Bool, _ action: Action, _ isSet: Bool) throws(OpenFlowError) {
        if !isMet && !isSet && version > .v10 { throw inconsistent(action) }
    }

    private func inconsistent(_ action: Action) -> OpenFlowError {
        .badAction(.matchInconsistent, "the match doesn't say that packets have what \(action) changes")
    }
}
