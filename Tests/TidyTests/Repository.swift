import Foundation

/// The text files of the project, as they stand in the working tree.
enum Repository {
    /// The package's folder, found from this file's own place.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// All text files but those in build folders, in git's own and in fuzzing corpora, by path.
    static let files: [SourceFile] = {
        let enumerator = FileManager.default.enumerator(atPath: root.path)!
        var found: [SourceFile] = []
        while let path = enumerator.nextObject() as? String {
            let name = path.split(separator: "/").last ?? ""
            if name == ".git" || name.hasPrefix(".build") || name == "corpus" {
                enumerator.skipDescendants()
                continue
            }
            guard enumerator.fileAttributes?[.type] as? FileAttributeType == .typeRegular, isText(path),
                let text = try? String(contentsOf: root.appending(path: path), encoding: .utf8)
            else { continue }
            found.append(SourceFile(path: path, text: text))
        }
        return found.sorted { $0.path < $1.path }
    }()

    /// The Swift files of the rooms.
    static var sources: [SourceFile] { files.filter { $0.room != nil && $0.isSwift } }

    /// What people write by hand: code, scripts and pages, known by their names' endings.
    private static func isText(_ path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return !name.hasPrefix(".") }
        return ["swift", "c", "h", "modulemap", "md", "sh", "awk", "py", "yml", "yaml"]
            .contains(name[name.index(after: dot)...])
    }
}
