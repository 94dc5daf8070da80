import Benchmark
import OpenFlow
import Packet

/// The lookup in a flow table: the plain linear search that each classifier is measured against.
func classifierBenchmarks() {
    let keys = connectionKeys()
    let matches = (0..<64).map { number in
        var match = Match()
        match.set(.ethType, 0x0800)
        match.set(.ipv4Dst, 0x0a01_0000 | UInt128(number) << 10, mask: 0xffff_fc00)
        return match
    }
    Benchmark("classifier: linear search in 64 prefixes") { benchmark in
        for packet in benchmark.scaledIterations {
            blackHole(matches.firstIndex { $0.matches(keys[packet]) })
        }
    }
}
