import Switch

extension ConfigurationReader {
    /// The whole switch.
    mutating func configuration(_ node: ConfigurationNode) -> SwitchConfiguration {
        var result = SwitchConfiguration()
        let root = fields(
            node, at: ConfigurationPath(), known: ["bridges", "workers", "memory", "sockets", "mac-table", "tls"])
        result.bridges = list("bridges", root).map { bridge($0.node, at: $0.path) }
        if let workers = section("workers", root, known: ["cores", "idle-sleep-us"]) {
            result.workers.cores = cores(workers)
            result.workers.idleSleepMicroseconds =
                number("idle-sleep-us", workers, as: Int.self) ?? result.workers.idleSleepMicroseconds
        }
        if let memory = section("memory", root, known: ["hugepages", "megabytes", "packet-buffers"]) {
            let synonyms: [String: MemorySettings.Hugepages] = [
                "false": .never, "no": .never, "true": .prefer, "yes": .prefer,
            ]
            result.memory.hugepages =
                choice("hugepages", memory, as: MemorySettings.Hugepages.self, synonyms: synonyms) ?? .never
            result.memory.megabytes = number("megabytes", memory, as: Int.self) ?? result.memory.megabytes
            result.memory.packetBuffers = number("packet-buffers", memory, as: Int.self) ?? result.memory.packetBuffers
        }
        if let sockets = section("sockets", root, known: ["run-directory", "control", "group", "mode"]) {
            result.sockets.runDirectory = filePath("run-directory", sockets)
            result.sockets.control = filePath("control", sockets)
            result.sockets.group = text("group", sockets)
            result.sockets.mode = mode("mode", sockets) ?? result.sockets.mode
        }
        if let table = section("mac-table", root, known: ["capacity", "ageing-seconds"]) {
            result.macTable.capacity = number("capacity", table, as: Int.self) ?? result.macTable.capacity
            result.macTable.ageingSeconds =
                number("ageing-seconds", table, as: Int.self) ?? result.macTable.ageingSeconds
        }
        result.tls = tls(root)
        return result
    }

    /// Cores as a list, or as one text: `2-5,8`.
    private mutating func cores(_ fields: Fields) -> [Int]? {
        guard let node = fields.values["cores"] else { return nil }
        let path = fields.path("cores")
        switch node.content {
        case .list:
            var cores: [Int] = []
            for (path, element) in list("cores", fields) {
                guard case .scalar(let text) = element.content, let core = Int(text) else {
                    report(path, "\(element.kind) stands where a core's number was expected")
                    continue
                }
                cores.append(core)
            }
            return cores
        case .scalar(let text):
            var cores: [Int] = []
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                let ends = part.split(separator: "-", omittingEmptySubsequences: false)
                    .map { Int($0.filter { $0 != " " }) }
                guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last,
                    last < 4096
                else {
                    report(path, "'\(text)' names no cores; write them as 1,2 or 2-5")
                    return nil
                }
                cores += first...last
            }
            return cores
        default:
            report(path, "\(node.kind) stands where cores were expected, such as [1, 2] or 2-5")
            return nil
        }
    }

    private static let bridgeKeys = [
        "name", "datapath-id", "fail-mode", "flows", "groups", "meters", "ports", "controllers", "openflow-versions",
        "inactivity-probe-seconds", "maximum-backoff-ms",
    ]

    /// One bridge with its ports.
    mutating func bridge(_ node: ConfigurationNode, at path: ConfigurationPath) -> BridgeSettings {
        let fields = fields(node, at: path, known: Self.bridgeKeys)
        let ports = list("ports", fields).compactMap { port($0.node, at: $0.path) }
        var bridge = BridgeSettings(name: text("name", fields, required: "name: br0") ?? "", ports: ports)
        bridge.datapathID = datapathID(fields)
        bridge.failMode = choice("fail-mode", fields, as: BridgeSettings.FailMode.self) ?? .standalone
        bridge.flowFile = filePath("flows", fields)
        bridge.groupFile = filePath("groups", fields)
        bridge.meterFile = filePath("meters", fields)
        bridge.controllers = controllers(fields)
        return bridge
    }

    /// Hexadecimal as Open vSwitch has it, with or without colons.
    private mutating func datapathID(_ fields: Fields) -> UInt64? {
        guard let text = text("datapath-id", fields) else { return nil }
        let digits = (text.hasPrefix("0x") ? text.dropFirst(2) : text[...]).filter { $0 != ":" }
        guard let id = UInt64(digits, radix: 16) else {
            report(fields.path("datapath-id"), "'\(text)' is no datapath id: up to 16 hexadecimal digits")
            return nil
        }
        return id
    }
}
