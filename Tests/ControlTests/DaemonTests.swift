import Foundation
import Switch
import TestSupport
import Testing

@testable import Control

/// Everything that starts an evs of its own, one after the other: each takes memory and a core.
@Suite(.serialized) enum Daemons {}

extension Daemons {
    /// Start, end, and the folder between them.
    @Suite struct LifeTests {
        @Test func withoutAFile() throws {
            let daemon = try RunningDaemon()
            let show = try daemon.json(ControlReply.Show.self, "show")
            #expect(show.process == daemon.process.processIdentifier && show.configuration == nil)
            #expect(show.bridges.map(\.name) == ["br0"] && show.bridges[0].ports.isEmpty && !show.workers.isEmpty)
            let flows = try daemon.json(ControlReply.Flows.self, "flow", "list", "br0").flows
            #expect(flows.map(\.actions) == ["NORMAL"])
            #expect(try daemon.evs("show").contains("bridge br0"))
            let mode = try FileManager.default.attributesOfItem(atPath: daemon.socket)[.posixPermissions] as? Int
            #expect(mode == 0o660)
            #expect(try daemon.refused("reload").contains("without a configuration file"))
            #expect(try daemon.evs("quit").isEmpty)
            #expect(daemon.waitForEnd() == 0)
            #expect(daemon.folder.contents == ["log", "notify"])
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func endsBySignalAndLeavesNothing(signal: Int32) throws {
            let daemon = try RunningDaemon()
            kill(daemon.process.processIdentifier, signal)
            #expect(daemon.waitForEnd() == 0)
            try daemon.notify.wait(for: "STOPPING=1")
            #expect(daemon.folder.contents == ["log", "notify"])
        }

        @Test func staleSocketIsReplaced() throws {
            let first = try RunningDaemon()
            kill(first.process.processIdentifier, SIGKILL)
            _ = first.waitForEnd()
            #expect(FileManager.default.fileExists(atPath: first.socket))
            let second = try Product.make(
                ["run", "--run-dir", first.runDirectory], ["NOTIFY_SOCKET": first.notify.path])
            second.standardError = FileHandle.nullDevice
            try second.run()
            try first.notify.wait(for: "READY=1")
            #expect(try first.json(ControlReply.Show.self, "show").process == second.processIdentifier)
            try first.evs("quit")
            second.waitUntilExit()
            #expect(second.terminationStatus == 0)
        }

        @Test func secondIsRefusedAndTheFirstIsUndisturbed() throws {
            let daemon = try RunningDaemon()
            let sameFolder = try Product.run(["run", "--run-dir", daemon.runDirectory])
            #expect(sameFolder.status == 1 && sameFolder.errors.contains("evs runs already"))
            #expect(sameFolder.errors.contains("process \(daemon.process.processIdentifier)"))
            let sameSocket = try Product.run(
                ["run", "--run-dir", daemon.folder.file("other"), "--socket", daemon.socket])
            #expect(sameSocket.status == 1 && sameSocket.errors.contains("something listens at"))
            try daemon.evs("show")
            #expect(!FileManager.default.fileExists(atPath: daemon.folder.file("other")))
        }

        @Test func foreignFileIsNotReplaced() throws {
            let folder = try TemporaryFolder()
            let file = try folder.write("precious", "data")
            let result = try Product.run(["run", "--run-dir", folder.file("run"), "--socket", file])
            #expect(result.status == 1 && result.errors.contains("is not a socket"))
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "data")
            #expect(folder.contents == ["precious"])
        }

        @Test func nobodyThere() throws {
            let folder = try TemporaryFolder()
            let result = try Product.run(["show", "--run-dir", folder.path])
            #expect(result.status == 1 && result.output.isEmpty)
            #expect(result.errors.contains("no evs runs at \(folder.path)/evs.sock; start one with evs run"))
        }

        @Test func badFileIsToldBeforeAnythingStarts() throws {
            let folder = try TemporaryFolder()
            try folder.write("evs.yaml", "bridges:\n  - nme: br0\n")
            for command in [["run", "--run-dir", folder.file("run")], ["run", "--check"]] {
                let result = try Product.run(command + ["--config", folder.file("evs.yaml")])
                #expect(result.status == 1)
                #expect(result.errors.contains("evs.yaml:2:5: unknown key 'nme'; did you mean 'name'?"))
            }
            #expect(folder.contents == ["evs.yaml"])
        }

        @Test func watchdogHearsOfALivingSwitch() throws {
            let daemon = try RunningDaemon(environment: ["WATCHDOG_USEC": "200000"])
            for _ in 0..<3 { try daemon.notify.wait(for: "WATCHDOG=1") }
            kill(daemon.process.processIdentifier, SIGTERM)
            #expect(daemon.waitForEnd() == 0)
        }
    }
}
