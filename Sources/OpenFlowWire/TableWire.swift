import OpenFlow
import Packet

/// Table mods and the features of tables (OpenFlow 1.3.5 §7.3.3, §7.3.5.5).
extension Codec {
    func tableMod(_ reader: inout WireReader) throws(OpenFlowError) -> TableMod {
        let table = try reader.byte()
        try reader.skip(3)
        let config = try reader.uint32()
        // 1.4's properties say how eviction chooses and when vacancy is told; neither can be set.
        if version >= .v14 { _ = reader.rest() }
        return TableMod(table: table, config: config)
    }

    func write(_ mod: TableMod, _ out: inout WireWriter) {
        out.byte(mod.table)
        out.zeros(3)
        out.uint32(mod.config)
    }

    func tableDescription(_ reader: inout WireReader) throws(OpenFlowError) -> TableMod {
        var (body, _) = try reader.entry()
        let table = try body.byte()
        try body.skip(1)
        return TableMod(table: table, config: try body.uint32())
    }

    func writeDescription(_ table: TableMod, _ out: inout WireWriter) {
        out.uint16(8)
        out.byte(table.table)
        out.byte(0)
        out.uint32(table.config)
    }

    /// enum ofp_table_feature_prop_type. Odd numbers are the table-miss flow's.
    private enum Feature {
        static let instructions: UInt16 = 0
        static let nextTables: UInt16 = 2
        static let writeActions: UInt16 = 4
        static let applyActions: UInt16 = 6
        static let match: UInt16 = 8
        static let wildcards: UInt16 = 10
        static let writeSetField: UInt16 = 12
        static let applySetField: UInt16 = 14
    }

    func tableFeatures(_ reader: inout WireReader) throws(OpenFlowError) -> [TableFeatures] {
        var tables: [TableFeatures] = []
        while !reader.isAtEnd {
            try reader.require(64, .badLength("the features of a table are cut short"))
            let length = Int(try reader.uint16())
            if length < 64 || length - 2 > reader.remaining {
                throw .badLength("the features of a table have the length \(length)")
            }
            var body = try reader.part(length - 2)
            tables.append(try tableFeaturesOfOne(&body))
        }
        return tables
    }

    private func tableFeaturesOfOne(_ body: inout WireReader) throws(OpenFlowError) -> TableFeatures {
        let number = try body.byte()
        try body.skip(5)
        var table = TableFeatures(table: number, name: try body.text(32), maximumEntries: 0)
        table.metadataMatch = try body.uint64()
        table.metadataWrite = try body.uint64()
        table.config = try body.uint32()
        table.maximumEntries = try body.uint32()
        var seen: Set<UInt16> = []
        while !body.isAtEnd {
            var (type, value) = try body.property()
            if !seen.insert(type).inserted { throw .badProperty(.duplicateType, "the property \(type) is there twice") }
            try feature(type, &value, &table)
        }
        return table
    }

    private func feature(
        _ type: UInt16, _ value: inout WireReader, _ table: inout TableFeatures
    ) throws(OpenFlowError) {
        switch type {
        case Feature.instructions: table.flow.instructions = try identifiers(&value)
        case Feature.instructions + 1: table.miss.instructions = try identifiers(&value)
        case Feature.nextTables: table.flow.nextTables = value.rest()
        case Feature.nextTables + 1: table.miss.nextTables = value.rest()
        case Feature.writeActions: table.flow.writeActions = try identifiers(&value)
        case Feature.writeActions + 1: table.miss.writeActions = try identifiers(&value)
        case Feature.applyActions: table.flow.applyActions = try identifiers(&value)
        case Feature.applyActions + 1: table.miss.applyActions = try identifiers(&value)
        case Feature.match: table.match = try fields(&value)
        case Feature.wildcards: table.wildcards = try fields(&value).map(\.field)
        case Feature.writeSetField: table.flow.writeSetField = try fields(&value).map(\.field)
        case Feature.writeSetField + 1: table.miss.writeSetField = try fields(&value).map(\.field)
        case Feature.applySetField: table.flow.applySetField = try fields(&value).map(\.field)
        case Feature.applySetField + 1: table.miss.applySetField = try fields(&value).map(\.field)
        default:
            throw .badProperty(.badType, "tables have no property \(type)")
        }
    }

    /// The types of instructions or actions, each with its length.
    private func identifiers(_ reader: inout WireReader) throws(OpenFlowError) -> [UInt16] {
        var types: [UInt16] = []
        while !reader.isAtEnd {
            try reader.require(4, .badProperty(.badLength, "a list of types is cut short"))
            let (type, length) = (try reader.uint16(), Int(try reader.uint16()))
            if length < 4 || length - 4 > reader.remaining {
                throw .badProperty(.badLength, "a type in a list has the length \(length)")
            }
            try reader.skip(length - 4)
            types.append(type)
        }
        return types
    }

    /// The headers of fields.
    private func fields(_ reader: inout WireReader) throws(OpenFlowError) -> [TableFeatures.FieldAbility] {
        var fields: [TableFeatures.FieldAbility] = []
        while !reader.isAtEnd {
            let header = try reader.fieldHeader(.badProperty(.badLength, "a list of fields is cut short"))
            guard let field = header.field else {
                throw .badProperty(.badValue, "no field has class \(header.fieldClass) and number \(header.number)")
            }
            fields.append(.init(field.id, isMaskable: header.hasMask))
        }
        return fields
    }

    // MARK: Writing

    func write(_ table: TableFeatures, _ out: inout WireWriter) {
        let start = out.count
        out.uint16(0)
        out.byte(table.table)
        out.zeros(5)
        out.text(table.name, 32)
        out.uint64(table.metadataMatch)
        out.uint64(table.metadataWrite)
        out.uint32(table.config)
        out.uint32(table.maximumEntries)
        let (flow, miss) = (table.flow, table.miss)
        types(Feature.instructions, flow.instructions, miss.instructions, &out)
        out.property(Feature.nextTables) { $0.append(flow.nextTables) }
        if let tables = miss.nextTables { out.property(Feature.nextTables + 1) { $0.append(tables) } }
        types(Feature.writeActions, flow.writeActions, miss.writeActions, &out)
        types(Feature.applyActions, flow.applyActions, miss.applyActions, &out)
        fields(Feature.match, table.match, &out)
        fields(Feature.wildcards, table.wildcards, nil, &out)
        fields(Feature.writeSetField, flow.writeSetField, miss.writeSetField, &out)
        fields(Feature.applySetField, flow.applySetField, miss.applySetField, &out)
        out.patchLength(since: start, at: start)
    }

    private func types(_ type: UInt16, _ own: [UInt16], _ miss: [UInt16]?, _ out: inout WireWriter) {
        for (number, list) in [(type, own), (type + 1, miss)] {
            guard let list else { continue }
            out.property(number) { out in
                for element in list {
                    out.uint16(element)
                    out.uint16(4)
                }
            }
        }
    }

    private func fields(_ type: UInt16, _ own: [FieldID], _ miss: [FieldID]?, _ out: inout WireWriter) {
        fields(type, own.map { .init($0, isMaskable: false) }, &out)
        if let miss { fields(type + 1, miss.map { .init($0, isMaskable: false) }, &out) }
    }

    private func fields(_ type: UInt16, _ list: [TableFeatures.FieldAbility], _ out: inout WireWriter) {
        out.property(type) { [version] out in
            for ability in list {
                let byteCount = FieldCodes.openFlow[Int(ability.field.rawValue)].field.byteCount
                let code = FieldCodes.code(ability.field, version)
                out.fieldHeader(code, byteCount: byteCount, hasMask: ability.isMaskable)
            }
        }
    }
}
