import Foundation
import Switch

/// What the control socket can be asked.
public enum ControlCommand: String, Sendable, CaseIterable {
    case show
    case bridgeAdd = "bridge add"
    case bridgeRemove = "bridge remove"
    case bridgeList = "bridge list"
    case portAdd = "port add"
    case portRemove = "port remove"
    case portList = "port list"
    case portShow = "port show"
    case flowAdd = "flow add"
    case flowModify = "flow modify"
    case flowRemove = "flow del"
    case flowList = "flow list"
    case groupAdd = "group add"
    case groupModify = "group modify"
    case groupRemove = "group del"
    case groupList = "group list"
    case meterAdd = "meter add"
    case meterModify = "meter modify"
    case meterRemove = "meter del"
    case meterList = "meter list"
    case macList = "mac list"
    case macFlush = "mac flush"
    case stats
    case drops
    case workerList = "worker list"
    case controllerAdd = "controller add"
    case controllerRemove = "controller remove"
    case controllerList = "controller list"
    case reload
    case quit

    /// Whether bridges, ports or controllers may be others afterwards.
    var changesBridges: Bool {
        switch self {
        case .bridgeAdd, .bridgeRemove, .portAdd, .portRemove, .controllerAdd, .controllerRemove: true
        default: false
        }
    }
}

/// One request, checked as far as its shape goes: `{"command": "port list", "arguments": {"bridge": "br0"}}`.
struct ControlRequest {
    let command: ControlCommand
    private var reader = ConfigurationReader(folder: FileManager.default.currentDirectoryPath)
    private let fields: ConfigurationReader.Fields
    private let node: ConfigurationNode

    /// Why a request can't be understood.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    private struct Shape: Decodable {
        let command: String
        let arguments: ConfigurationNode?
    }

    init(_ line: [UInt8]) throws {
        let shape: Shape
        do { shape = try JSONDecoder().decode(Shape.self, from: Data(line)) } catch {
            throw Fault(description: #"a request is one line of JSON: {"command": "show", "arguments": {}}"#)
        }
        guard let command = ControlCommand(rawValue: shape.command) else {
            let words = ControlCommand.allCases.map(\.rawValue)
            throw Fault(
                description: "there is no command '\(shape.command)'"
                    + Suggestion.text(for: shape.command, among: words))
        }
        self.command = command
        node = shape.arguments ?? ConfigurationNode(content: .mapping([]))
        fields = reader.fields(node, at: ConfigurationPath(), known: nil)
        try check()
    }

    private func check() throws(Fault) {
        if !reader.problems.isEmpty {
            throw Fault(description: reader.problems.map(\.message).joined(separator: "\n"))
        }
    }

    /// Refuses arguments that the command doesn't know, so that a typing error never passes for a default.
    mutating func allow(_ known: [String]) throws {
        let known = known.isEmpty ? ["(none)"] : known
        reader.allow(known, in: fields, explanation: " for '\(command.rawValue)'")
        try check()
    }

    /// An argument that must be there.
    mutating func text(_ key: String) throws -> String {
        let text = reader.text(key, fields, required: "\(command.rawValue) needs it")
        try check()
        return text ?? ""
    }

    mutating func optionalText(_ key: String) throws -> String? {
        let text = reader.text(key, fields)
        try check()
        return text
    }

    mutating func flag(_ key: String) throws -> Bool {
        switch try optionalText(key) {
        case nil, "false": return false
        case "true": return true
        case let text?: throw Fault(description: "\(key): '\(text)' stands where true or false was expected")
        }
    }

    /// The arguments as a port's settings, apart from the bridge that it goes to.
    mutating func port() throws -> PortSettings {
        let port = reader.port(without("bridge"), at: ConfigurationPath())
        try check()
        guard let port else { throw Fault(description: "a port needs a name and a type") }
        return port
    }

    /// The arguments as a bridge's settings.
    mutating func bridge() throws -> BridgeSettings {
        let bridge = reader.bridge(node, at: ConfigurationPath())
        try check()
        return bridge
    }

    private func without(_ key: String) -> ConfigurationNode {
        guard case .mapping(let entries) = node.content else { return node }
        return ConfigurationNode(content: .mapping(entries.filter { $0.key != key }))
    }
}
