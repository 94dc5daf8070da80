import OpenFlow

extension SwitchConfiguration {
    /// The core of each worker: those named, or all but the first of those there are.
    ///
    /// - Parameter available: cores that the process may use, in order.
    public func workerCores(from available: [Int]) -> [Int] {
        workers.cores ?? available.suffix(max(1, min(available.count - 1, WorkerSettings.defaultLimit)))
    }
}

extension BridgeSettings {
    /// The same bridge with each port's number chosen: those given, and in the order of ports the lowest left.
    ///
    /// - Parameter running: numbers that ports have already, by name; they keep them.
    func numbered(running: [String: UInt32] = [:]) -> BridgeSettings {
        var result = self
        var taken = Set(ports.compactMap(\.number))
        for (index, port) in ports.enumerated() where port.number == nil {
            if port.isLocal(in: self) {
                result.ports[index].number = PortNumber.local.rawValue
            } else if let number = running[port.name], taken.insert(number).inserted {
                result.ports[index].number = number
            }
        }
        var next: UInt32 = 1
        for index in ports.indices where result.ports[index].number == nil {
            while !taken.insert(next).inserted { next += 1 }
            result.ports[index].number = next
        }
        return result
    }

    /// What a new bridge of these settings begins with: without a file of flows the one that a bridge has by itself,
    /// NORMAL, or none at all (``FailMode/secure``, or controllers whose it is to say).
    ///
    /// - Throws: as ``StartingTables``.
    func startingTables() throws -> StartingTables {
        let names = numbered().ports.map { ($0.name, $0.number ?? 0) }
        return try StartingTables(
            StartingTables.Files(flows: flowFile, groups: groupFile, meters: meterFile),
            portNames: Dictionary(names, uniquingKeysWith: { first, _ in first }),
            beginsEmpty: failMode == .secure || !controllers.targets.isEmpty)
    }
}

extension PortSettings {
    /// Whether this is the port by which the host itself is in the bridge (OpenFlow 1.3.5 §4.5, LOCAL).
    func isLocal(in bridge: BridgeSettings) -> Bool { kind == .internal && name == bridge.name }
}
