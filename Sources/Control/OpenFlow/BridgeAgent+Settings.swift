import OpenFlow
import OpenFlowWire
import Switch

/// Features, roles and tables as connections see and set them.
extension BridgeAgent {
    func features(for connection: ControllerConnection) -> SwitchFeatures {
        var features = SwitchFeatures(
            datapathID: bridge.datapathID, tableCount: Flow.lastTable,
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
        // OFPTC_EVICTION (1.4); the others have nothing to set here.
        let evicts = mod.config & 4 != 0
        for table in 0...Flow.lastTable where mod.table == table || mod.table == FlowMod.allTables {
            var settings = bridge.tables.settings(of: table)
            settings.evicts = evicts
            bridge.set(settings, ofTable: table)
        }
    }
}
