import Foundation
import Testing

/// Open vSwitch's own reading and printing, for the tests that compare with it.
enum OpenVSwitch {
    /// `ovs-ofctl`, if it is installed.
    static let tool = ["/usr/bin/ovs-ofctl", "/usr/local/bin/ovs-ofctl"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// Whether a test can compare; tells if it can't.
    static func isThere() -> Bool {
        if tool == nil { print("skipped: ovs-ofctl is not installed") }
        return tool != nil
    }

    /// What the tool prints, and whether it succeeded.
    static func run(_ arguments: [String]) throws -> (output: String, succeeded: Bool) {
        let process = Process()
        process.executableURL = URL(filePath: try #require(tool))
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (String(decoding: data, as: UTF8.self), process.terminationStatus == 0)
    }

    /// A message as bytes, in its words.
    static func text(of message: [UInt8]) throws -> String {
        let digits = message.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let (output, succeeded) = try run(["ofp-print", digits])
        try #require(succeeded)
        return output
    }
}
