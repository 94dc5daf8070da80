import Foundation

/// The processor time of the calling thread: unlike a clock on the wall it does not count what others take.
enum ThreadClock {
    /// Nanoseconds.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}
