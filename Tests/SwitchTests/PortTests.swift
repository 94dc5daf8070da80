import DPDK
import Datapath
import Dispatch
import Glibc
import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Switch

extension RunningSwitch {
    /// The types of port, and what is refused.
    @Suite(.serialized)
    struct PortTests {
        private func makeSwitch(workers: Int = 1) throws -> OneBridge {
            var options = SwitchOptions()
            options.datapath.workerCores = Array(repeating: nil, count: workers)
            options.datapath.packetBuffers = 12_000
            return try OneBridge(options)
        }

        private func capture(_ count: Int) throws -> PortConfiguration.Kind {
            var pcap = PcapOptions()
            pcap.capture = try Capture.load(bytes: CaptureFile.pcap(SimulationTests.capture(seed: 4, count: count)))
            return .pcap(pcap)
        }

        private func delivered(_ vswitch: OneBridge, _ name: String) -> UInt64 {
            vswitch.datapath.counters(ofPort: vswitch.ports.first { $0.name == name }!.index).deliveredPackets
        }

        private func received(_ vswitch: OneBridge, _ name: String) -> UInt64 {
            vswitch.datapath.counters(ofPort: vswitch.ports.first { $0.name == name }!.index).receivedPackets
        }

        private func wait(_ what: Comment, until condition: () -> Bool) throws {
            let deadline = DispatchTime.now() + 20
            while !condition() {
                try #require(DispatchTime.now() < deadline, what)
                PolledThread.sleep(microseconds: 100)
            }
        }

        /// Out by one end of a ring, in by the other.
        @Test(arguments: [1, 2])
        func ringPair(workers: Int) throws {
            let vswitch = try makeSwitch(workers: workers)
            try vswitch.addPort(PortConfiguration(name: "in", number: 1, kind: try capture(500)))
            try vswitch.addPort(PortConfiguration(name: "left", number: 2, kind: .ring(name: "pair\(workers)")))
            try vswitch.addPort(PortConfiguration(name: "right", number: 3, kind: .ring(name: "pair\(workers)")))
            try vswitch.addPort(PortConfiguration(name: "out", number: 4, kind: .null))
            try vswitch.setFlows(FlowText.parseFlows("in_port=1 actions=output:2\nin_port=3 actions=output:4"))
            try vswitch.start()
            try wait("all packets through the ring") { delivered(vswitch, "out") == 500 }
            try vswitch.stop()
            #expect(received(vswitch, "right") == 500 && received(vswitch, "left") == 0)
            #expect(vswitch.datapath.counters.receivedPackets == 1000)
            #expect(vswitch.datapath.counters.isBalanced)
        }

        @Test func nullDevices() throws {
            let vswitch = try makeSwitch()
            try vswitch.addPort(
                PortConfiguration(name: "source", number: 1, kind: .dpdk(devargs: "net_null0,size=128")))
            try vswitch.addPort(PortConfiguration(name: "sink", number: 2, kind: .dpdk(devargs: "net_null1")))
            try vswitch.setFlows(FlowText.parseFlows("in_port=1 actions=output:2\nin_port=2 actions=drop"))
            try vswitch.start()
            try wait("packets from net_null") { delivered(vswitch, "sink") > 1000 }
            try vswitch.stop()
            let counters = vswitch.datapath.counters
            #expect(counters.isBalanced)
            #expect(counters.receivedBytes == counters.receivedPackets * 128 || received(vswitch, "sink") > 0)
        }

        /// DPDK's own capture device reads one file and writes another.
        @Test func pcapDevice() throws {
            let folder = try TemporaryFolder()
            let packets = SimulationTests.capture(seed: 8, count: 300).filter { $0.bytes.count < 2000 }
            let input = try folder.write("in.pcap", CaptureFile.pcap(packets))
            let vswitch = try makeSwitch()
            let devargs = "net_pcap0,rx_pcap=\(input),tx_pcap=\(folder.file("out.pcap"))"
            try vswitch.addPort(PortConfiguration(name: "files", number: 1, kind: .dpdk(devargs: devargs)))
            try vswitch.setFlows(FlowText.parseFlows("actions=IN_PORT"))
            try vswitch.start()
            try wait("all packets of the file") { received(vswitch, "files") == packets.count }
            try vswitch.stop()
            #expect(vswitch.datapath.counters.isBalanced)
            #expect(try CaptureFile.read(folder.file("out.pcap")).packets.map(\.bytes) == packets.map(\.bytes))
        }

        /// More workers than a device has transmit queues: they share one, and nothing is lost or mixed up.
        @Test func sharedTransmitQueue() throws {
            let folder = try TemporaryFolder()
            let vswitch = try makeSwitch(workers: 2)
            try vswitch.addPort(PortConfiguration(name: "a", number: 1, kind: try capture(300)))
            try vswitch.addPort(PortConfiguration(name: "b", number: 2, kind: try capture(300)))
            let devargs = "net_pcap1,tx_pcap=\(folder.file("out.pcap"))"
            try vswitch.addPort(PortConfiguration(name: "out", number: 3, kind: .dpdk(devargs: devargs)))
            try vswitch.setFlows(FlowText.parseFlows("actions=output:3"))
            try vswitch.start()
            try wait("all packets") { vswitch.hasPlayedAllCaptures && vswitch.datapath.counters.receivedPackets == 600 }
            try wait("all packets sent or refused") { vswitch.datapath.counters.isBalanced }
            let sent = delivered(vswitch, "out")
            // What is on the ring is sent by the worker that polls the port, in its next rounds.
            let rounds = vswitch.datapath.counters.idleCycles
            try wait("further rounds") {
                vswitch.datapath.counters.idleCycles > rounds + UInt64(Environment.cyclesPerSecond / 50)
            }
            try vswitch.stop()
            #expect(sent == 600)
            #expect(try CaptureFile.read(folder.file("out.pcap")).packets.count == 600)
        }

        @Test func tapInterface() throws {
            guard geteuid() == 0, access("/dev/net/tun", R_OK | W_OK) == 0 else {
                print("skipped: tap ports need root and /dev/net/tun")
                return
            }
            let name = "evs-t\(getpid() % 100_000)"
            let vswitch = try makeSwitch()
            do {
                try vswitch.addPort(PortConfiguration(name: "tap", number: 1, kind: .tap(interface: name)))
            } catch {
                print("skipped: this machine makes no tap interfaces: \(error)")
                return
            }
            #expect(if_nametoindex(name) != 0)
            try vswitch.addPort(PortConfiguration(name: "in", number: 2, kind: try capture(50)))
            try vswitch.setFlows(FlowText.parseFlows("in_port=2 actions=output:1\nin_port=1 actions=drop"))
            try vswitch.start()
            try wait("packets into the interface") { vswitch.hasPlayedAllCaptures }
            try vswitch.stop()
            #expect(vswitch.datapath.counters.isBalanced)
            #expect(if_nametoindex(name) == 0, "the interface goes with the port")
        }

        /// What can't be opened is refused in words, and leaves the switch as it was.
        @Test(arguments: [
            (PortConfiguration(name: "x", kind: .dpdk(devargs: "net_nosuch0")), "net_nosuch0"),
            (
                PortConfiguration(name: "x", kind: .dpdk(devargs: "net_pcap7,rx_pcap=/nonexistent/file.pcap")),
                "net_pcap7"
            ),
            (PortConfiguration(name: "x", kind: .dpdk(devargs: "net_null7,nosuchkey=1")), "net_null7"),
            (PortConfiguration(name: "x", kind: .dpdk(devargs: "")), "device"),
            (PortConfiguration(name: "x", kind: .tap(interface: "a,b")), "a,b"),
            (PortConfiguration(name: "x", kind: .tap(interface: "")), "interface name"),
            (PortConfiguration(name: "x", kind: .tap(interface: "sixteencharacter")), "sixteencharacter"),
            (PortConfiguration(name: "x", kind: .afPacket(interface: "nosuchif0")), "nosuchif0"),
            (PortConfiguration(name: "taken", kind: .null), "'taken'"),
            (PortConfiguration(name: "x", number: 1, kind: .null), "'taken'"),
            (PortConfiguration(name: "x", number: 0, kind: .null), "range"),
            (PortConfiguration(name: "x", number: 0xffff_fffe, kind: .null), "range"),
        ])
        func refused(configuration: PortConfiguration, word: String) throws {
            let vswitch = try makeSwitch()
            try vswitch.addPort(PortConfiguration(name: "taken", number: 1, kind: .null))
            let error = #expect(throws: (any Error).self) { try vswitch.addPort(configuration) }
            #expect("\(error!)".contains(word), "\(error!)")
            #expect(!"\(error!)".contains("\n"))
            #expect(vswitch.ports.map(\.name) == ["taken"])
            try vswitch.addPort(PortConfiguration(name: "in", number: 2, kind: try capture(100)))
            try vswitch.start()
            try wait("the switch works as before") { vswitch.hasPlayedAllCaptures }
            try vswitch.stop()
            #expect(vswitch.datapath.counters.receivedPackets == 100 && vswitch.datapath.counters.isBalanced)
        }

        /// An output file that can't be made.
        @Test func refusedOutput() throws {
            let vswitch = try makeSwitch()
            var pcap = PcapOptions()
            pcap.outputPath = "/nonexistent/folder/p1.pcap"
            let error = #expect(throws: (any Error).self) {
                try vswitch.addPort(PortConfiguration(name: "p1", kind: .pcap(pcap)))
            }
            #expect("\(error!)".contains("/nonexistent/folder/p1.pcap"))
            #expect(vswitch.ports.isEmpty)
        }

        @Test func numbersAreGivenInOrder() throws {
            let vswitch = try makeSwitch()
            for (name, number) in [("a", nil), ("b", 3), ("c", nil), ("d", nil)] as [(String, UInt32?)] {
                try vswitch.addPort(PortConfiguration(name: name, number: number, kind: .null))
            }
            #expect(vswitch.ports.map(\.number) == [1, 3, 2, 4])
        }

        @Test func tooManyPorts() throws {
            let vswitch = try makeSwitch()
            for number in 1...Limits.ports { try vswitch.addPort(PortConfiguration(name: "p\(number)", kind: .null)) }
            let error = #expect(throws: SwitchError.self) {
                try vswitch.addPort(PortConfiguration(name: "more", kind: .null))
            }
            #expect(error!.message.contains("\(Limits.ports)"))
            #expect(vswitch.ports.count == Limits.ports)
        }
    }
}
