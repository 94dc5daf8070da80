import DPDK
import Foundation

/// The DPDK environment of the test process: one for all tests, since DPDK can be started only once.
public enum TestEnvironment {
    private static let started = Result { () throws -> Environment in
        var options = EnvironmentOptions()
        options.controlCore = Cores.available.first ?? 0
        options.memoryMegabytes = 512
        let environment = try Environment(options)
        // DPDK has bound this thread to one core, and threads that it starts later would be bound too.
        Cores.leaveToWorkers([])
        return environment
    }

    /// Started on first use.
    public static var shared: Environment { get throws { try started.get() } }
}

/// A new folder, removed with everything in it when this goes.
public final class TemporaryFolder {
    public let path: String

    public init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("evs-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// The path of a file in the folder.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file into the folder; its path.
    @discardableResult
    public func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    @discardableResult
    public func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

    public var contents: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
