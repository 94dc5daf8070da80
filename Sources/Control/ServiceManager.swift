import Foundation

/// The service manager that started this process, if it wants to be told things (sd_notify(3)).
public struct ServiceManager: Sendable {
    private let socketPath: String?
    /// Nanoseconds between signs of life: half of what the manager waits.
    public let watchdogNanoseconds: UInt64?

    public init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
        let path = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        socketPath = path
        let isMeant = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap(UInt64.init)
        watchdogNanoseconds = isMeant && path != nil ? microseconds.map { min($0, 1 << 50) * 500 } : nil
    }

    /// What there is to tell.
    public enum News: Sendable {
        case ready
        case reloading
        case stopping
        case alive
        /// Why it ends.
        case failed(String)
    }

    /// Tells it; a manager that doesn't listen is nobody's loss.
    public func tell(_ news: News) {
        guard let socketPath else { return }
        let text: String
        switch news {
        case .ready: text = "READY=1\nSTATUS=forwarding\n"
        case .reloading:
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            text = "RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)\n"
        case .stopping: text = "STOPPING=1\nSTATUS=stopping\n"
        case .alive: text = "WATCHDOG=1\n"
        case .failed(let why): text = "STATUS=\(why.prefix(while: { $0 != "\n" }).prefix(500))\n"
        }
        let descriptor = socket(
            AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        if descriptor < 0 { return }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        _ = UnixAddress.with(socketPath) { sendto(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL), $0, $1) }
    }
}
