import Packet

extension ActionCheck {
    /// What an action lacks.
    public enum Reason: Error, Sendable, Hashable {
        /// The match, with the actions before this one, does not guarantee what the field needs.
        case missingPrerequisite(FieldID)
        /// The match, with the actions before this one, does not guarantee what the action changes.
        case missingProtocol(Field.Prerequisite)
        /// There may be no VLAN tag whose field could be set, or which could be popped.
        case missingVLANTag
        /// Another VLAN tag would be one too many.
        case tooManyVLANTags
        /// No action may change the field.
        case readOnly(FieldID)
        /// Ports can only be set where there are some.
        case missingTransport
        /// No header is known to be there whose TTL could be copied.
        case missingTTL
        /// Beside `conjunction` only `note` may stand.
        case besideConjunction
        /// No action set, and so no bucket, may hold it.
        case notInActionSet

        /// The standard's error for it.
        public func openFlowError(_ message: String) -> OpenFlowError {
            switch self {
            case .missingPrerequisite, .missingProtocol, .missingVLANTag, .missingTransport, .missingTTL:
                .badAction(.matchInconsistent, message)
            case .tooManyVLANTags: .badAction(.badTag, message)
            case .readOnly: .badAction(.badSetArgument, message)
            case .notInActionSet: .badAction(.badType, message)
            // NXBAC_BAD_CONJUNCTION, of Nicira's error type 4.
            case .besideConjunction: OpenFlowError(type: 4, code: 0, experimenter: 0x0000_2320, message)
            }
        }
    }
}

extension ActionCheck.Reason: CustomStringConvertible {
    /// What is wrong, and how to mend it.
    public var description: String {
        switch self {
        case .missingPrerequisite(let id):
            "\(Field[id].name) needs \(Field[id].prerequisite.flowText) in the match"
        case .missingProtocol(let prerequisite): "it needs \(prerequisite.flowText) in the match"
        case .missingVLANTag:
            "it needs a VLAN tag: match on one (dl_vlan=VID), or add one first (push_vlan:0x8100)"
        case .tooManyVLANTags: "a packet has two VLAN tags at most"
        case .readOnly(let id): "\(Field[id].name) is read-only"
        case .missingTransport: "it needs one of tcp, udp, sctp, tcp6, udp6, sctp6 in the match"
        case .missingTTL: "it needs one of mpls, mplsm, ip, ipv6 in the match"
        case .notInActionSet: "an action set can't hold it"
        case .besideConjunction: "only note may stand beside conjunction"
        }
    }
}
