import Benchmark
import Packet

/// The probe of the exact-match cache: cut a key down to the bits that the tables can examine, and compare.
func exactMatchBenchmarks() {
    let keys = connectionKeys()
    var examined = FlowMask()
    for field in [FieldID.inPort, .ethDst, .ethType, .ipv4Src, .ipv4Dst, .ipProto, .tcpSrc, .tcpDst] {
        examined[field] = Field[field].allOnes
    }
    let mask = examined
    Benchmark("exact match: mask and compare") { benchmark in
        for packet in benchmark.scaledIterations { blackHole(keys[packet] & mask == keys[packet]) }
    }
}
