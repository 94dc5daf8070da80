import Foundation
import Testing

/// The runner of Scripts/test counts right, names what broke, and ends what stages leave running.
@Suite struct StageRunnerTests {
    /// Runs stages, written in bash, each with a limit in seconds.
    private func run(_ stages: [(function: String, limit: Int)]) throws -> (status: Int32, output: String) {
        let logs = FileManager.default.temporaryDirectory.appending(path: "evs-stages-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: logs) }
        var script = "set -euo pipefail; source Scripts/lib.sh; source Scripts/stages.sh\n"
        for (index, stage) in stages.enumerated() {
            script += "stage\(index)() { \(stage.function); }; run_stage stage\(index) \(stage.limit) stage\(index)\n"
        }
        script += "summarise\n"
        return try Command.run(
            ["bash", "-c", script], in: Repository.root, environment: ["EVS_TEST_LOGS": logs.path])
    }

    private func lastLine(_ output: String) -> Substring? { output.split(separator: "\n").last }

    @Test func passedAndSkippedAreCounted() throws {
        let (status, output) = try run([
            ("true", 60), ("count 5 0 1; echo 'skipped: one thing'", 60), ("skip 'no such machine'", 60),
        ])
        #expect(status == 0, "\(output)")
        #expect(lastLine(output) == "6 passed, 0 failed, 2 skipped")
        #expect(output.contains("skipped: one thing") && output.contains("skipped: no such machine"))
    }

    @Test func failuresAreCountedAndTold() throws {
        let (status, output) = try run([
            ("true", 60), ("echo 'error: it broke'; false; echo 'not reached'", 60), ("count 3 2 0; return 1", 60),
            ("kill -SEGV $BASHPID", 60),
        ])
        #expect(status == 1, "\(output)")
        #expect(lastLine(output) == "4 passed, 4 failed")
        #expect(output.contains("error: it broke") && !output.contains("not reached"))
        #expect(output.contains("ended by signal 11"))
    }

    @Test func endlessStageIsEnded() throws {
        let (status, output) = try run([("sleep 1000", 1)])
        #expect(status == 1 && output.contains("not done after 1 s"), "\(output)")
    }

    @Test func processLeftBehindIsEndedAndTold() throws {
        // In a session of its own, as a daemon is; the time it would sleep is its name.
        let time = "1000.\(UInt32.random(in: 1_000_000...9_999_999))"
        let (status, output) = try run([("setsid sleep \(time) & disown", 60)])
        #expect(status == 1 && output.contains("left behind") && output.contains("sleep \(time)"), "\(output)")
        let (_, processes) = try Command.run(["ps", "-eo", "args"], in: Repository.root)
        #expect(!processes.contains("sleep \(time)"))
    }
}
