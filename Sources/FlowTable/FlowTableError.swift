/// Why a flow could not be added.
public enum FlowTableError: Error, Sendable, Equatable {
    /// The tables hold as many flows as they may (OpenFlow 1.3.5 §7.4.4, OFPFMFC_TABLE_FULL).
    case tableFull(limit: Int)
    /// A flow of the same priority matches some of the same packets, and the new one asked for that to be checked
    /// (OFPFMFC_OVERLAP). `id`: that of the flow already there.
    case overlap(id: UInt64)
    /// There is no such table (OFPFMFC_BAD_TABLE_ID).
    case badTable(UInt8)
}

extension FlowTableError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tableFull(let limit): "the flow tables are full (limit: \(limit) flows)"
        case .overlap: "a flow of the same priority overlaps with the new one"
        case .badTable(let table): "there is no table \(table) (0…254)"
        }
    }
}
