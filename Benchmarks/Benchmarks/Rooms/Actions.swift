import Benchmark
import Packet

/// What an action program does to a packet: here, to its key.
func actionBenchmarks() {
    let keys = connectionKeys()
    let fields = (Field[.ethDst], Field[.ipTTL], Field[.vlanTCI])
    Benchmark("actions: set destination, tag, decrement the TTL") { benchmark in
        for packet in benchmark.scaledIterations {
            var key = keys[packet]
            key[fields.0] = 0x0200_0000_0003
            key[fields.1] -= 1
            key[fields.2] = 0x1064
            blackHole(key)
        }
    }
}
