import Packet

/// Gathers what a line says about how a group chooses among its buckets.
struct GroupTextSelection {
    private(set) var method: (value: Group.Selection.Method, place: Int)?
    private(set) var parameter: (value: UInt64, place: Int)?
    private(set) var fields: (value: [FieldID: UInt128], place: Int)?

    /// `selection_method=hash`
    mutating func takeMethod(_ item: FlowTextItem, _ reader: FlowTextReader) throws(FlowTextError) {
        guard let value = Group.Selection.Method(rawValue: reader.text(item.value)) else {
            throw reader.error(
                at: item.value.lowerBound,
                "there is no selection method “\(reader.text(item.value))”: write hash or dp_hash")
        }
        method = (value, item.key.lowerBound)
    }

    /// `selection_method_param=7`
    mutating func takeParameter(_ item: FlowTextItem, _ reader: FlowTextReader) throws(FlowTextError) {
        let name = GroupTextProperty.selectionParameter.rawValue
        parameter = (try reader.number(item.value, as: UInt64.self, for: name), item.key.lowerBound)
    }

    /// `fields(ip_src,tcp_src=0xff)`, or `fields=ip_src` for one alone.
    mutating func takeFields(_ item: FlowTextItem, _ reader: FlowTextReader) throws(FlowTextError) {
        var value: [FieldID: UInt128] = [:]
        var position = item.value.lowerBound
        while let part = try reader.nextItem(from: &position, to: item.value.upperBound) {
            let (id, mask) = try reader.hashField(part)
            if value.updateValue(mask, forKey: id) != nil {
                throw reader.error(at: part.key.lowerBound, "\(Field[id].name) stands here a second time")
            }
        }
        if value.isEmpty { throw reader.error(at: item.value.lowerBound, "name a field, such as fields(ip_src)") }
        fields = (value, item.key.lowerBound)
    }

    /// What was said, if it goes together; `nil`: nothing.
    func finish(_ kind: Group.Kind, _ reader: FlowTextReader) throws(FlowTextError) -> Group.Selection? {
        if let fields, method?.value != .hash {
            throw reader.error(at: fields.place, "fields are only for selection_method=hash: add that")
        }
        guard let method else {
            if let parameter, parameter.value != 0 {
                throw reader.error(
                    at: parameter.place, "selection_method_param is only for a selection_method: add one")
            }
            return nil
        }
        if kind != .select {
            throw reader.error(at: method.place, "only a group of type=select chooses: leave selection_method out")
        }
        switch method.value {
        case .hash: return .hash(of: fields?.value ?? [:], parameter: parameter?.value ?? 0)
        case .datapathHash: return .datapathHash(parameter: parameter?.value ?? 0)
        }
    }
}

extension FlowTextReader {
    /// A field and the bits of it that go into a hash: `ip_src`, or `ip_src=255.255.255.0`, where the value is a mask.
    fileprivate func hashField(_ item: FlowTextItem) throws(FlowTextError) -> (id: FieldID, mask: UInt128) {
        if case .typeOfService = FlowTextNames.match.find(bytes, item.key) {
            let mask = item.delimiter == nil ? Field[.ipDSCP].allOnes : try typeOfService(item.value)
            return (.ipDSCP, try hashMask(mask, of: .ipDSCP, item))
        }
        let field = Field[try fieldID(item.key, in: nil)]
        if item.delimiter == nil { return (field.id, field.allOnes) }
        let isNumber = field.format == .fragment && looksLikeNumber(item.value)
        if isNumber {
            let mask = try number(item.value, maximum: field.allOnes, for: field.name)
            return (field.id, try hashMask(mask, of: field.id, item))
        }
        let value = try fieldValue(field, item.value)
        if value.mask != field.allOnes {
            throw error(at: item.value.lowerBound, "what stands here is itself the mask: write \(field.name)=MASK")
        }
        return (field.id, try hashMask(value.value, of: field.id, item))
    }

    private func hashMask(_ mask: UInt128, of id: FieldID, _ item: FlowTextItem) throws(FlowTextError) -> UInt128 {
        let field = Field[id]
        if mask == 0 {
            throw error(at: item.value.lowerBound, "a mask of zero leaves nothing of \(field.name): leave it out")
        }
        if field.masks == .exactOnly && mask != field.allOnes {
            throw error(at: item.value.lowerBound, "\(field.name) can't be masked: write its name alone")
        }
        return mask
    }
}
