import OpenFlow

/// The switch's features, configuration and roles.
extension Codec {
    func features(_ reader: inout WireReader) throws(OpenFlowError) -> SwitchFeatures {
        let id = try reader.uint64()
        let buffers = try reader.uint32()
        let (tables, auxiliary) = (try reader.byte(), try reader.byte())
        try reader.skip(2)
        let capabilities = try reader.uint32()
        var features = SwitchFeatures(
            datapathID: id, tableCount: tables,
            capabilities: version == .v10 ? .init(openFlow10: capabilities) : .init(rawValue: capabilities))
        features.bufferCount = buffers
        let last = try reader.uint32()
        if version == .v10 {
            features.actions = last
            while !reader.isAtEnd { features.ports.append(try port(&reader)) }
        } else {
            features.auxiliaryID = auxiliary
        }
        return features
    }

    func write(_ features: SwitchFeatures, _ out: inout WireWriter) {
        out.uint64(features.datapathID)
        out.uint32(features.bufferCount)
        out.byte(features.tableCount)
        out.byte(version == .v10 ? 0 : features.auxiliaryID)
        out.zeros(2)
        if version == .v10 {
            out.uint32(features.capabilities.openFlow10)
            out.uint32(features.actions)
            for port in features.ports { write(port, &out) }
        } else {
            let known: SwitchFeatures.Capabilities =
                version >= .v15 ? .init(rawValue: 0x76f) : .init(rawValue: 0x16f)
            out.uint32(features.capabilities.intersection(known).rawValue)
            out.uint32(0)
        }
    }

    func config(_ reader: inout WireReader) throws(OpenFlowError) -> SwitchConfig {
        let (flags, length) = (try reader.uint16(), try reader.uint16())
        let invalidTTL = version < .v13 ? Self.invalidTTLToController : 0
        guard let fragments = SwitchConfig.Fragments(rawValue: flags & ~invalidTTL) else {
            throw .switchConfigFailed(.badFlags, "there is no configuration \(flags)")
        }
        return SwitchConfig(
            fragments: fragments, sendsInvalidTTL: flags & invalidTTL != 0, missSendLength: length)
    }

    func write(_ config: SwitchConfig, _ out: inout WireWriter) {
        let invalidTTL = version < .v13 && config.sendsInvalidTTL ? Self.invalidTTLToController : 0
        out.uint16(config.fragments.rawValue | invalidTTL)
        out.uint16(config.missSendLength)
    }

    /// OFPC_INVALID_TTL_TO_CONTROLLER of 1.1 and 1.2, which Open vSwitch takes in 1.0 too.
    private static let invalidTTLToController: UInt16 = 4

    func role(_ reader: inout WireReader) throws(OpenFlowError) -> ControllerRole {
        let number = try reader.uint32()
        try reader.skip(4)
        let generation = try reader.uint64()
        guard let role = ControllerRole.Role(rawValue: number) else {
            throw .roleRequestFailed(.badRole, "there is no role \(number)")
        }
        return ControllerRole(role, generationID: generation)
    }

    func write(_ role: ControllerRole, _ out: inout WireWriter) {
        out.uint32(role.role.rawValue)
        out.uint32(0)
        out.uint64(role.generationID ?? .max)
    }

    /// NXT_ROLE_REQUEST, whose roles are numbered from "equal" on.
    func niciraRole(_ reader: inout WireReader) throws(OpenFlowError) -> ControllerRole {
        let number = try reader.uint32()
        guard number < 3, let role = ControllerRole.Role(rawValue: number + 1) else {
            throw .roleRequestFailed(.badRole, "there is no role \(number)")
        }
        return ControllerRole(role, generationID: nil)
    }

    func roleStatus(_ reader: inout WireReader) throws(OpenFlowError) -> RoleStatus {
        let (number, reasonNumber) = (try reader.uint32(), try reader.byte())
        try reader.skip(3)
        let generation = try reader.uint64()
        _ = reader.rest()
        guard let role = ControllerRole.Role(rawValue: number), let reason = RoleStatus.Reason(rawValue: reasonNumber)
        else { throw .badLength("there is no role \(number) or reason \(reasonNumber)") }
        return RoleStatus(ControllerRole(role, generationID: generation), reason: reason)
    }

    func write(_ status: RoleStatus, _ out: inout WireWriter) {
        out.uint32(status.role.role.rawValue)
        out.byte(status.reason.rawValue)
        out.zeros(3)
        out.uint64(status.role.generationID ?? .max)
    }
}

extension SwitchFeatures.Capabilities {
    /// 1.0's bits: 3 is the spanning tree, 7 addresses in ARP (OpenFlow 1.0.0 §5.3.1).
    init(openFlow10 bits: UInt32) {
        self.init(rawValue: bits & 0xe7)
        if bits & 8 != 0 { insert(.spanningTree) }
    }

    var openFlow10: UInt32 { rawValue & 0xe7 | (contains(.spanningTree) ? 8 : 0) }
}
