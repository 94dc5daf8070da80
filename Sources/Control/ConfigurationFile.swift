import Foundation
import Session
import Switch

/// A configuration file that was refused: each line of the description says where and what.
public struct ConfigurationFileError: Error, Sendable, CustomStringConvertible {
    public let lines: [String]

    public var description: String { lines.joined(separator: "\n") }
}

/// Reads configuration files.
public enum ConfigurationFile {
    /// Bytes that a file may have.
    private static let sizeLimit = 16 << 20
    /// Problems that are told at once.
    private static let problemLimit = 20

    /// Reads and checks a file.
    ///
    /// - Throws: with all problems, each as `FILE:LINE:COLUMN: message`.
    public static func read(
        _ file: String, limits: ConfigurationLimits = .here
    ) throws(ConfigurationFileError) -> SwitchConfiguration {
        guard let contents = FileManager.default.contents(atPath: file) else {
            throw ConfigurationFileError(
                lines: ["\(file): can't be read; does the file exist, and may you read it?"])
        }
        guard contents.count <= sizeLimit else {
            throw ConfigurationFileError(lines: ["\(file): has more than \(sizeLimit) bytes"])
        }
        guard let text = String(data: contents, encoding: .utf8) else {
            throw ConfigurationFileError(lines: ["\(file): is not a text in UTF-8"])
        }
        let path = URL(fileURLWithPath: file).deletingLastPathComponent().path
        return try parse(text, file: file, folder: path, limits: limits, readsTLSFiles: true)
    }

    /// Reads and checks a text.
    ///
    /// - Parameters:
    ///   - file: the name to put into errors.
    ///   - folder: what relative paths begin at.
    ///   - readsTLSFiles: whether the files that `tls` names are looked at, too.
    public static func parse(
        _ text: String, file: String, folder: String, limits: ConfigurationLimits, readsTLSFiles: Bool = false
    ) throws(ConfigurationFileError) -> SwitchConfiguration {
        let node: ConfigurationNode
        do { node = try ConfigurationNode(yaml: text) } catch {
            throw ConfigurationFileError(lines: [located(error.message, at: error.place, in: file)])
        }
        var reader = ConfigurationReader(folder: folder)
        let configuration = reader.configuration(node)
        var problems = reader.problems
        if problems.isEmpty { problems = configuration.problems(limits) }
        if problems.isEmpty, readsTLSFiles, let tls = configuration.tls {
            do throws(SessionError) { try TLSFiles(tls).check() } catch {
                problems = [ConfigurationProblem(ConfigurationPath().key("tls"), error.description)]
            }
        }
        if problems.isEmpty { return configuration }
        var lines = problems.prefix(problemLimit).map { problem in
            problem.isElsewhere
                ? problem.message : located(problem.message, at: reader.place(of: problem.path), in: file)
        }
        if problems.count > problemLimit { lines.append("\(file): and \(problems.count - problemLimit) more problems") }
        throw ConfigurationFileError(lines: lines)
    }

    private static func located(_ message: String, at place: FilePlace?, in file: String) -> String {
        "\(file):\(place?.line ?? 1):\(place?.column ?? 1): \(message)"
    }
}

extension TLSFiles {
    init(_ settings: TLSSettings) {
        self.init(
            certificate: settings.certificate, privateKey: settings.privateKey, authority: settings.authority)
    }
}
