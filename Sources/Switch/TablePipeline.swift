import Datapath
import FlowTable
import OpenFlow
import Packet

/// A port as translations see it.
public struct PipelinePort: Sendable {
    /// The OpenFlow number.
    public let number: UInt32
    /// The index by which the data path knows it.
    public let index: UInt16
}

/// A bridge's tables and ports as they stood at one moment: what workers ask when their caches don't know a packet.
public final class TablePipeline: Pipeline {
    public let tables: FlowTablesSnapshot
    public let ports: [PipelinePort]
    private let indices: [UInt32: UInt16]

    public init(tables: FlowTablesSnapshot, ports: [PipelinePort]) {
        self.tables = tables
        self.ports = ports
        indices = Dictionary(uniqueKeysWithValues: ports.map { ($0.number, $0.index) })
    }

    public var examinableMask: FlowMask { tables.examinableMask }

    /// One walk through the tables, from table 0 on.
    public func translate(_ key: FlowKey, into translation: inout Translation) {
        var translator = Translator(pipeline: self, key: key, translation: translation)
        translator.run()
        translation = translator.translation
    }

    /// The data path's index of the port with an OpenFlow number.
    func index(of number: UInt32) -> UInt16? { indices[number] }
}
