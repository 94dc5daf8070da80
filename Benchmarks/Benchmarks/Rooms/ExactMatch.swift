import Benchmark
@_spi(Workbench) import Datapath

/// The probe of the exact-match cache: a burst's keys cut down to what the tables can examine, hashed and compared.
func exactMatchBenchmarks() {
    Benchmark("exact match: 5-tuple, hit") { benchmark in
        let (vswitch, bench) = try Bench.make(
            flows: "udp,nw_src=10.0.0.1,nw_dst=172.16.0.1,tp_src=1,tp_dst=2 actions=output:1\nactions=output:2")
        bench.receive((0..<32).map(SamplePackets.udp))
        bench.parse(32)
        bench.resolve(32)
        benchmark.startMeasurement()
        for _ in 0..<benchmark.scaledIterations.count / 32 { blackHole(bench.probeExactMatch(32)) }
        benchmark.stopMeasurement()
        bench.execute(32)
        try vswitch.stop()
    }
}
