import Packet

extension FlowText {
    /// A Markdown table of all fields: name, other names, width, masks, prerequisite, and whether actions may set it.
    public static func fieldTable() -> String {
        let header = ["Field", "Also", "Bits", "Mask", "Needs", "Settable"]
        let rows = FieldID.allCases.map { id in
            let field = Field[id]
            return [
                field.name, (otherNames(of: field) + field.extensibleNames).joined(separator: ", "), "\(field.width)",
                field.masks == .exactOnly ? "no" : "any", field.prerequisite.flowText, field.isWritable ? "yes" : "no",
            ]
        }
        let rule = header.map { String(repeating: "-", count: $0.count) }
        return ([header, rule] + rows).map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }

    /// The aliases, and the names that mean the field only where its prerequisite holds.
    private static func otherNames(of field: Field) -> [String] {
        let shared = FlowTextAlternative.allCases.filter { $0.fields.contains(field.id) }.map(\.name)
        var names = field.aliases + shared.filter { $0 != field.name && !field.aliases.contains($0) }
        if field.id == .ipDSCP { names.append("nw_tos (times 4)") }
        if field.id == .vlanVID { names.append("dl_vlan (without bit 12)") }
        return names
    }
}
