import CDPDK
import Glibc

/// How DPDK's environment is to be set up.
public struct EnvironmentOptions: Sendable {
    /// Megabytes that DPDK may take when it runs without hugepages.
    public var memoryMegabytes = 512
    /// Whether packet memory lies in hugepages. Without them evs runs anywhere, and a little slower.
    public var usesHugepages = false
    /// A hugetlbfs mount to take pages from; `nil`: whichever DPDK finds.
    public var hugepageDirectory: String?
    /// Tells the files of one DPDK process from another's.
    public var filePrefix: String?
    /// The core of the control threads.
    public var controlCore = 0
    /// Whether PCI devices are probed. Off unless one is configured, so that the machine's own cards stay its own.
    public var probesPCI = false

    public init() {}
}

/// DPDK's environment abstraction layer (EAL), started once in a process.
///
/// DPDK can't be started a second time after it has ended, so a process makes one and keeps it.
public final class Environment: Sendable {
    /// Where a packet's arrival time stands in its buffer, for the `timestamp` accessors of ``PacketBuffer``.
    public let timestampOffset: CInt
    public let options: EnvironmentOptions

    /// Starts DPDK.
    ///
    /// - Throws: when there are no hugepages where they are asked for, too little memory, or DPDK runs already.
    public init(_ options: EnvironmentOptions = EnvironmentOptions()) throws(DPDKError) {
        self.options = options
        let arguments = Environment.arguments(for: options)
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        // Safe: EAL keeps pointers into its arguments for the life of the process, so they are never freed.
        let result = evs_environment_start(CInt(pointers.count), &pointers)
        if result < 0 { throw DPDKError(Environment.startFailure(options), code: result) }
        let offset = evs_environment_timestamp_offset()
        if offset < 0 { throw DPDKError("no room for a timestamp in packet buffers", code: offset) }
        timestampOffset = offset
    }

    private static func arguments(for options: EnvironmentOptions) -> [String] {
        var arguments = ["evs", "-l", "\(options.controlCore)", "--no-telemetry", "--log-level=notice"]
        if !options.probesPCI { arguments.append("--no-pci") }
        if options.usesHugepages {
            arguments.append("--in-memory")
            if let directory = options.hugepageDirectory { arguments.append("--huge-dir=\(directory)") }
        } else {
            arguments += ["--no-huge", "--no-shconf", "-m", "\(options.memoryMegabytes)"]
        }
        if let prefix = options.filePrefix { arguments.append("--file-prefix=\(prefix)") }
        return arguments
    }

    private static func startFailure(_ options: EnvironmentOptions) -> String {
        options.usesHugepages
            ? """
            DPDK did not start with hugepages; give the machine some (echo 1024 > /proc/sys/vm/nr_hugepages) or run \
            without them
            """
            : "DPDK did not start with \(options.memoryMegabytes) MB of ordinary memory"
    }

    /// The end of DPDK's own log, for error messages.
    static var lastLogLine: String {
        var text = [CChar](repeating: 0, count: 4096)
        evs_environment_log(&text, text.count)
        let log = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return log.split(separator: "\n").last.map { $0.trimmingPrefix(while: { $0 == " " }) }.map(String.init) ?? ""
    }

    /// Time-stamp counter ticks a second.
    public static var cyclesPerSecond: Double {
        let known = rte_get_tsc_hz()
        return known > 0 ? Double(known) : measuredCyclesPerSecond
    }

    /// The same before DPDK has started, which is when it measures: found out once, by the system's clock.
    private static let measuredCyclesPerSecond: Double = {
        let clock = ContinuousClock(), start = clock.now, cycles = evs_cycles()
        while clock.now - start < .milliseconds(20) {}
        let counted = Double(evs_cycles() - cycles)
        return counted / ((clock.now - start) / .seconds(1))
    }()
}
