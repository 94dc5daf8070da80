/// Why a request was refused, as OpenFlow tells it (OpenFlow 1.3.5 §7.4.4; ONF and Nicira extensions).
public struct OpenFlowError: Error, Sendable, Hashable {
    /// enum ofp_error_type.
    public var type: UInt16
    /// One of the type's own codes.
    public var code: UInt16
    /// The experimenter whose codes they are; `nil`: OpenFlow's own. Then `type` is the experimenter's.
    public var experimenter: UInt32?
    /// In words, for logs and for operators.
    public var message: String

    public init(type: UInt16, code: UInt16, experimenter: UInt32? = nil, _ message: String) {
        self.type = type
        self.code = code
        self.experimenter = experimenter
        self.message = message
    }
}

extension OpenFlowError: CustomStringConvertible {
    public var description: String { message }
}

/// The errors by the standard's names (OpenFlow 1.3.5 §7.4.4).
extension OpenFlowError {
    private static func badRequest(_ code: UInt16, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 1, code: code, message)
    }
    /// OFPBRC_BAD_VERSION: `header.version` is not supported.
    public static func badVersion(_ message: String) -> OpenFlowError { badRequest(0, message) }
    /// OFPBRC_BAD_TYPE: `header.type` is not supported.
    public static func badType(_ message: String) -> OpenFlowError { badRequest(1, message) }
    /// OFPBRC_BAD_MULTIPART: a multipart request of a type that is not supported.
    public static func badMultipart(_ message: String) -> OpenFlowError { badRequest(2, message) }
    /// OFPBRC_BAD_EXPERIMENTER: nothing of that experimenter is known.
    public static func badExperimenter(_ message: String) -> OpenFlowError { badRequest(3, message) }
    /// OFPBRC_BAD_EXP_TYPE: the experimenter is known, but not that message of its.
    public static func badExperimenterType(_ message: String) -> OpenFlowError { badRequest(4, message) }
    /// OFPBRC_EPERM: the controller may not ask for this.
    public static func permissions(_ message: String) -> OpenFlowError { badRequest(5, message) }
    /// OFPBRC_BAD_LEN: the message is too short or too long for its type.
    public static func badLength(_ message: String) -> OpenFlowError { badRequest(6, message) }
    /// OFPBRC_BUFFER_EMPTY: the buffered packet was used before.
    public static func bufferEmpty(_ message: String) -> OpenFlowError { badRequest(7, message) }
    /// OFPBRC_BUFFER_UNKNOWN: no packet is buffered by that number.
    public static func bufferUnknown(_ message: String) -> OpenFlowError { badRequest(8, message) }
    /// OFPBRC_BAD_TABLE_ID: there is no such table.
    public static func badRequestTable(_ message: String) -> OpenFlowError { badRequest(9, message) }
    /// OFPBRC_IS_SLAVE: the controller has the role of a slave, which may not change anything.
    public static func isSlave(_ message: String) -> OpenFlowError { badRequest(10, message) }
    /// OFPBRC_BAD_PORT: there is no such port.
    public static func badRequestPort(_ message: String) -> OpenFlowError { badRequest(11, message) }
    /// OFPBRC_BAD_PACKET: the packet of a packet-out is not valid.
    public static func badPacket(_ message: String) -> OpenFlowError { badRequest(12, message) }
    /// OFPBRC_MULTIPART_BUFFER_OVERFLOW: the parts of a request are more than the switch keeps.
    public static func multipartBufferOverflow(_ message: String) -> OpenFlowError { badRequest(13, message) }

    /// OFPET_BAD_ACTION; `code`: enum ofp_bad_action_code.
    public static func badAction(_ code: BadAction, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 2, code: code.rawValue, message)
    }
    /// OFPET_BAD_INSTRUCTION; `code`: enum ofp_bad_instruction_code.
    public static func badInstruction(_ code: BadInstruction, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 3, code: code.rawValue, message)
    }
    /// OFPET_BAD_MATCH; `code`: enum ofp_bad_match_code.
    public static func badMatch(_ code: BadMatch, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 4, code: code.rawValue, message)
    }
    /// OFPET_FLOW_MOD_FAILED; `code`: enum ofp_flow_mod_failed_code.
    public static func flowModFailed(_ code: FlowModFailed, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 5, code: code.rawValue, message)
    }
    /// OFPET_GROUP_MOD_FAILED; `code`: enum ofp_group_mod_failed_code.
    public static func groupModFailed(_ code: GroupModFailed, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 6, code: code.rawValue, message)
    }
    /// OFPET_METER_MOD_FAILED; `code`: enum ofp_meter_mod_failed_code.
    public static func meterModFailed(_ code: MeterModFailed, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 12, code: code.rawValue, message)
    }

    /// enum ofp_bad_action_code: OFPBAC_… in the order of their numbers, from 0.
    public enum BadAction: UInt16, Sendable {
        case badType, badLength, badExperimenter, badExperimenterType, badOutPort, badArgument, permissions, tooMany
        case badQueue, badOutGroup, matchInconsistent, unsupportedOrder, badTag, badSetType, badSetLength
        case badSetArgument
    }
    /// enum ofp_bad_instruction_code: OFPBIC_… in the order of their numbers, from 0.
    public enum BadInstruction: UInt16, Sendable {
        case unknown, unsupported, badTableID, unsupportedMetadata, unsupportedMetadataMask, badExperimenter
        case badExperimenterType, badLength, permissions
    }
    /// enum ofp_bad_match_code: OFPBMC_… in the order of their numbers, from 0.
    public enum BadMatch: UInt16, Sendable {
        case badType, badLength, badTag, badDataLinkMask, badNetworkMask, badWildcards, badField, badValue, badMask
        case badPrerequisite, duplicateField, permissions
    }
    /// enum ofp_flow_mod_failed_code: OFPFMFC_… in the order of their numbers, from 0.
    public enum FlowModFailed: UInt16, Sendable {
        case unknown, tableFull, badTableID, overlap, permissions, badTimeout, badCommand, badFlags
    }
    /// enum ofp_group_mod_failed_code: OFPGMFC_… in the order of their numbers, from 0.
    public enum GroupModFailed: UInt16, Sendable {
        case groupExists, invalidGroup, weightUnsupported, outOfGroups, outOfBuckets, chainingUnsupported
        case watchUnsupported, loop, unknownGroup, chainedGroup, badType, badCommand, badBucket, badWatch, permissions
        /// OpenFlow 1.5.
        case unknownBucket, bucketExists
    }
    /// enum ofp_meter_mod_failed_code: OFPMMFC_… in the order of their numbers, from 0.
    public enum MeterModFailed: UInt16, Sendable {
        case unknown, meterExists, invalidMeter, unknownMeter, badCommand, badFlags, badRate, badBurst, badBand
        case badBandValue, outOfMeters, outOfBands
    }
}
