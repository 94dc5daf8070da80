import FlowTable
import OpenFlow

/// Changes of a bridge's flows, groups or meters as ovs-ofctl writes them, one a line, read but not made.
struct TableText<Change: Sendable>: Sendable {
    let changes: [Change]
    private let kind: FlowTextKind
    private let text: String
    private let file: String?

    fileprivate init(_ changes: [Change], _ kind: FlowTextKind, _ text: String, file: String?) {
        self.changes = changes
        self.kind = kind
        self.text = text
        self.file = file
    }

    /// Makes the changes in order.
    ///
    /// - Throws: why one was refused, with its place; those before it are made.
    func forEach(_ make: (Change) throws(OpenFlowError) -> Void) throws(FlowTextError) {
        for (index, change) in changes.enumerated() {
            do throws(OpenFlowError) { try make(change) } catch {
                throw FlowTextError(refusing: index, of: kind, in: text, file: file, error.message)
            }
        }
    }
}

extension TableText<FlowMod> {
    /// - Parameters:
    ///   - command: what is meant by a line without a command.
    ///   - file: the name to put into errors.
    init(
        _ text: String, as command: FlowMod.Command = .add, file: String?, portNames: [String: UInt32]
    ) throws(FlowTextError) {
        self.init(
            try FlowText.parseFlowMods(text, as: command, file: file, portNames: portNames), .flow, text, file: file)
    }
}

extension TableText<GroupMod> {
    /// As ``TableText/init(_:as:file:portNames:)``.
    init(
        _ text: String, as command: GroupMod.Command = .add, file: String?, portNames: [String: UInt32]
    ) throws(FlowTextError) {
        self.init(
            try GroupText.parseMods(text, as: command, file: file, portNames: portNames), .group, text, file: file)
    }
}

extension TableText<MeterMod> {
    /// As ``TableText/init(_:as:file:portNames:)``.
    init(_ text: String, as command: MeterMod.Command = .add, file: String?) throws(FlowTextError) {
        self.init(try MeterText.parseMods(text, as: command, file: file), .meter, text, file: file)
    }
}
