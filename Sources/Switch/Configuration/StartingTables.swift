import FlowTable
import Foundation
import OpenFlow

/// The flows, groups and meters that a bridge begins with: read from files in ovs-ofctl's syntax and checked together,
/// before anything is made.
public struct StartingTables: Sendable {
    /// Where they stand; `nil`: nowhere.
    public struct Files: Sendable, Equatable {
        public var flows: String?
        public var groups: String?
        public var meters: String?

        public init(flows: String? = nil, groups: String? = nil, meters: String? = nil) {
            self.flows = flows
            self.groups = groups
            self.meters = meters
        }
    }

    /// A file that can't be read.
    struct Unreadable: Error, CustomStringConvertible {
        let kind: FlowTextKind
        let description: String
    }

    private let flows: TableText<FlowMod>?
    private let groups: TableText<GroupMod>?
    private let meters: TableText<MeterMod>?
    /// Whether a bridge without a file of flows has none, not NORMAL.
    private let beginsEmpty: Bool

    /// - Parameters:
    ///   - portNames: the numbers of ports by name.
    ///   - beginsEmpty: whether a bridge without a file of flows has none; else it has the one it is made with, NORMAL.
    /// - Throws: ``FlowTextError`` for the first line that can't be read, or that names a group or meter which is not
    ///   there by then; else which file can't be read, and why.
    public init(_ files: Files, portNames: [String: UInt32], beginsEmpty: Bool = false) throws {
        self.beginsEmpty = beginsEmpty
        meters = try files.meters.map { try TableText(Self.read($0, .meter), file: $0) }
        groups = try files.groups.map { try TableText(Self.read($0, .group), file: $0, portNames: portNames) }
        flows = try files.flows.map { try TableText(Self.read($0, .flow), file: $0, portNames: portNames) }
        try check()
    }

    private static func read(_ file: String, _ kind: FlowTextKind) throws(Unreadable) -> String {
        guard let contents = FileManager.default.contents(atPath: file) else {
            throw Unreadable(
                kind: kind,
                description: "the \(kind) file '\(file)' can't be read; does it exist, and may evs read it?")
        }
        guard let text = String(data: contents, encoding: .utf8) else {
            throw Unreadable(kind: kind, description: "the \(kind) file '\(file)' is not a text in UTF-8")
        }
        return text
    }

    private func check() throws(FlowTextError) {
        var (groupTable, meterTable) = (GroupTable(), MeterTable())
        try meters?.forEach { (mod) throws(OpenFlowError) in try meterTable.apply(mod) }
        try groups?.forEach { (mod) throws(OpenFlowError) in try groupTable.apply(mod) }
        let rules = FlowModRules(groups: groupTable, meters: meterTable)
        try flows?.forEach { (mod) throws(OpenFlowError) in try rules.check(mod.flow.instructions, table: nil) }
    }

    /// Whether packets change the tables, as by learning.
    public var changeThemselves: Bool {
        flows?.changes.contains { $0.flow.instructions.changesTables } ?? false
    }

    /// Gives them to a bridge that has just been made. They are in force when this returns.
    ///
    /// - Throws: ``FlowTextError`` for a line that is refused; then nothing has changed.
    public func install(in bridge: Bridge) throws(FlowTextError) {
        try bridge.transaction { () throws(FlowTextError) in
            if flows != nil || beginsEmpty { bridge.tables.remove(FlowSelection()) }
            try meters?.forEach { (mod) throws(OpenFlowError) in try bridge.apply(mod) }
            try groups?.forEach { (mod) throws(OpenFlowError) in try bridge.apply(mod) }
            try flows?.forEach { (mod) throws(OpenFlowError) in _ = try bridge.apply(mod) }
        }
        bridge.publishChanges()
    }
}
