import ArgumentParser
import DPDK
import Datapath
import Foundation
import OpenFlow
import Packet
import Switch

/// `evs bench`
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Forward between DPDK devices and print one line of JSON: rate and cycles a packet.",
        discussion: """
            Port 1 is the first --rx, port 2 the --tx, further --rx follow from 3 on; NORMAL floods to the --tx alone. \
            win: busy cycles a packet in each half second, without the time in which the worker had no core.

            With --vhost a guest takes part: port 3 is the guest behind that socket, port 1 the device --null. When \
            the ports are there, {"ready": 1} is printed; each line 'stats' on standard input is answered with the \
            packets that each got. It ends with standard input, or when told to.
            """)

    @Option(help: "The worker's core.") var core: Int
    @Option(name: .customLong("ctl-core"), help: "The core of everything else.") var controlCore: Int
    @Option(name: .customLong("huge-dir"), help: "A hugetlbfs mount; without it ordinary memory is used.")
    var hugeDirectory: String?
    @Option(name: .customLong("file-prefix"), help: "Tells this DPDK process from others.") var filePrefix: String?
    @Option(help: "Seconds to run before measuring.") var warm = 1.0
    @Option(help: "Seconds to measure.") var secs = 3.0
    @Option(help: "A device to receive from, by DPDK's arguments.") var rx: [String] = []
    @Option(help: "The device to send to, by DPDK's arguments.") var tx: String?
    @Option(help: "The socket of a guest's monitor, which listens there.") var vhost: String?
    @Option(name: .customLong("scen"), help: "With --vhost: which way packets go (guest_tx, guest_rx, loop).")
    var scenario = BenchScenario.loop
    @Option(name: .customLong("null"), help: "With --vhost: the device at the other side.")
    var nullDevice = "net_null0,size=64"
    @Option(help: "Flows in ovs-ofctl's syntax. (default: NORMAL)") var rules: String?
    @Flag(help: "Add the cycles of each stage and the caches' hits.") var profile = false

    func validate() throws {
        if vhost == nil {
            if rx.isEmpty { throw ValidationError("Name a device to receive from: --rx DEVARGS.") }
            if tx == nil { throw ValidationError("Name the device to send to: --tx DEVARGS.") }
        } else if !rx.isEmpty || tx != nil || rules != nil {
            throw ValidationError("--vhost goes with --scen and --null, not with --rx, --tx or --rules.")
        }
        if !(secs > 0) || !(warm >= 0) { throw ValidationError("--secs and --warm take seconds.") }
        for each in [core, controlCore] where !Cores.available.contains(each) {
            throw ValidationError("Core \(each) is not one that this process may use: \(Cores.available).")
        }
    }

    func run() throws {
        let signals = SignalWatch()
        if let vhost {
            let guest = BenchGuest(scenario: scenario, socket: vhost, nullDevice: nullDevice)
            return try guest.run(on: try makeSwitch(devices: [nullDevice]), signals: signals)
        }
        let vswitch = try makeSwitch(devices: rx + [tx ?? ""])
        try addPorts(vswitch)
        try vswitch.start()
        let meter = BenchMeter(vswitch.datapath)
        var isInterrupted = signals.wait(milliseconds: Int(warm * 1000))
        let first = meter.read()
        var last = first
        var windows: [Double] = []
        while !isInterrupted, last.seconds - first.seconds < secs - 0.05 {
            isInterrupted = signals.wait(milliseconds: 500)
            let now = meter.read()
            if let cycles = now.cyclesPerPacket(since: last) { windows.append(cycles) }
            last = now
        }
        let result = BenchResult(first, last, windows, profile: profile)
        try vswitch.stop()
        print(try result.json())
        if !vswitch.datapath.counters.isBalanced { throw ExitCode(2) }
    }

    private func makeSwitch(devices: [String]) throws -> VirtualSwitch {
        var environmentOptions = EnvironmentOptions()
        environmentOptions.controlCore = controlCore
        environmentOptions.usesHugepages = hugeDirectory != nil
        environmentOptions.hugepageDirectory = hugeDirectory
        environmentOptions.filePrefix = filePrefix
        environmentOptions.memoryMegabytes = 2048
        environmentOptions.probesPCI = devices.contains { !$0.hasPrefix("net_") }
        let environment = try Environment(environmentOptions)
        var options = SwitchOptions()
        options.datapath.workerCores = [core]
        options.datapath.idleSleepMicroseconds = 0
        options.datapath.packetBuffers = 65536 + (try rx.reduce(0) { $0 + (try Bench.packetsHeld(by: $1)) })
        return try VirtualSwitch(environment: environment, options: options)
    }

    private func addPorts(_ vswitch: VirtualSwitch) throws {
        let flows = try rules.map { file -> [Flow] in
            guard let contents = FileManager.default.contents(atPath: file) else {
                throw Failure("\(file): can't be read; does the file exist, and may you read it?")
            }
            return try FlowText.parseFlows(String(decoding: contents, as: UTF8.self), file: file)
        }
        let bridge = try vswitch.addBridge(name: "br0")
        if let flows { try bridge.setFlows(flows) }
        for (index, device) in rx.enumerated() {
            let number = index == 0 ? 1 : UInt32(index + 2)
            try vswitch.addPort(
                PortConfiguration(name: "source\(index)", number: number, kind: .dpdk(devargs: device)), to: bridge)
            // What NORMAL does not know a port for goes to the sink alone: sources take nothing in.
            bridge.setFlags(.noFlood, ofPort: number)
        }
        try vswitch.addPort(PortConfiguration(name: "sink", number: 2, kind: .dpdk(devargs: tx ?? "")), to: bridge)
        bridge.publishChanges()
    }

    /// Packets that a device keeps for itself: net_pcap with infinite_rx holds its whole capture.
    private static func packetsHeld(by devargs: String) throws -> Int {
        let arguments = devargs.split(separator: ",")
        guard arguments.contains("infinite_rx=1") else { return 0 }
        return try arguments.filter { $0.hasPrefix("rx_pcap=") }.reduce(0) {
            $0 + (try Capture.load(String($1.dropFirst("rx_pcap=".count))).packetCount)
        }
    }
}
