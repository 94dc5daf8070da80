import DPDK
import Datapath

extension PortOpening {
    /// `pcap`: plays a capture in and writes what leaves, either of which may be missing.
    func openPcap(_ options: PcapOptions) throws -> OpenPort {
        var sink: CaptureSink?
        if let path = options.outputPath {
            sink = try CaptureSink(
                path: path, name: name, precision: options.precision, environment: environment)
        }
        var port = OpenPort(outputs: Array(repeating: sink?.output ?? .discard, count: workerCount))
        var source: UnsafeMutablePointer<ReplaySource>?
        if let capture = options.capture {
            let place = UnsafeMutablePointer<ReplaySource>.allocate(capacity: 1)
            place.initialize(
                to: ReplaySource(
                    capture, rounds: options.rounds, pace: options.pace, pool: pool, environment: environment))
            port.input = .capture(place)
            port.replay = place
            source = place
        }
        // The capture's memory must outlive the source that reads it.
        let capture = options.capture
        port.close = {
            source?.deallocate()
            try withExtendedLifetime(capture) { try sink?.finish() }
        }
        return port
    }
}
