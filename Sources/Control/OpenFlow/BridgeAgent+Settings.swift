import OpenFlow
import OpenFlowWire
import Switch

/// Features, roles and tables as connections see and set them.
extension BridgeAgent {
    func features(for connection: ControllerConnection) -> SwitchFeatures {
        var features = SwitchFeatures(
            datapathID: bridge.datapathID, tableCount: Flow.lastTable + 1,
            capabilities: [.flowStatistics, .tableStatistics, .portStatistics, .queueStatistics, .groupStatistics])
        // 1.0 … 1.2 tell other things with the bits of later ones.
        if connection.version == .v10 {
            features.capabilities.remove(.groupStatistics)
            features.capabilities.insert(.arpMatchesAddresses)
        }
        if connection.version >= .v15 { features.capabilities.formUnion([.bundles, .flowMonitoring]) }
        features.bufferCount = UInt32(PacketBuffers.capacity)
        features.ports = portDescriptions()
        return features
    }

    func description() -> SwitchDescription {
        SwitchDescription(
            manufacturer: "evs", hardware: "DPDK", software: software, serialNumber: "None", datapath: bridge.name)
    }

    // MARK: Configuration

    /// The fragments' handling is the bridge's, all else the connection's own.
    func configuration(for connection: ControllerConnection) -> SwitchConfig {
        var configuration = connection.configuration
        configuration.fragments = bridge.fragments.configured
        return configuration
    }

    func set(_ configuration: SwitchConfig, for connection: ControllerConnection) throws(OpenFlowError) {
        guard let fragments = FragmentHandling(configuration.fragments) else {
            throw .switchConfigFailed(.badFlags, "fragments are not put together")
        }
        if connection.role != .slave { bridge.fragments = fragments }
        connection.configuration = configuration
        if connection.isService, configuration.missSendLength > 0 { connection.asyncConfig = .standard }
        if connection.version == .v10 {
            let bit = UInt32(1) << UInt32(PacketInReason.invalidTTL.rawValue)
            connection.asyncConfig.packetIn.master &= ~bit
            if configuration.sendsInvalidTTL { connection.asyncConfig.packetIn.master |= bit }
        }
        updateListening()
    }

    // MARK: Roles

    /// A connection's claim to a role (OpenFlow 1.3.5 §6.3.4); the role that it has now.
    func setRole(
        _ request: ControllerRole, of connection: ControllerConnection
    ) throws(OpenFlowError) -> ControllerRole {
        if request.role == .master || request.role == .slave, let claim = request.generationID {
            if let generationID, Int64(bitPattern: claim &- generationID) < 0 {
                throw OpenFlowError(type: 11, code: 0, "generation \(claim) is older than \(generationID)")
            }
            generationID = claim
        }
        if request.role != .noChange { connection.role = request.role }
        if request.role == .master {
            for other in connections.values where other !== connection && other.role == .master {
                other.role = .slave
                if other.version >= .v14 {
                    let now = ControllerRole(.slave, generationID: generationID)
                    _ = other.offer(.roleStatus(RoleStatus(now, reason: .masterRequest)))
                }
            }
        }
        return ControllerRole(connection.role, generationID: generationID ?? .max)
    }

    // MARK: Tables

    func apply(_ mod: TableMod) throws(OpenFlowError) {
        if mod.table > Flow.lastTable, mod.table != FlowMod.allTables {
            throw OpenFlowError(type: 8, code: 0, "there is no table \(mod.table)")
        }
        // OFPTC_EVICTION (1.4), and OFPTC_DEPRECATED_MASK, which has no meaning since 1.3.
        if mod.config & ~7 != 0 {
            throw OpenFlowError(type: 8, code: 1, "a table has no setting \(mod.config & ~7)")
        }
        let evicts = mod.config & 4 != 0
        for table in 0...Flow.lastTable where mod.table == table || mod.table == FlowMod.allTables {
            var settings = bridge.tables.settings(of: table)
            settings.evicts = evicts
            bridge.set(settings, ofTable: table)
        }
    }
}

extension FragmentHandling {
    /// As controllers ask for it; `nil`: to put fragments together, which no bridge does.
    fileprivate init?(_ configured: SwitchConfig.Fragments) {
        switch configured {
        case .normal: self = .normal
        case .drop: self = .drop
        case .niciraMatch: self = .matched
        case .reassemble: return nil
        }
    }

    fileprivate var configured: SwitchConfig.Fragments {
        switch self {
        case .normal: .normal
        case .drop: .drop
        case .matched: .niciraMatch
        }
    }
}
