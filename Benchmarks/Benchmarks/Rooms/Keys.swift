import Benchmark
import Packet

/// Flow keys of TCP packets between two stations, which differ in addresses and ports as those of many connections do.
/// The same number gives the same key in each run.
func connectionKey(_ number: Int) -> FlowKey {
    let scattered = UInt128(truncatingIfNeeded: UInt64(truncatingIfNeeded: number) &* 0x9e37_79b9_7f4a_7c15)
    var key = FlowKey()
    key[.inPort] = 1
    key[.ethSrc] = 0x0200_0000_0001
    key[.ethDst] = 0x0200_0000_0002
    key[.ethType] = 0x0800
    key[.ipProto] = 6
    key[.ipTTL] = 64
    key[.ipv4Src] = 0x0a00_0000 | scattered & 0xffff
    key[.ipv4Dst] = 0x0a01_0000 | scattered >> 16 & 0xffff
    key[.tcpSrc] = 1024 + scattered >> 32 & 0x3fff
    key[.tcpDst] = 443
    return key
}

/// One key for each packet of an iteration, which goes through as many as the scaling factor says.
func connectionKeys() -> [FlowKey] { (0..<BenchmarkScalingFactor.kilo.rawValue).map(connectionKey) }
