import Datapath
import OpenFlow

/// Packets to and from controllers (OpenFlow 1.3.5 §7.3.7, §7.4.1).
extension Bridge {
    /// Has a packet treated as actions say. When this returns, it has been sent.
    ///
    /// - Parameters:
    ///   - inPort: the port for which the actions take it, or CONTROLLER or LOCAL; never sent to unless they say
    ///     IN_PORT.
    ///   - actions: in order; `output:TABLE` looks it up in the tables.
    /// - Throws: when the packet is too short for an Ethernet header or longer than a packet can be, or its actions
    ///   name what isn't there; then nothing has been done.
    public func send(packet: [UInt8], inPort: PortNumber, actions: [Action]) throws(OpenFlowError) {
        try check(packet: packet, actions: actions)
        // Nothing, and nowhere to go.
        if packet.isEmpty { return }
        let port = ports.first { $0.number == inPort.rawValue }
        datapath.inject(
            packet, number: inPort.rawValue, port: port?.index,
            pipeline: PacketOutPipeline(bridge: pipeline, actions: actions), bridge: number)
    }

    /// Refuses what ``send(packet:inPort:actions:)`` would.
    public func check(packet: [UInt8], actions: [Action]) throws(OpenFlowError) {
        if packet.isEmpty, actions.isEmpty { return }
        if packet.count < 14 || packet.count > Int(UInt16.max) {
            throw .badPacket("a packet of \(packet.count) bytes: 14 to 65535 can be sent")
        }
        try flowRules.check(InstructionSet(apply: actions), table: nil)
    }

    /// Whether a controller takes the packets that flows send to one. If none does, such a packet counts as dropped for
    /// that reason.
    public func setListens(_ listens: Bool) { datapath.setListens(listens, bridge: number) }
}

extension VirtualSwitch {
    /// Becomes readable when packets for controllers come in and ``takePacketIns(limit:)`` had found no more.
    public var packetInDescriptor: CInt { datapath.packetIns.descriptor }

    /// Packets for controllers, in the order in which each worker got them, with the bridges that they belong to. Any
    /// thread may call ``PacketInQueue/take(limit:)`` instead; this one, and the bridges, are the control thread's.
    public func takePacketIns(limit: Int) -> [(bridge: Bridge, packet: PacketIn)] {
        datapath.packetIns.take(limit: limit).compactMap { packet in
            bridges.first { $0.number == packet.bridge }.map { ($0, packet) }
        }
    }
}
