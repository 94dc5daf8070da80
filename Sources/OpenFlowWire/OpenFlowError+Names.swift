import OpenFlow

/// Further errors by the standard's names, with the numbers that 1.4 has (OpenFlow 1.4 §7.5.4). The codec writes them
/// with those of the version: bundles' errors on 1.3, for example, are ONF's.
extension OpenFlowError {
    /// OFPET_HELLO_FAILED, OFPHFC_INCOMPATIBLE.
    public static func incompatibleVersions(_ message: String) -> OpenFlowError {
        OpenFlowError(type: 0, code: 0, message)
    }
    /// OFPET_PORT_MOD_FAILED; `code`: enum ofp_port_mod_failed_code.
    public static func portModFailed(_ code: PortModFailed, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 7, code: code.rawValue, message)
    }
    /// OFPET_TABLE_MOD_FAILED; `code`: enum ofp_table_mod_failed_code.
    public static func tableModFailed(_ code: TableModFailed, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 8, code: code.rawValue, message)
    }
    /// OFPET_QUEUE_OP_FAILED; `code`: enum ofp_queue_op_failed_code.
    public static func queueOperationFailed(_ code: QueueOperationFailed, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 9, code: code.rawValue, message)
    }
    /// OFPET_SWITCH_CONFIG_FAILED; `code`: enum ofp_switch_config_failed_code.
    public static func switchConfigFailed(_ code: SwitchConfigFailed, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 10, code: code.rawValue, message)
    }
    /// OFPET_ROLE_REQUEST_FAILED; `code`: enum ofp_role_request_failed_code.
    public static func roleRequestFailed(_ code: RoleRequestFailed, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 11, code: code.rawValue, message)
    }
    /// OFPET_TABLE_FEATURES_FAILED; `code`: enum ofp_table_features_failed_code.
    public static func tableFeaturesFailed(_ code: TableFeaturesFailed, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 13, code: code.rawValue, message)
    }
    /// OFPET_BAD_PROPERTY; `code`: enum ofp_bad_property_code.
    public static func badProperty(_ code: BadProperty, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 14, code: code.rawValue, message)
    }
    /// OFPET_ASYNC_CONFIG_FAILED; `code`: enum ofp_async_config_failed_code.
    public static func asyncConfigFailed(_ code: AsyncConfigFailed, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 15, code: code.rawValue, message)
    }
    /// OFPET_FLOW_MONITOR_FAILED; `code`: enum ofp_flow_monitor_failed_code.
    public static func flowMonitorFailed(_ code: FlowMonitorFailed, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 16, code: code.rawValue, message)
    }
    /// OFPET_BUNDLE_FAILED; `code`: enum ofp_bundle_failed_code.
    public static func bundleFailed(_ code: BundleFailed, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 17, code: code.rawValue, message)
    }
    /// OFPBIC_DUP_INST.
    public static func duplicateInstruction(_ message: String) -> OpenFlowError {
        OpenFlowError(type: 3, code: 9, message)
    }

    /// enum ofp_port_mod_failed_code.
    public enum PortModFailed: UInt16, Sendable {
        case badPort, badHardwareAddress, badConfig, badAdvertise, permissions
    }
    /// enum ofp_table_mod_failed_code.
    public enum TableModFailed: UInt16, Sendable { case badTable, badConfig, permissions }
    /// enum ofp_queue_op_failed_code.
    public enum QueueOperationFailed: UInt16, Sendable { case badPort, badQueue, permissions }
    /// enum ofp_switch_config_failed_code.
    public enum SwitchConfigFailed: UInt16, Sendable { case badFlags, badLength, permissions }
    /// enum ofp_role_request_failed_code.
    public enum RoleRequestFailed: UInt16, Sendable { case stale, unsupported, badRole }
    /// enum ofp_table_features_failed_code.
    public enum TableFeaturesFailed: UInt16, Sendable {
        case badTable, badMetadata, badType, badLength, badArgument, permissions
    }
    /// enum ofp_bad_property_code.
    public enum BadProperty: UInt16, Sendable {
        case badType, badLength, badValue, tooMany, duplicateType, badExperimenter, badExperimenterType
        case badExperimenterValue, permissions
    }
    /// enum ofp_async_config_failed_code.
    public enum AsyncConfigFailed: UInt16, Sendable { case invalid, unsupported, permissions }
    /// enum ofp_flow_monitor_failed_code.
    public enum FlowMonitorFailed: UInt16, Sendable {
        case unknown, monitorExists, invalidMonitor, unknownMonitor, badCommand, badFlags, badTableID, badOut
    }
    /// enum ofp_bundle_failed_code.
    public enum BundleFailed: UInt16, Sendable {
        case unknown, permissions, badID, bundleExists, bundleClosed, outOfBundles, badType, badFlags
        case messageBadLength, messageBadXID, messageUnsupported, messageConflict, messageTooMany, messageFailed
        case timeout, bundleInProgress
    }
}
