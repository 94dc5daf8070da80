import ArgumentParser
import DPDK
import Datapath
import Foundation
import OpenFlow
import Switch

/// Which way the packets of a benchmark with a guest go.
enum BenchScenario: String, CaseIterable, ExpressibleByArgument {
    /// From the guest to the null device.
    case guestTransmits = "guest_tx"
    /// From the null device, without end, to the guest.
    case guestReceives = "guest_rx"
    /// From the null device to the guest, and what the guest sends to the null device.
    case loop

    /// The flows that make it so: the null device is port 1, the guest port 3.
    var flows: String {
        switch self {
        case .guestTransmits: "in_port=3 actions=output:1"
        case .guestReceives: "in_port=1 actions=output:3"
        case .loop: "in_port=1 actions=output:3\nin_port=3 actions=output:1"
        }
    }
}

/// A benchmark with a guest behind a vhost-user socket: tells its counters when asked on standard input.
struct BenchGuest {
    let scenario: BenchScenario
    let socket: String
    let nullDevice: String

    /// Answers `stats` with a line of JSON each time, until standard input ends or a signal comes.
    func run(on vswitch: VirtualSwitch, signals: SignalWatch) throws {
        let bridge = try vswitch.addBridge(name: "br0")
        try bridge.setFlows(FlowText.parseFlows(scenario.flows))
        let null = try vswitch.addPort(
            PortConfiguration(name: "null", number: 1, kind: .dpdk(devargs: nullDevice)), to: bridge)
        try vswitch.start()
        let port = try vswitch.addPort(
            PortConfiguration(name: "guest", number: 3, kind: .vhostUser(.client(path: socket))), to: bridge)
        let meter = BenchMeter(vswitch.datapath)
        let first = meter.read()
        var last = first
        say(#"{"ready": 1}"#)
        while !signals.wait(milliseconds: 0) {
            var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            if poll(&input, 1, 100) <= 0 { continue }
            guard let line = readLine() else { break }
            if line != "stats" { continue }
            let now = meter.read()
            let sent = vswitch.datapath.counters(ofPort: null.index).deliveredPackets
            let received = vswitch.datapath.counters(ofPort: port.index).deliveredPackets
            let cycles = now.cyclesPerPacket(since: last).map { String(format: "%.1f", $0) } ?? "null"
            last = now
            say(#"{"null_tx": \#(sent), "guest_tx": \#(received), "cycles_per_pkt": \#(cycles)}"#)
        }
        let result = BenchResult(first, meter.read(), [], profile: true)
        try vswitch.stop()
        say(try result.json())
    }

    /// A line, at once.
    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
