import Synchronization

/// Keeps a message that comes again and again from filling the log: of each kind, so many in so long.
final class MessageRate: Sendable {
    private struct Window {
        var start: UInt64
        var count = 0
        var suppressed = 0
    }

    private let windows = Mutex<[String: Window]>([:])
    private let messages: Int
    private let nanoseconds: UInt64

    /// - Parameters:
    ///   - messages: how many of a kind pass…
    ///   - seconds: …in so long.
    init(messages: Int = 10, seconds: UInt64 = 10) {
        self.messages = messages
        nanoseconds = seconds * 1_000_000_000
    }

    /// Whether a message may pass; if so, how many of its kind were held back since the last that did.
    func admit(_ kind: String, now: UInt64) -> Int? {
        windows.withLock { windows in
            var window = windows[kind] ?? Window(start: now)
            var suppressed = 0
            if now - window.start >= nanoseconds {
                suppressed = window.suppressed
                window = Window(start: now)
            }
            window.count += 1
            if window.count > messages { window.suppressed += 1 }
            windows[kind] = window
            return window.count > messages ? nil : suppressed
        }
    }
}
