import Benchmark
import Packet

/// From bytes to a flow key.
func packetParseBenchmarks() {
    for (name, bytes) in [("IPv4/UDP", SamplePackets.udp(1)), ("VLAN/IPv4/UDP", SamplePackets.taggedUDP(1))] {
        Benchmark("parse: \(name)") { benchmark in
            let key = UnsafeMutablePointer<FlowKey>.allocate(capacity: 1)
            key.initialize(to: FlowKey())
            defer { key.deallocate() }
            bytes.withUnsafeBytes { packet in
                for _ in benchmark.scaledIterations {
                    blackHole(
                        PacketParser.parse(
                            packet.baseAddress!, count: packet.count, packetLength: packet.count, port: 1, into: key))
                }
            }
        }
    }
}
