import Benchmark
import FlowTable
import OpenFlow
import Packet

/// The look-up in a flow table, without caches.
func classifierBenchmarks() {
    for count in [64, 4096] {
        var tables = FlowTables()
        for number in 0..<count {
            let flow = try? FlowText.parseFlow(
                "priority=\(number % 97),udp,nw_dst=172.16.\(number / 16 % 256).0/\(20 + number % 12) actions=output:2")
            if let flow { _ = try? tables.add(flow) }
        }
        let snapshot = tables.snapshot()
        let keys = (0..<1000).map { number in
            var key = FlowKey()
            SamplePackets.udp(number).withUnsafeBytes { packet in
                _ = PacketParser.parse(
                    packet.baseAddress!, count: packet.count, packetLength: packet.count, port: 1, into: &key)
            }
            return key
        }
        Benchmark("classifier: \(count) overlapping prefixes") { benchmark in
            for packet in benchmark.scaledIterations {
                withUnsafePointer(to: keys[packet]) { blackHole(snapshot.find(table: 0, key: $0, wildcards: nil)) }
            }
        }
    }
}
