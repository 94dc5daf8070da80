import Foundation
import Packet
import Testing

/// Captures of real traffic, where they are at hand, against another program's view of them.
@Suite struct CaptureSharedDataTests {
    /// The captures' directory: `../shared/data/captures` beside the package, or `$EVS_TEST_DATA/captures`.
    static var captures: [URL] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let data = ProcessInfo.processInfo.environment["EVS_TEST_DATA"].map { URL(fileURLWithPath: $0) }
            ?? root.deletingLastPathComponent().appendingPathComponent("shared/data")
        let files = try? FileManager.default.contentsOfDirectory(
            at: data.appendingPathComponent("captures"), includingPropertiesForKeys: nil)
        return (files ?? []).sorted { $0.path < $1.path }
    }

    private static let tcpdump = ["/usr/bin/tcpdump", "/usr/sbin/tcpdump"]
        .first(where: FileManager.default.isExecutableFile(atPath:))

    /// Packet lengths and timestamps, as tcpdump's `-e -tt` lines tell them.
    private func tcpdumpLines(_ path: String, _ tool: String) throws -> [Substring] {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: tool)
        process.arguments = ["-r", path, "-n", "-q", "-e", "-tt", "--time-stamp-precision=nano"]
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let stamp = #/^[0-9]+\.[0-9]{9} /#
        return String(decoding: output, as: UTF8.self).split(separator: "\n").filter { $0.starts(with: stamp) }
    }

    @Test func everyCaptureLoadsWhole() throws {
        let captures = Self.captures
        if captures.isEmpty { print("skipped: ../shared/data/captures is not here") }
        if Self.tcpdump == nil { print("skipped: tcpdump, to compare packet counts with, is not installed") }
        for file in captures {
            let capture = try Capture.load(file.path)
            #expect(capture.truncation == nil, "\(file.lastPathComponent)")
            let packed = try Capture.load(gzip(Array(Data(contentsOf: file))))
            #expect(packed.packets == capture.packets, "\(file.lastPathComponent)")
            guard let tcpdump = Self.tcpdump else { continue }
            let lines = try tcpdumpLines(file.path, tcpdump)
            #expect(lines.count == capture.packetCount, "\(file.lastPathComponent)")
            for (line, record) in zip(lines, capture.records) {
                let time = record.timestampNanoseconds
                let fraction = String(time % 1_000_000_000 + 1_000_000_000).dropFirst()
                #expect(line.hasPrefix("\(time / 1_000_000_000).\(fraction) "), "\(file.lastPathComponent)")
            }
        }
    }
}
