import Foundation

/// What goes to standard error.
enum Terminal {
    static let isInteractive = isatty(2) == 1

    static func warn(_ text: String) { write("\(text)\n") }

    static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// Interrupts, taken where they are waited for and nowhere else.
struct SignalWatch {
    private let signals: sigset_t

    /// From now on this thread, and those that it starts, leave SIGINT and SIGTERM to ``wait(milliseconds:)``.
    init() {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGINT)
        sigaddset(&set, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signals = set
    }

    /// Waits at most so long, and has work done that makes a descriptor readable; whether somebody asked to end.
    func wait(milliseconds: Int, for descriptor: CInt, work: () -> Void) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&entry, 1, CInt(milliseconds)) == 1 { work() }
        return wait(milliseconds: 0)
    }

    /// Waits at most so long; whether somebody asked to end.
    func wait(milliseconds: Int) -> Bool {
        var set = signals
        var limit = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        return sigtimedwait(&set, nil, &limit) > 0
    }
}

/// A line that tells how far a long replay has come; on a terminal, after the first second.
struct Progress {
    let total: Int?
    let duration: Double?
    private var lastShown = 0.0
    private var isShown = false

    init(total: Int?, duration: Double?) {
        self.total = total
        self.duration = duration
    }

    mutating func show(packets: UInt64, seconds: Double) {
        if !Terminal.isInteractive || seconds < 1 || seconds - lastShown < 0.2 { return }
        lastShown = seconds
        isShown = true
        let byCount = total.map { Double(packets) / Double(max($0, 1)) }
        let byTime = duration.map { seconds / $0 }
        let share = min(1, max(byCount ?? 0, byTime ?? 0))
        let filled = Int(share * 30)
        let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: 30 - filled)
        let rate = Double(packets) / seconds / 1e6
        let percent = total == nil && duration == nil ? "" : String(format: " %3.0f%%", share * 100)
        Terminal.write(String(format: "\r\u{1b}[K%@%@  %.2f Mpps  %.0f s", bar, percent, rate, seconds))
    }

    /// Takes the line away again.
    mutating func clear() {
        if isShown { Terminal.write("\r\u{1b}[K") }
        isShown = false
    }
}
