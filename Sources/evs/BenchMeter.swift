import DPDK
import Datapath
import Foundation

/// Reads a data path's counters while it runs.
struct BenchMeter {
    private let datapath: Datapath
    private let clock = ContinuousClock()
    private let start = ContinuousClock().now

    init(_ datapath: Datapath) { self.datapath = datapath }

    func read() -> BenchReading {
        BenchReading(
            counters: datapath.counters, runNanoseconds: datapath.runNanoseconds(ofWorker: 0),
            seconds: (clock.now - start).seconds)
    }
}

/// The counters of one moment.
struct BenchReading {
    let counters: WorkerCounters
    /// That the worker has had on its core.
    let runNanoseconds: UInt64
    let seconds: Double

    /// Busy cycles a packet since an earlier reading, less the time in which the worker had no core.
    func cyclesPerPacket(since earlier: BenchReading) -> Double? {
        let packets = Double(counters.receivedPackets - earlier.counters.receivedPackets)
        let busy = Double(counters.busyCycles - earlier.counters.busyCycles)
        let total = busy + Double(counters.idleCycles - earlier.counters.idleCycles)
        guard packets > 0, total > 0 else { return nil }
        let run = Double(runNanoseconds - earlier.runNanoseconds) * Environment.cyclesPerSecond / 1e9
        // Where the kernel does not tell, nothing is taken off.
        return busy / packets * (run > 0 ? min(1, run / total) : 1)
    }
}

/// What a benchmark prints.
struct BenchResult {
    private struct Document: Encodable {
        let mpps: Double
        let cyclesPerPacket: Double?
        let windows: [Double]
        let stages: [String: Double]?
        let caches: [String: UInt64]?
        let megaflowProbesPerMiss: Double?
        let packetsPerBurst: Double?

        enum CodingKeys: String, CodingKey {
            case mpps
            case cyclesPerPacket = "cycles_per_pkt"
            case windows = "win"
            case stages, caches, megaflowProbesPerMiss, packetsPerBurst
        }
    }

    private let document: Document

    init(_ first: BenchReading, _ last: BenchReading, _ windows: [Double], profile: Bool) {
        let packets = Double(last.counters.receivedPackets - first.counters.receivedPackets)
        let seconds = last.seconds - first.seconds
        let counters = last.counters
        let sampled = Double(max(counters.stages.packets, 1))
        let misses = Double(max(counters.megaflowHits + counters.translations, 1))
        document = Document(
            mpps: seconds > 0 ? packets / seconds / 1e6 : 0, cyclesPerPacket: last.cyclesPerPacket(since: first),
            windows: windows.map { ($0 * 10).rounded() / 10 },
            stages: profile
                ? Dictionary(uniqueKeysWithValues: counters.stages.named.map { ($0.name, Double($0.cycles) / sampled) })
                : nil,
            caches: profile
                ? [
                    "exactMatch": counters.exactMatchHits, "megaflow": counters.megaflowHits,
                    "translated": counters.translations,
                ] : nil,
            megaflowProbesPerMiss: profile ? Double(counters.megaflowProbes) / misses : nil,
            packetsPerBurst: profile ? Double(counters.receivedPackets) / Double(max(counters.bursts, 1)) : nil)
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(document), as: UTF8.self)
    }
}
