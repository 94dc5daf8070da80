import Switch

extension ConfigurationReader {
    /// One port; `nil`, with a problem, if its type can't be told.
    mutating func port(_ node: ConfigurationNode, at path: ConfigurationPath) -> PortSettings? {
        let fields = fields(node, at: path, known: nil)
        let name = text("name", fields, required: "name: vm1") ?? ""
        guard let type = portType(fields) else { return nil }
        allow(
            ["name", "type", "number", "worker"] + type.options, in: fields,
            explanation: " for a port of type \(type.rawValue)")
        guard let kind = kind(type, name: name, fields) else { return nil }
        return PortSettings(
            name: name, number: number("number", fields, as: UInt32.self),
            worker: number("worker", fields, as: Int.self), kind: kind)
    }

    private mutating func portType(_ fields: Fields) -> PortSettings.Kind.Name? {
        let names = PortSettings.Kind.Name.allCases.map(\.rawValue)
        let list = names.joined(separator: ", ")
        guard let text = text("type", fields, required: "one of \(list)") else { return nil }
        if let type = PortSettings.Kind.Name(anyName: text) { return type }
        if text == "afxdp" {
            report(fields.path("type"), "type afxdp is not supported; af-packet reaches the same interfaces, slower")
        } else {
            let suggestion = Suggestion.text(for: text, among: names)
            report(
                fields.path("type"),
                "'\(text)' is no type of port" + (suggestion.isEmpty ? "; there are: \(list)" : suggestion))
        }
        return nil
    }

    private mutating func kind(
        _ type: PortSettings.Kind.Name, name: String, _ fields: Fields
    ) -> PortSettings.Kind? {
        switch type {
        case .vhostUserClient: vhostUser(fields).map { .vhostUserClient($0) }
        case .vhostUser: vhostUser(fields).map { .vhostUser($0) }
        case .dpdk: text("devargs", fields, required: "devargs: net_null0").map { .dpdk(devargs: $0) }
        case .ring: text("ring", fields, required: "the name of the ring").map { .ring(name: $0) }
        case .tap: .tap(interface: text("interface", fields) ?? name)
        case .afPacket: .afPacket(interface: text("interface", fields) ?? name)
        case .internal: .internal
        case .patch: text("peer", fields, required: "the patch port at the other end").map { .patch(peer: $0) }
        case .null: .null
        }
    }

    private mutating func vhostUser(_ fields: Fields) -> VhostUserSettings? {
        guard let path = filePath("path", fields, required: "the socket, such as path: vm1.sock") else { return nil }
        var settings = VhostUserSettings(path: path)
        settings.queues = number("queues", fields, as: Int.self) ?? 1
        settings.owner = text("owner", fields)
        settings.group = text("group", fields)
        settings.mode = mode("mode", fields)
        return settings
    }
}

extension PortSettings.Kind.Name {
    /// The keys that a port of this type takes besides those that all take.
    fileprivate var options: [String] {
        switch self {
        case .vhostUserClient: ["path", "queues"]
        case .vhostUser: ["path", "queues", "owner", "group", "mode"]
        case .dpdk: ["devargs"]
        case .ring: ["ring"]
        case .tap, .afPacket: ["interface"]
        case .patch: ["peer"]
        case .internal, .null: []
        }
    }
}
