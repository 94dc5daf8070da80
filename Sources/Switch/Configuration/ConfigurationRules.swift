import Glibc

/// What bridges, ports and rings may be called.
enum NameRule {
    /// Why a name can't be used; `nil`: it can.
    static func fault(of name: String, as what: String, longest: Int = 63) -> String? {
        let isClean = name.utf8.allSatisfy { $0 > 32 && $0 < 127 && !",/:;=\"'".utf8.contains($0) }
        if !name.isEmpty, name.utf8.count <= longest, isClean { return nil }
        return "'\(name)' is no name for a \(what): 1 to \(longest) characters of ASCII without spaces and ,/:;=\"'"
    }
}

/// Where unix sockets may lie.
public enum SocketPath {
    /// Bytes that fit into `sun_path`, the last being zero.
    public static let longest = 107

    /// Why no socket can have that path; `nil`: one can.
    public static func fault(of path: String) -> String? {
        if path.isEmpty { return "the path is empty" }
        if path.utf8.contains(0) { return "the path has a zero byte" }
        if path.utf8.count > longest {
            return "'\(path)' has \(path.utf8.count) bytes; a socket's path has at most \(longest)"
        }
        if path.hasSuffix("/") { return "'\(path)' is a folder; name a file in it" }
        return nil
    }

    /// Why no socket can be made there; `nil`: it looks possible.
    public static func faultOfFolder(of path: String) -> String? {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        var status = stat()
        if stat(folder, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR {
            return "there is no folder '\(folder)'; make it first"
        }
        if access(folder, W_OK | X_OK) != 0 { return "evs may not write to the folder '\(folder)'" }
        if lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK {
            return "'\(path)' exists and is not a socket; evs doesn't replace it"
        }
        return nil
    }
}

/// Users and groups of the machine.
public enum Account {
    /// The number of a user, given by name or number.
    public static func user(_ name: String) -> UInt32? { UInt32(name) ?? getpwnam(name)?.pointee.pw_uid }

    /// The number of a group, given by name or number.
    public static func group(_ name: String) -> UInt32? { UInt32(name) ?? getgrnam(name)?.pointee.gr_gid }
}
