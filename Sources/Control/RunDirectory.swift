import Foundation

/// The folder of a running evs: its control socket and the file with its process number.
public enum RunPlace {
    private static let systemFolder = "/run/evs"

    /// Where a daemon puts its folder unless told otherwise: by EVS_RUNDIR, the service manager or who runs it.
    public static func folder(
        _ environment: [String: String] = ProcessInfo.processInfo.environment, isRoot: Bool = geteuid() == 0
    ) -> String {
        if let folder = environment["EVS_RUNDIR"], !folder.isEmpty { return folder }
        // systemd's RuntimeDirectory=; the first of several.
        if let folder = environment["RUNTIME_DIRECTORY"]?.split(separator: ":").first { return String(folder) }
        if isRoot { return systemFolder }
        return userFolder(environment) ?? systemFolder
    }

    private static func userFolder(_ environment: [String: String]) -> String? {
        environment["XDG_RUNTIME_DIR"].flatMap { $0.isEmpty ? nil : "\($0)/evs" }
    }

    /// Where a client looks for the control socket: a user's own switch first, then the system's.
    public static func socket(
        _ environment: [String: String] = ProcessInfo.processInfo.environment, isRoot: Bool = geteuid() == 0
    ) -> String {
        let first = folder(environment, isRoot: isRoot) + "/evs.sock"
        let system = systemFolder + "/evs.sock"
        let isChosen = environment["EVS_RUNDIR"]?.isEmpty == false
        let fallsBack = !isChosen && access(first, F_OK) != 0 && access(system, F_OK) == 0
        return fallsBack ? system : first
    }
}

/// A run folder held by this process: locked, so that there is one evs in it.
public final class RunDirectory {
    public let path: String
    private let pidFile: String
    private let descriptor: CInt
    private let isOwnFolder: Bool

    /// Makes the folder if it is missing, and takes it.
    ///
    /// - Throws: ``DaemonError`` when another evs has it, or it can't be written to.
    public init(_ path: String) throws(DaemonError) {
        self.path = path
        pidFile = path + "/evs.pid"
        isOwnFolder = try RunDirectory.make(path)
        descriptor = try RunDirectory.lock(pidFile, folder: path)
        let text = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        if write(descriptor, text, text.count) != text.count {
            throw DaemonError(kernel: "'\(pidFile)' can't be written")
        }
    }

    /// Lets go of the folder; what evs made in it is gone.
    public func release() {
        unlink(pidFile)
        close(descriptor)
        // Somebody else's file in it keeps it.
        if isOwnFolder { rmdir(path) }
    }

    /// Whether the folder had to be made.
    private static func make(_ path: String) throws(DaemonError) -> Bool {
        if access(path, F_OK) == 0 { return false }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        } catch {
            throw DaemonError(
                "the folder '\(path)' can't be made (\(error.localizedDescription)); choose another with --run-dir "
                    + "or EVS_RUNDIR")
        }
        return true
    }

    private static func lock(_ pidFile: String, folder: String) throws(DaemonError) -> CInt {
        while true {
            let descriptor = open(pidFile, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
            if descriptor < 0 {
                throw DaemonError(
                    kernel: "'\(pidFile)' can't be written; choose another folder with --run-dir or EVS_RUNDIR")
            }
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                let error =
                    errno == EWOULDBLOCK
                    ? runsAlready(descriptor, folder) : DaemonError(kernel: "'\(pidFile)' can't be locked")
                close(descriptor)
                throw error
            }
            // The file may have been removed between opening and locking it, by an evs that was just ending.
            var (held, named) = (stat(), stat())
            if fstat(descriptor, &held) == 0, stat(pidFile, &named) == 0, held.st_ino == named.st_ino {
                return descriptor
            }
            close(descriptor)
        }
    }

    private static func runsAlready(_ descriptor: CInt, _ folder: String) -> DaemonError {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = read(descriptor, &bytes, bytes.count)
        let process = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self).filter(\.isNumber)
        return DaemonError(
            "evs runs already in '\(folder)'\(process.isEmpty ? "" : " (process \(process))"); "
                + "end it with evs quit, or choose another folder with --run-dir")
    }
}
