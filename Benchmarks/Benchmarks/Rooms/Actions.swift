import Benchmark
@_spi(Workbench) import Datapath

/// What an action program does to packets; making and freeing their buffers is counted too.
func actionBenchmarks() {
    for (name, actions) in [
        ("output", "output:2"),
        ("TTL, source address, port", "dec_ttl,set_field:10.9.9.9->nw_src,set_field:53->udp_dst,output:2"),
        ("push a tag", "push_vlan:0x8100,set_field:0x1064->vlan_vid,output:2"),
    ] {
        Benchmark("actions: \(name)") { benchmark in
            let (vswitch, bench) = try Bench.make(flows: "udp actions=\(actions)")
            let packets = (0..<32).map(SamplePackets.udp)
            benchmark.startMeasurement()
            for _ in 0..<benchmark.scaledIterations.count / 32 {
                bench.receive(packets)
                bench.parse(32)
                bench.resolve(32)
                bench.execute(32)
            }
            benchmark.stopMeasurement()
            try vswitch.stop()
        }
    }
}
