import Foundation

/// Looks at the files that a replay is to write before anything is written.
enum OutputCheck {
    /// Refuses files that would take the place of something else.
    ///
    /// - Parameters:
    ///   - outputs: the captures to be written.
    ///   - inputs: files that are read, by whatever name: links to them are recognised.
    static func check(_ outputs: [String], inputs: [String]) throws(Failure) {
        let read = inputs.compactMap { path in Identity(path).map { (path: path, identity: $0) } }
        for output in outputs {
            guard let identity = Identity(output) else { continue }
            if identity.isDirectory {
                throw Failure("--out: \(output) is a folder; a capture was to be written there")
            }
            if let input = read.first(where: { $0.identity == identity }) {
                throw Failure("--out: \(output) would overwrite the input \(input.path); name another folder")
            }
        }
    }

    /// What makes two names the same file.
    private struct Identity: Equatable {
        let device: dev_t
        let number: ino_t
        let isDirectory: Bool

        /// `nil`: there is no such file.
        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            device = status.st_dev
            number = status.st_ino
            isDirectory = status.st_mode & S_IFMT == S_IFDIR
        }
    }
}
