import DPDK
import Datapath
import FlowTable
import OpenFlow
import Packet
import TestSupport

@testable import Switch

/// A switch without threads of workers: packets are sent into it one by one, as a controller does.
final class PacketOutBench {
    let vswitch: VirtualSwitch
    let bridge: Bridge
    private let folder: TemporaryFolder
    private let portCount: UInt32

    /// - Parameter flows: in flow text; those that it does not know are added by ``Bridge/apply(_:)``.
    init(_ flows: [String] = [], portCount: UInt32 = 4, usesCaches: Bool = true) throws {
        self.portCount = portCount
        folder = try TemporaryFolder()
        var options = SwitchOptions()
        options.datapath.packetBuffers = 4000
        options.datapath.usesCaches = usesCaches
        options.macTableCapacity = 256
        vswitch = try VirtualSwitch(environment: TestEnvironment.shared, options: options)
        bridge = try vswitch.addBridge(name: "br0")
        for number in 1...portCount {
            var pcap = PcapOptions()
            pcap.outputPath = folder.file("p\(number).pcap")
            try vswitch.addPort(PortConfiguration(name: "p\(number)", number: number, kind: .pcap(pcap)), to: bridge)
        }
        try bridge.setFlows(flows.map { try FlowText.parseFlow($0) })
    }

    var counters: WorkerCounters { vswitch.datapath.counters }

    /// Sends through the tables, as if the packet had come in by the port.
    func send(_ packet: PlainPacket, from port: UInt32 = 1) throws { try send(packet.bytes, from: port) }

    func send(_ bytes: [UInt8], from port: UInt32 = 1) throws {
        try send(bytes, from: PortNumber(port), [.output(.table, maxLength: .max)])
    }

    func send(_ bytes: [UInt8], from port: PortNumber, _ actions: [Action]) throws {
        bridge.publishChanges()
        try bridge.send(packet: bytes, inPort: port, actions: actions)
    }

    /// What left each port, by number. The switch is of no use after.
    func finish() throws -> [UInt32: [[UInt8]]] {
        try vswitch.stop()
        var result: [UInt32: [[UInt8]]] = [:]
        for number in 1...portCount {
            result[number] = try CaptureFile.read(folder.file("p\(number).pcap")).packets.map(\.bytes)
        }
        return result
    }
}

extension Action {
    static func to(_ port: UInt32) -> Action { .output(PortNumber(port), maxLength: .max) }
    static let toController = Action.output(.controller, maxLength: 128)
}

extension Flow {
    /// A flow that matches everything.
    static func all(table: UInt8 = 0, priority: UInt16 = 1, _ actions: [Action], goto next: UInt8? = nil) -> Flow {
        var instructions = InstructionSet(apply: actions)
        instructions.gotoTable = next
        return Flow(table: table, priority: priority, match: Match(), instructions: instructions)
    }

    /// The same with one more field matched.
    func matching(_ field: FieldID, _ value: UInt128) -> Flow {
        var flow = self
        flow.match.set(field, value)
        return flow
    }
}
