/// When to try a connection again: soon at first, less often while nobody listens.
struct RetryClock {
    /// The first pause, in nanoseconds.
    static let shortest: UInt64 = 100_000_000
    /// The longest, in nanoseconds: what a monitor that has come back may have to wait.
    static let longest: UInt64 = 500_000_000
    /// A connection that lasted as long was a good one, in nanoseconds.
    static let good: UInt64 = 1_000_000_000

    /// When the next attempt is due, in nanoseconds of the monotonic clock.
    private(set) var due: UInt64
    private var pause = RetryClock.shortest
    private var connectedAt: UInt64?

    init(now: UInt64) { due = now }

    mutating func connected(now: UInt64) { connectedAt = now }

    /// Nobody answered, or the connection has ended.
    mutating func failed(now: UInt64) {
        if let connectedAt, now - connectedAt >= RetryClock.good { pause = RetryClock.shortest }
        connectedAt = nil
        due = now + pause
        pause = min(2 * pause, RetryClock.longest)
    }
}
