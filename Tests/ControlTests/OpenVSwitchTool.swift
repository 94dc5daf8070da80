import Foundation
import TestSupport
import Testing

/// `ovs-ofctl`, which speaks one version to a daemon.
struct OpenVSwitchTool {
    private static let path = "/usr/bin/ovs-ofctl"
    private let version: String
    private let runDirectory: String

    /// `nil`: it is not installed; a line tells so.
    init?(_ version: String, _ daemon: RunningDaemon) {
        if access(Self.path, X_OK) != 0 {
            print("skipped: there is no ovs-ofctl")
            return nil
        }
        self.version = version
        runDirectory = daemon.runDirectory
    }

    /// What it prints when it does what it is told.
    func callAsFunction(_ arguments: String...) throws -> String {
        let (text, succeeded) = try run(arguments)
        #expect(succeeded, "\(arguments): \(text)")
        return text
    }

    /// What it prints when it is refused.
    func refused(_ arguments: String...) throws -> String {
        let (text, succeeded) = try run(arguments)
        #expect(!succeeded, "\(arguments): \(text)")
        return text
    }

    private func run(_ arguments: [String]) throws -> (text: String, succeeded: Bool) {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: Self.path)
        process.arguments = ["-O", version] + arguments
        process.environment = ["OVS_RUNDIR": runDirectory]
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (text, process.terminationStatus == 0)
    }
}
