import CVhost
import Glibc

/// A listening socket and its file, which is removed with it.
final class VhostListener {
    let socket: FileDescriptor
    private let path: String
    private let file: (device: dev_t, inode: ino_t)

    /// Makes the socket. A file that a dead switch has left is replaced; nothing else is ever removed.
    init(path: String, access: VhostEndpointAccess) throws(VhostEndpointError) {
        let address = try UnixAddress(path)
        let user = try VhostListener.number(of: access.user)
        let group = try VhostListener.groupNumber(of: access.group)
        try VhostListener.removeStale(address)
        socket = try address.makeSocket()
        // The mode of the file is that of the socket: so it is never open wider than asked for.
        fchmod(socket.number, mode_t(access.mode))
        let number = socket.number
        guard address.use({ bind(number, $0, $1) }) == 0 else {
            throw VhostListener.error(errno, path)
        }
        self.path = path
        var information = stat()
        guard lstat(path, &information) == 0 else { throw .system(path: path, errno: errno) }
        file = (information.st_dev, information.st_ino)
        // From here on deinit removes the file if something fails.
        if user != nil || group != nil {
            let nobody = uid_t.max
            guard lchown(path, user ?? nobody, group ?? nobody) == 0 else {
                throw errno == EPERM ? .mayNotGiveAway(path) : VhostListener.error(errno, path)
            }
        }
        guard chmod(path, mode_t(access.mode)) == 0 else { throw VhostListener.error(errno, path) }
        guard listen(socket.number, 16) == 0 else { throw .system(path: path, errno: errno) }
    }

    deinit {
        // Another's file may be in the place by now.
        var information = stat()
        guard lstat(path, &information) == 0, information.st_dev == file.device, information.st_ino == file.inode
        else { return }
        unlink(path)
    }

    /// The next connection, or `nil`; `isExhausted`: there is one, but no descriptor for it.
    func accept() -> (connection: FileDescriptor?, isExhausted: Bool) {
        let number = evs_vhost_accept(socket.number)
        if number >= 0 { return (FileDescriptor(owning: number), false) }
        return (nil, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(-number))
    }

    /// Removes a socket at which nobody listens.
    private static func removeStale(_ address: UnixAddress) throws(VhostEndpointError) {
        var information = stat()
        guard lstat(address.path, &information) == 0 else {
            if errno == ENOENT { return }
            throw error(errno, address.path)
        }
        guard information.st_mode & S_IFMT == S_IFSOCK else { throw .foreignFile(address.path) }
        let probe = try address.makeSocket()
        let result = address.use { connect(probe.number, $0, $1) }
        // Only a refusal says that nobody listens: a full queue or a missing permission doesn't.
        if result == 0 { throw .taken(address.path) }
        switch errno {
        case ECONNREFUSED: break
        case ENOENT: return
        case EACCES, EPERM: throw .notWritable(address.path)
        default: throw .taken(address.path)
        }
        guard unlink(address.path) == 0 || errno == ENOENT else { throw error(errno, address.path) }
    }

    private static func error(_ errno: CInt, _ path: String) -> VhostEndpointError {
        switch errno {
        case ENOENT, ENOTDIR: .directoryMissing(path)
        case EACCES, EPERM, EROFS: .notWritable(path)
        case EADDRINUSE: .taken(path)
        default: .system(path: path, errno: errno)
        }
    }

    private static func number(of user: String?) throws(VhostEndpointError) -> uid_t? {
        guard let user else { return nil }
        if let number = uid_t(user) { return number }
        var entry = passwd(), buffer = [CChar](repeating: 0, count: 16384)
        var found: UnsafeMutablePointer<passwd>?
        guard getpwnam_r(user, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            throw .unknownUser(user)
        }
        return entry.pw_uid
    }

    private static func groupNumber(of group: String?) throws(VhostEndpointError) -> gid_t? {
        guard let group else { return nil }
        if let number = gid_t(group) { return number }
        var entry = Glibc.group(), buffer = [CChar](repeating: 0, count: 16384)
        var found: UnsafeMutablePointer<Glibc.group>?
        guard getgrnam_r(group, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            throw .unknownGroup(group)
        }
        return entry.gr_gid
    }
}
