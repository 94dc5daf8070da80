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
    public static func badVersion(_ message: String) -> OpenFlowError { badRequest(0, message) }
    public static func badType(_ message: String) -> OpenFlowError { badRequest(1, message) }
    public static func badMultipart(_ message: String) -> OpenFlowError { badRequest(2, message) }
    public static func badExperimenter(_ message: String) -> OpenFlowError { badRequest(3, message) }
    public static func badExperimenterType(_ message: String) -> OpenFlowError { badRequest(4, message) }
    public static func permissions(_ message: String) -> OpenFlowError { badRequest(5, message) }
    public static func badLength(_ message: String) -> OpenFlowError { badRequest(6, message) }
    public static func bufferEmpty(_ message: String) -> OpenFlowError { badRequest(7, message) }
    public static func bufferUnknown(_ message: String) -> OpenFlowError { badRequest(8, message) }
    public static func badRequestTable(_ message: String) -> OpenFlowError { badRequest(9, message) }
    public static func isSlave(_ message: String) -> OpenFlowError { badRequest(10, message) }
    public static func badRequestPort(_ message: String) -> OpenFlowError { badRequest(11, message) }
    public static func badPacket(_ message: String) -> OpenFlowError { badRequest(12, message) }
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

    public enum BadAction: UInt16, Sendable {
        case badType, badLength, badExperimenter, badExperimenterType, badOutPort, badArgument, permissions, tooMany
        case badQueue, badOutGroup, matchInconsistent, unsupportedOrder, badTag, badSetType, badSetLength
        case badSetArgument
    }
    public enum BadInstruction: UInt16, Sendable {
        case unknown, unsupported, badTableID, unsupportedMetadata, unsupportedMetadataMask, badExperimenter
        case badExperimenterType, badLength, permissions
    }
    public enum BadMatch: UInt16, Sendable {
        case badType, badLength, badTag, badDataLinkMask, badNetworkMask, badWildcards, badField, badValue, badMask
        case badPrerequisite, duplicateField, permissions
    }
    public enum FlowModFailed: UInt16, Sendable {
        case unknown, tableFull, badTableID, overlap, permissions, badTimeout, badCommand, badFlags
    }
    public enum GroupModFailed: UInt16, Sendable {
        case groupExists, invalidGroup, weightUnsupported, outOfGroups, outOfBuckets, chainingUnsupported
        case watchUnsupported, loop, unknownGroup, chainedGroup, badType, badCommand, badBucket, badWatch, permissions
    }
    public enum MeterModFailed: UInt16, Sendable {
        case unknown, meterExists, invalidMeter, unknownMeter, badCommand, badFlags, badRate, badBurst, badBand
        case badBandValue, outOfMeters, outOfBands
    }
}
