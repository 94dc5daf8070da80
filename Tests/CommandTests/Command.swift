import Foundation
import TestSupport
import Testing

/// The `evs` that was built with the tests, as a user runs it.
struct Command {
    let status: Int32
    /// Whether it ended by itself, not by a signal.
    let hasExited: Bool
    let output: String
    let errors: String

    /// The products' folder: the tests' own executable lies beside evs.
    private static let executable: String? = {
        let folders = [
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "",
            CommandLine.arguments[0], Bundle.main.bundlePath,
        ].map { URL(fileURLWithPath: $0).deletingLastPathComponent().path } + [Bundle.main.bundlePath]
        return folders.map { "\($0)/evs" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// Runs to the end, which must come within a minute.
    ///
    /// - Parameters:
    ///   - interruptWhen: sends SIGINT as soon as this is so.
    static func run(
        _ arguments: String..., in folder: TemporaryFolder, interruptWhen: (() -> Bool)? = nil
    ) throws -> Command {
        try run(arguments, in: folder, interruptWhen: interruptWhen)
    }

    static func run(
        _ arguments: [String], in folder: TemporaryFolder, interruptWhen: (() -> Bool)? = nil
    ) throws -> Command {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(executable, "evs is not beside the tests"))
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        // Files, not pipes: whatever it prints, it never waits for a reader. They lie outside the folder.
        let texts = try TemporaryFolder()
        for name in ["out", "err"] { try texts.write(name, "") }
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: texts.file("out")))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: texts.file("err")))
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let deadline = Date(timeIntervalSinceNow: 60)
        var condition = interruptWhen
        while process.isRunning {
            if let isSo = condition, isSo() {
                process.interrupt()
                condition = nil
            }
            if Date() > deadline {
                process.terminate()
                Issue.record("evs \(arguments.joined(separator: " ")) did not end")
                condition = nil
                break
            }
            usleep(2000)
        }
        process.waitUntilExit()
        func text(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: texts.file(name))), as: UTF8.self)
        }
        return Command(
            status: process.terminationStatus, hasExited: process.terminationReason == .exit,
            output: try text("out"), errors: try text("err"))
    }

    /// The one JSON object that it printed.
    func json() throws -> [String: Any] {
        #expect(output.split(separator: "\n").count == 1, "one object on one line: \(output)")
        return try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }
}

extension [String: Any] {
    func object(_ key: String) throws -> [String: Any] { try #require(self[key] as? [String: Any], "\(key)") }
    func number(_ key: String) throws -> Double { try #require(self[key] as? NSNumber, "\(key)").doubleValue }
    func ports() throws -> [[String: Any]] { try #require(self["ports"] as? [[String: Any]], "ports") }
    func count(_ keys: String...) throws -> Int {
        var place = self
        for key in keys.dropLast() { place = try place.object(key) }
        return Int(try place.number(keys.last!))
    }
}
