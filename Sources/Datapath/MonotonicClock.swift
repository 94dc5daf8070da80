import DPDK

/// The clock that durations and timeouts go by: the time-stamp counter that workers read, in nanoseconds.
public enum MonotonicClock {
    private static let nanosecondsPerCycle = 1e9 / Environment.cyclesPerSecond

    /// Now.
    public static var nanoseconds: UInt64 { nanoseconds(cycles: evs_cycles()) }

    /// What a worker's clock showed, in nanoseconds.
    static func nanoseconds(cycles: UInt64) -> UInt64 { UInt64(Double(cycles) * nanosecondsPerCycle) }
}
