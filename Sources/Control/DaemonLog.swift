import Foundation
import Logging

/// Writes log messages to standard error: `2026-01-31T12:00:00.000Z notice port added port=vm1 bridge=br0`.
///
/// When standard error is the journal's, a line begins with its priority instead (sd-daemon(3)), and has no time. A
/// kind of message (the place in the code) passes ten times in ten seconds; the next that passes tells how many didn't.
public struct DaemonLog: LogHandler {
    public var logLevel = Logger.Level.info
    public var metadata: Logger.Metadata = [:]
    private let isJournal: Bool
    private let rate = MessageRate()
    private let write: @Sendable (String) -> Void

    /// - Parameter write: gets whole lines; by default standard error does.
    public init(
        _ environment: [String: String] = ProcessInfo.processInfo.environment,
        write: @escaping @Sendable (String) -> Void = { FileHandle.standardError.write(Data($0.utf8)) }
    ) {
        isJournal = environment["JOURNAL_STREAM"] != nil
        self.write = write
    }

    /// What is said with every message.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line.
    public func log(event: LogEvent) {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let nanoseconds = UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
        guard let suppressed = rate.admit("\(event.file):\(event.line)", now: nanoseconds) else { return }
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        var line = isJournal ? "<\(event.level.journalPriority)>" : "\(DaemonLog.time()) \(event.level.rawValue) "
        line += DaemonLog.oneLine("\(event.message)")
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(DaemonLog.quoted("\(value)"))" }
        if suppressed > 0 { line += " suppressed=\(suppressed)" }
        write(line + "\n")
    }

    private static func time() -> String {
        Date().formatted(
            .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted))
    }

    /// What came from outside can't begin a line of its own.
    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline || $0.unicodeScalars.allSatisfy { $0.value < 32 } ? " " : $0 })
    }

    private static func quoted(_ text: String) -> String {
        let clean = oneLine(text)
        if !clean.isEmpty, !clean.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) { return clean }
        return "\"" + clean.replacingOccurrences(of: "\"", with: "'") + "\""
    }
}

extension Logger.Level {
    /// As syslog(3) numbers them.
    fileprivate var journalPriority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
