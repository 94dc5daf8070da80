import Benchmark
import Packet

/// From bytes to a flow key: what filling a key costs by way of the field registry.
func packetParseBenchmarks() {
    Benchmark("parse: fill a key field by field") { benchmark in
        for packet in benchmark.scaledIterations { blackHole(connectionKey(packet)) }
    }
}
