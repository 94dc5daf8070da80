import DPDK
import Datapath
import FlowTable
import OpenFlow
import Packet
import Switch
import TestSupport

/// A switch whose ports are captures, run over packets until all have been treated.
struct SwitchRun {
    var portCount: UInt32 = 4
    var workerCount = 1
    var usesCaches = true
    var rounds = 1
    var flows: [Flow]?

    struct Outcome {
        /// What left each port, by OpenFlow number.
        var outputs: [UInt32: [CapturedPacket]] = [:]
        var counters: WorkerCounters
        var portCounters: [UInt32: PortCounters] = [:]
        var flowCounts: [Flow: [UInt64]] = [:]
        var playedPackets: UInt64
    }

    /// - Parameter inputs: the packets that enter a port, by its number.
    func run(_ inputs: [UInt32: [CapturedPacket]]) throws -> Outcome {
        let folder = try TemporaryFolder()
        let vswitch = try VirtualSwitch(environment: TestEnvironment.shared, options: options)
        let bridge = try vswitch.addBridge(name: "br0")
        if let flows { try bridge.setFlows(flows) }
        for number in 1...portCount {
            var pcap = PcapOptions()
            pcap.capture = try inputs[number].map { try Capture.load(bytes: CaptureFile.pcap($0)) }
            pcap.rounds = rounds
            pcap.outputPath = folder.file("p\(number).pcap")
            pcap.precision = .nanoseconds
            try vswitch.addPort(PortConfiguration(name: "p\(number)", number: number, kind: .pcap(pcap)), to: bridge)
        }
        try vswitch.start()
        while !vswitch.hasPlayedAllCaptures { PolledThread.sleep(microseconds: 50) }
        vswitch.datapath.stop()
        let entries = bridge.flowsWithCounters()
        let played = vswitch.playedPackets
        try vswitch.stop()
        var outcome = Outcome(counters: vswitch.datapath.counters, playedPackets: played)
        for entry in entries { outcome.flowCounts[entry.flow] = [entry.packetCount, entry.byteCount] }
        for port in bridge.ports {
            outcome.portCounters[port.number] = vswitch.datapath.counters(ofPort: port.index)
            outcome.outputs[port.number] = try CaptureFile.read(folder.file("\(port.name).pcap")).packets
        }
        return outcome
    }

    private var options: SwitchOptions {
        var options = SwitchOptions()
        options.datapath.workerCores = Array(repeating: nil, count: workerCount)
        options.datapath.packetBuffers = 6000
        options.datapath.waitsForBuffers = true
        options.datapath.usesCaches = usesCaches
        options.macTableCapacity = 256
        return options
    }
}

/// A switch with one bridge.
final class OneBridge {
    let vswitch: VirtualSwitch
    let bridge: Bridge

    init(_ options: SwitchOptions) throws {
        vswitch = try VirtualSwitch(environment: TestEnvironment.shared, options: options)
        bridge = try vswitch.addBridge(name: "br0")
    }

    var datapath: Datapath { vswitch.datapath }
    var ports: [SwitchPort] { bridge.ports }
    var hasPlayedAllCaptures: Bool { vswitch.hasPlayedAllCaptures }
    var playedPackets: UInt64 { vswitch.playedPackets }

    @discardableResult
    func addPort(_ configuration: PortConfiguration) throws -> SwitchPort {
        try vswitch.addPort(configuration, to: bridge)
    }
    func setFlows(_ flows: [Flow]) throws { try bridge.setFlows(flows) }
    func flowsWithCounters() -> [FlowEntry] { bridge.flowsWithCounters() }
    func start() throws { try vswitch.start() }
    func stop() throws { try vswitch.stop() }
}

extension Capture {
    /// A capture whose file is these bytes.
    static func load(bytes: [UInt8]) throws -> Capture {
        try bytes.withUnsafeBytes { try load(bytes: $0, name: "test") }
    }
}
