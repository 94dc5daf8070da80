import Foundation
import Switch
import TestSupport
import Testing

@testable import Control

/// The `evs` that was built with the tests.
enum Product {
    static let path: String? = {
        let folders = [
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "",
            CommandLine.arguments[0], Bundle.main.bundlePath,
        ].map { URL(fileURLWithPath: $0).deletingLastPathComponent().path } + [Bundle.main.bundlePath]
        return folders.map { "\($0)/evs" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// Runs evs to its end.
    static func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (status: Int32, output: String, errors: String) {
        let texts = try TemporaryFolder()
        for name in ["out", "err"] { try texts.write(name, "") }
        let process = try make(arguments, environment)
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: texts.file("out")))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: texts.file("err")))
        try process.run()
        process.waitUntilExit()
        func text(_ name: String) throws -> String { try String(contentsOfFile: texts.file(name), encoding: .utf8) }
        return (process.terminationStatus, try text("out"), try text("err"))
    }

    static func make(_ arguments: [String], _ environment: [String: String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(path, "evs is not beside the tests"))
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        return process
    }
}

/// A datagram socket on which a service manager would listen.
final class NotifySocket {
    let path: String
    private let descriptor: CInt

    init(_ path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        try #require(UnixAddress.with(path) { bind(descriptor, $0, $1) } == 0)
    }

    deinit { close(descriptor) }

    /// The next message; `nil` when none comes in that time.
    func next(milliseconds: Int = 60_000) -> String? {
        var limit = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// Takes messages until one begins so.
    func wait(for start: String) throws {
        while true {
            let message = try #require(next(), "no \(start) came")
            if message.hasPrefix(start) { return }
        }
    }
}

/// An evs that runs in a folder of its own, ready when this has been made, killed when it goes.
final class RunningDaemon {
    let folder: TemporaryFolder
    let process: Process
    let notify: NotifySocket
    var runDirectory: String { folder.file("run") }
    var socket: String { runDirectory + "/evs.sock" }
    var configurationPath: String { folder.file("evs.yaml") }

    /// - Parameter configuration: the file's text; `nil`: none.
    init(_ configuration: String? = nil, arguments: [String] = [], environment: [String: String] = [:]) throws {
        folder = try TemporaryFolder()
        notify = try NotifySocket(folder.file("notify"))
        try folder.write("log", "")
        var all = ["run", "--run-dir", folder.file("run")] + arguments
        if let configuration {
            try folder.write("evs.yaml", configuration)
            all += ["--config", folder.file("evs.yaml")]
        }
        process = try Product.make(all, ["NOTIFY_SOCKET": notify.path].merging(environment) { $1 })
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file("log")))
        try process.run()
        while true {
            if let message = notify.next(milliseconds: 100) {
                if message.hasPrefix("READY=1") { break }
            } else if !process.isRunning {
                throw Ended(log: try log())
            }
        }
    }

    /// An evs that ended before it was ready.
    struct Ended: Error { let log: String }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    func log() throws -> String { try String(contentsOfFile: folder.file("log"), encoding: .utf8) }

    /// Runs a command of evs's; what it printed.
    @discardableResult
    func evs(_ arguments: String...) throws -> String {
        let result = try Product.run(arguments, environment: ["EVS_RUNDIR": runDirectory])
        #expect(result.status == 0, "evs \(arguments.joined(separator: " ")): \(result.errors)")
        return result.output
    }

    /// Runs a command that must fail with code 1 and print nothing; what it said on standard error.
    func refused(_ arguments: String...) throws -> String {
        let result = try Product.run(arguments, environment: ["EVS_RUNDIR": runDirectory])
        #expect(result.status == 1 && result.output.isEmpty, "\(arguments.joined(separator: " ")): \(result)")
        return result.errors
    }

    /// Runs a command with `--json`; the object.
    func json<Reply: Decodable>(_ reply: Reply.Type, _ arguments: String...) throws -> Reply {
        let result = try Product.run(arguments + ["--json"], environment: ["EVS_RUNDIR": runDirectory])
        try #require(result.status == 0, "evs \(arguments.joined(separator: " ")): \(result.errors)")
        #expect(result.output.split(separator: "\n").count == 1, "one object on one line: \(result.output)")
        return try JSONDecoder().decode(reply, from: Data(result.output.utf8))
    }

    func ports(_ bridge: String = "br0") throws -> [PortReport] {
        try json(ControlReply.Ports.self, "port", "list", bridge).ports
    }

    /// Takes the file that it was started with away, writes another, and has it read.
    func replaceConfiguration(_ text: String) throws { try folder.write("evs.yaml", text) }

    /// Waits for the end; the exit code.
    func waitForEnd() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -1
    }
}

/// A client that speaks to the control socket byte by byte.
final class PlainClient {
    let descriptor: CInt

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        try #require(UnixAddress.with(path) { connect(descriptor, $0, $1) } == 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    deinit { close(descriptor) }

    /// Sends; whether all was taken.
    @discardableResult
    func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
    }

    /// What comes up to the end of a line, or until the other side closes.
    func line() -> String {
        var text: [UInt8] = []
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, 0) == 1, byte != UInt8(ascii: "\n") { text.append(byte) }
        return String(decoding: text, as: UTF8.self)
    }
}
