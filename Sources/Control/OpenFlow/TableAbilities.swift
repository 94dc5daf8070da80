import FlowTable
import OpenFlow
import OpenFlowWire
import Packet
import Switch

/// What every table can do, as table features tell it (OpenFlow 1.3.5 §7.3.5.5). All tables are alike.
enum TableAbilities {
    /// So many tables can a request be for, in all its parts: each once.
    static let requestLimit = 256

    /// enum ofp_instruction_type: goto table, write metadata, write, apply and clear actions, meter.
    private static let instructions: [UInt16] = [1, 2, 3, 4, 5, 6]
    /// enum ofp_action_type: output, copy TTL out and in, set and decrement MPLS TTL, push and pop VLAN, push and pop
    /// MPLS, set queue, group, set and decrement TTL, set field, push and pop PBB.
    static let actions: [UInt16] = [0, 11, 12, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27]

    /// Fields with a place in OpenFlow's own class, in 1.3 or 1.5; and Nicira's registers.
    private static let fields = FieldID.allCases.filter { $0 != .vlanTCI }

    static func features(of table: UInt8, settings: TableSettings, flowLimit: Int) -> TableFeatures {
        var result = TableFeatures(
            table: table, name: settings.name, maximumEntries: UInt32(clamping: settings.maxEntries ?? flowLimit))
        var abilities = TableFeatures.Abilities()
        abilities.instructions = table == Flow.lastTable ? instructions.filter { $0 != 1 } : instructions
        abilities.nextTables = table < Flow.lastTable ? Array(table + 1...Flow.lastTable) : []
        abilities.writeActions = actions
        abilities.applyActions = actions
        let writable = fields.filter { Field[$0].isWritable }
        abilities.writeSetField = writable
        abilities.applySetField = writable
        result.flow = abilities
        result.match = fields.map { TableFeatures.FieldAbility($0, isMaskable: Field[$0].masks == .arbitrary) }
        result.wildcards = fields
        return result
    }
}

extension BridgeAgent {
    func tableFeatures() -> [TableFeatures] {
        (0...Flow.lastTable).map {
            TableAbilities.features(
                of: $0, settings: bridge.tables.settings(of: $0), flowLimit: bridge.tables.flowLimit)
        }
    }

    /// Takes names and sizes; asks for nothing that a table can't do (OFPET_TABLE_FEATURES_FAILED).
    func setTableFeatures(_ wanted: [TableFeatures]) throws(OpenFlowError) {
        for table in wanted {
            if table.table > Flow.lastTable {
                throw OpenFlowError(type: 13, code: 0, "there is no table \(table.table)")
            }
            let able = TableAbilities.features(
                of: table.table, settings: bridge.tables.settings(of: table.table), flowLimit: bridge.tables.flowLimit)
            let isPossible =
                Set(table.flow.instructions).isSubset(of: able.flow.instructions)
                && Set(table.flow.writeActions).isSubset(of: able.flow.writeActions)
                && Set(table.flow.applyActions).isSubset(of: able.flow.applyActions)
                && Set(table.flow.nextTables).isSubset(of: able.flow.nextTables)
            if !isPossible {
                throw OpenFlowError(type: 13, code: 5, "table \(table.table) can't do all that is asked for")
            }
        }
        for table in wanted {
            var settings = bridge.tables.settings(of: table.table)
            if !table.name.isEmpty { settings.name = table.name }
            settings.maxEntries =
                Int(table.maximumEntries) >= bridge.tables.flowLimit ? nil : Int(table.maximumEntries)
            bridge.set(settings, ofTable: table.table)
        }
    }
}
