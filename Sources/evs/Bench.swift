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
            Port 1 is the first --rx, port 2 the --tx, further --rx follow from 3 on. win: busy cycles a packet in \
            each half second, without the time in which the worker had no core.
            """)

    @Option(help: "The worker's core.") var core: Int
    @Option(name: .customLong("ctl-core"), help: "The core of everything else.") var controlCore: Int
    @Option(name: .customLong("huge-dir"), help: "A hugetlbfs mount; without it ordinary memory is used.")
    var hugeDirectory: String?
    @Option(name: .customLong("file-prefix"), help: "Tells this DPDK process from others.") var filePrefix: String?
    @Option(help: "Seconds to run before measuring.") var warm = 1.0
    @Option(help: "Seconds to measure.") var secs = 3.0
    @Option(help: "A device to receive from, by DPDK's arguments.") var rx: [String] = []
    @Option(help: "The device to send to, by DPDK's arguments.") var tx: String
    @Option(help: "Flows in ovs-ofctl's syntax. (default: NORMAL)") var rules: String?
    @Flag(help: "Add the cycles of each stage and the caches' hits.") var profile = false

    func validate() throws {
        if rx.isEmpty { throw ValidationError("Name a device to receive from: --rx DEVARGS.") }
        if !(secs > 0) || !(warm >= 0) { throw ValidationError("--secs and --warm take seconds.") }
        for each in [core, controlCore] where !Cores.available.contains(each) {
            throw ValidationError("Core \(each) is not one that this process may use: \(Cores.available).")
        }
    }

    func run() throws {
        let signals = SignalWatch()
        let vswitch = try makeSwitch()
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

    private func makeSwitch() throws -> VirtualSwitch {
        let flows = try rules.map { file -> [Flow] in
            guard let contents = FileManager.default.contents(atPath: file) else {
                throw Failure("\(file): can't be read; does the file exist, and may you read it?")
            }
            return try FlowText.parseFlows(String(decoding: contents, as: UTF8.self), file: file)
        }
        var environmentOptions = EnvironmentOptions()
        environmentOptions.controlCore = controlCore
        environmentOptions.usesHugepages = hugeDirectory != nil
        environmentOptions.hugepageDirectory = hugeDirectory
        environmentOptions.filePrefix = filePrefix
        environmentOptions.memoryMegabytes = 2048
        environmentOptions.probesPCI = (rx + [tx]).contains { !$0.hasPrefix("net_") }
        let environment = try Environment(environmentOptions)
        var options = SwitchOptions()
        options.datapath.workerCores = [core]
        options.datapath.idleSleepMicroseconds = 0
        options.datapath.packetBuffers = 65536 + (try rx.reduce(0) { $0 + (try Bench.packetsHeld(by: $1)) })
        let vswitch = try VirtualSwitch(environment: environment, options: options)
        let bridge = try vswitch.addBridge(name: "br0")
        if let flows { try bridge.setFlows(flows) }
        try vswitch.addPort(
            PortConfiguration(name: "source0", number: 1, kind: .dpdk(devargs: rx[0])), to: bridge)
        try vswitch.addPort(PortConfiguration(name: "sink", number: 2, kind: .dpdk(devargs: tx)), to: bridge)
        for (index, device) in rx.enumerated().dropFirst() {
            try vswitch.addPort(
                PortConfiguration(name: "source\(index)", kind: .dpdk(devargs: device)), to: bridge)
        }
        return vswitch
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
