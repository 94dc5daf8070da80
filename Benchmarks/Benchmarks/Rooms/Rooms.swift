import Benchmark

// The four steps of a packet's way, each in its own file. A measured iteration is 1,000 packets (the scaling factor),
// and the figures are printed for one packet: wall-clock time in nanoseconds, packets a second.
let benchmarks = { @Sendable in
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput], warmupIterations: 10, scalingFactor: .kilo,
        maxDuration: .seconds(2), maxIterations: 100_000)
    packetParseBenchmarks()
    exactMatchBenchmarks()
    classifierBenchmarks()
    actionBenchmarks()
}
