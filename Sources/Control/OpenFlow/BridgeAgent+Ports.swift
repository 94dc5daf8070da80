import OpenFlow
import OpenFlowWire
import Switch

/// Ports and their queues, as OpenFlow tells and changes them.
extension BridgeAgent {
    func portDescriptions() -> [PortDescription] { bridge.ports.map(description) }

    /// OpenFlow 1.3.5 §7.2.1.
    func description(of port: SwitchPort) -> PortDescription {
        let link = vswitch.link(of: port)
        var result = PortDescription(
            number: PortNumber(port.number), hardwareAddress: link.hardwareAddress, name: port.name)
        result.config = PortConfig(rawValue: bridge.flags(ofPort: port.number).rawValue)
        result.state = !link.isUp ? .linkDown : result.config.contains(.down) ? [] : .live
        return result
    }

    func port(_ number: PortNumber) throws(OpenFlowError) -> SwitchPort {
        guard let port = bridge.ports.first(where: { $0.number == number.rawValue }) else {
            throw .badRequestPort("there is no port \(number)")
        }
        return port
    }

    /// OFPET_PORT_MOD_FAILED.
    private static func portModFailed(_ code: UInt16, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 7, code: code, message)
    }

    func apply(_ mod: PortMod) throws(OpenFlowError) {
        guard let port = bridge.ports.first(where: { $0.number == mod.port.rawValue }) else {
            throw Self.portModFailed(0, "there is no port \(mod.port)")
        }
        if mod.hardwareAddress != vswitch.link(of: port).hardwareAddress {
            throw Self.portModFailed(1, "port \(mod.port) has another hardware address")
        }
        let settable: PortConfig = [.down, .noReceive, .noFlood, .noForward, .noPacketIn]
        let mask = mod.mask.intersection(settable)
        let old = bridge.flags(ofPort: port.number)
        let new = PortFlags(rawValue: old.rawValue & ~mask.rawValue | mod.config.rawValue & mask.rawValue)
        if new == old { return }
        bridge.setFlags(new, ofPort: port.number)
        let description = description(of: port)
        knownPorts[port.index] = description
        changedPorts.append(description)
    }

    /// Tells all who want to know.
    func tell(_ status: PortStatus) {
        for connection in connections.values
        where connection.wants(connection.asyncConfig.portStatus, status.reason.rawValue) {
            _ = connection.offer(.portStatus(status))
        }
    }

    // MARK: Statistics

    func portStatistics(_ number: PortNumber) throws(OpenFlowError) -> [PortStatistics] {
        let ports = number == .any ? bridge.ports : [try port(number)]
        return ports.map { port in
            let counters = vswitch.datapath.counters(ofPort: port.index)
            var result = PortStatistics(port: PortNumber(port.number))
            result.receivedPackets = counters.receivedPackets
            result.receivedBytes = counters.receivedBytes
            result.sentPackets = counters.deliveredPackets
            result.sentBytes = counters.deliveredBytes
            result.receiveDrops = 0
            result.sendDrops = counters.refusedPackets
            result.duration = WireDuration(.now - port.created)
            return result
        }
    }

    // MARK: Queues

    private static func queueFailed(_ code: UInt16, _ message: String) -> OpenFlowError {
        OpenFlowError(type: 9, code: code, message)
    }

    /// The queues of a port that have a configuration: none, for devices have but one that is fair to all.
    func queues(of number: PortNumber) throws(OpenFlowError) -> [QueueConfig] {
        if number != .any, !bridge.ports.contains(where: { $0.number == number.rawValue }) {
            throw Self.queueFailed(0, "there is no port \(number)")
        }
        return bridge.statistics.usedQueues.filter { number == .any || $0.port == number.rawValue }.map {
            QueueConfig(port: PortNumber($0.port), queue: $0.queue)
        }
    }

    func queueStatistics(_ number: PortNumber, queue: UInt32) throws(OpenFlowError) -> [QueueStatistics] {
        if number != .any, !bridge.ports.contains(where: { $0.number == number.rawValue }) {
            throw Self.queueFailed(0, "there is no port \(number)")
        }
        let chosen = bridge.statistics.usedQueues.filter {
            (number == .any || $0.port == number.rawValue) && (queue == QueueConfig.allQueues || $0.queue == queue)
        }
        if chosen.isEmpty, queue != QueueConfig.allQueues { throw Self.queueFailed(1, "there is no queue \(queue)") }
        return chosen.compactMap { id in
            bridge.statistics.counters(of: id).map {
                QueueStatistics(
                    port: PortNumber(id.port), queue: id.queue, sentBytes: $0.bytes, sentPackets: $0.packets,
                    sendErrors: 0)
            }
        }
    }
}

extension WireDuration {
    /// A stretch of time as messages have it.
    init(nanoseconds: UInt64) {
        self.init(
            seconds: UInt32(clamping: nanoseconds / 1_000_000_000),
            nanoseconds: UInt32(nanoseconds % 1_000_000_000))
    }

    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(seconds: UInt32(clamping: seconds), nanoseconds: UInt32(clamping: attoseconds / 1_000_000_000))
    }
}
