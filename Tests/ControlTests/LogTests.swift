import Foundation
import Logging
import Synchronization
import Testing

@testable import Control

@Suite struct LogTests {
    /// Lines that were written.
    private final class Lines: Sendable {
        let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
    }

    private func logger(_ lines: Lines, _ environment: [String: String]) -> Logger {
        Logger(label: "test") { _ in DaemonLog(environment) { line in lines.lines.withLock { $0.append(line) } } }
    }

    @Test func journalLinesBeginWithTheirPriority() {
        let lines = Lines()
        let log = logger(lines, ["JOURNAL_STREAM": "8:1"])
        log.info("port added", metadata: ["port": "vm1", "why": "asked \"so\"\nby hand"])
        log.warning("two\nlines")
        log.error("bad")
        #expect(lines.all == ["<6>port added port=vm1 why=\"asked 'so' by hand\"\n", "<4>two lines\n", "<3>bad\n"])
    }

    @Test func otherLinesBeginWithTheTime() throws {
        let lines = Lines()
        logger(lines, [:]).notice("ready")
        #expect(try #require(lines.all.first).contains(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z notice ready\n$/))
    }

    @Test func oneKindIsHeldBackAndOthersAreNot() {
        let lines = Lines()
        let log = logger(lines, [:])
        for _ in 0..<50 { log.info("again") }
        log.info("once")
        #expect(lines.all.count == 11)
        #expect(lines.all.last?.contains("once") == true)
    }

    @Test func whatWasHeldBackIsCounted() {
        let rate = MessageRate(messages: 2, seconds: 1)
        let admitted = [0, 1, 2, 3, 999_999_999, 1_000_000_000, 2_000_000_000].map { rate.admit("a", now: $0) }
        #expect(admitted == [0, 0, nil, nil, nil, 3, 0])
    }

    @Test(arguments: [("quues", "queues", 1), ("", "abc", 3), ("same", "same", 0), ("kitten", "sitting", 3)])
    func editDistance(left: String, right: String, distance: Int) {
        #expect(Suggestion.distance(left, right) == distance && Suggestion.distance(right, left) == distance)
    }

    @Test(arguments: [
        (["EVS_RUNDIR": "/e", "XDG_RUNTIME_DIR": "/x"], true, "/e"), ([:], true, "/run/evs"),
        (["XDG_RUNTIME_DIR": "/x"], false, "/x/evs"), (["XDG_RUNTIME_DIR": "/x"], true, "/run/evs"),
        (["RUNTIME_DIRECTORY": "/run/a:/run/b"], false, "/run/a"), ([:], false, "/run/evs"),
    ])
    func runFolder(environment: [String: String], isRoot: Bool, folder: String) {
        #expect(RunPlace.folder(environment, isRoot: isRoot) == folder)
    }
}
