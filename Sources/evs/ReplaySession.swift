import DPDK
import Datapath
import FlowTable
import Foundation
import Switch

/// What a replay came to.
struct ReplayOutcome {
    var seconds: Double
    var counters: WorkerCounters
    var ports: [(name: String, counters: PortCounters)]
    /// Flows with their counters, if they were asked for.
    var flows: [FlowEntry]?
    /// Whether every packet played was received, and every packet received delivered or dropped for a reason.
    var isBalanced: Bool
    var wasInterrupted: Bool
    /// Something that went wrong without making the counts wrong: a capture that could not be written whole.
    var failure: Failure?
    var notes: [String]
}

/// One replay, from making the switch to counting what came out.
struct ReplaySession {
    private let plan: ReplayPlan

    init(_ plan: ReplayPlan) { self.plan = plan }

    func run() throws -> ReplayOutcome {
        for note in plan.notes { Terminal.warn("note: \(note)") }
        // Before any thread starts, so that all of them leave these signals to the loop below.
        let signals = SignalWatch()
        let (vswitch, bridge) = try makeSwitch()
        let clock = ContinuousClock()
        let start = clock.now
        try vswitch.start()
        let wasInterrupted = wait(for: vswitch, signals, from: start)
        let seconds = (clock.now - start).seconds
        vswitch.datapath.stop()
        let flows = plan.showsFlows ? bridge.flowsWithCounters() : nil
        let played = vswitch.playedPackets
        var failure: Failure?
        do { try vswitch.stop() } catch { failure = Failure("\(error)") }
        let counters = vswitch.datapath.counters
        return ReplayOutcome(
            seconds: seconds, counters: counters,
            ports: bridge.ports.map { ($0.name, vswitch.datapath.counters(ofPort: $0.index)) }, flows: flows,
            isBalanced: counters.isBalanced && counters.receivedPackets == played, wasInterrupted: wasInterrupted,
            failure: failure, notes: plan.notes)
    }

    private func makeSwitch() throws -> (VirtualSwitch, Bridge) {
        let cores = try workerCores()
        var environmentOptions = EnvironmentOptions()
        environmentOptions.controlCore = Cores.available.first ?? 0
        environmentOptions.usesHugepages = plan.usesHugepages
        let environment = try Environment(environmentOptions)
        Cores.leaveToWorkers(cores)
        var options = SwitchOptions()
        options.datapath.workerCores = cores
        options.datapath.usesCaches = plan.usesCaches
        // What one packet teaches is to hold for the next, every time the same.
        options.datapath.waitsForEffects = plan.tables.changeThemselves
        options.datapath.packetBuffers = plan.outputDirectory == nil ? 16384 : 65536
        // A replay that writes files must not lose packets for want of a buffer: they come back as files are written.
        options.datapath.waitsForBuffers = plan.outputDirectory != nil
        let vswitch = try VirtualSwitch(environment: environment, options: options)
        let bridge = try vswitch.addBridge(name: "br0")
        if let directory = plan.outputDirectory {
            do {
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            } catch {
                throw Failure("--out \(directory): the folder can't be made: \(error.localizedDescription)")
            }
        }
        try plan.tables.install(in: bridge)
        for port in plan.ports { try vswitch.addPort(port, to: bridge) }
        return (vswitch, bridge)
    }

    /// One worker for each port that plays a capture; one core is left to everything else where there are several.
    private func workerCores() throws -> [Int] {
        let cores = Cores.available
        let inputs = plan.ports.count { $0.playsCapture }
        let wanted = plan.workerCount ?? max(1, min(inputs, cores.count - 1))
        if wanted > cores.count {
            throw Failure("\(wanted) workers need as many cores; this process may use \(cores.count)")
        }
        return Array(cores.suffix(wanted))
    }

    /// Until every capture is played, the time is up or somebody interrupts; whether it was the last.
    private func wait(for vswitch: VirtualSwitch, _ signals: SignalWatch, from start: ContinuousClock.Instant) -> Bool {
        let clock = ContinuousClock()
        var progress = Progress(total: plan.totalPackets, duration: plan.duration)
        defer { progress.clear() }
        while !vswitch.hasPlayedAllCaptures {
            let isAsked = signals.wait(milliseconds: 5, for: vswitch.packetInDescriptor) {
                _ = vswitch.takePacketIns(limit: 256)
                vswitch.performEffects()
            }
            if isAsked {
                vswitch.stopPlaying()
                return true
            }
            let elapsed = (clock.now - start).seconds
            if let duration = plan.duration, elapsed >= duration { vswitch.stopPlaying() }
            progress.show(packets: vswitch.playedPackets, seconds: elapsed)
        }
        return false
    }
}

extension PortConfiguration {
    fileprivate var playsCapture: Bool {
        if case .pcap(let options) = kind { options.capture != nil } else { false }
    }
}

extension Duration {
    /// The whole duration in seconds.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
