import Glibc

/// An open file descriptor, closed with its last holder. Whatever a message brings is held so, and thus never lost.
public final class FileDescriptor: Sendable {
    /// The number by which the system knows it.
    public let number: CInt

    /// Takes over an open descriptor.
    public init(owning number: CInt) { self.number = number }

    deinit { close(number) }

    /// What a descriptor for notifications is.
    enum NotifierKind { case event, pipe, other }

    /// Sockets, files and devices are neither eventfd nor pipe: nobody needs them for notifications, and a write to
    /// them might do anything.
    var notifierKind: NotifierKind {
        var information = stat()
        guard fstat(number, &information) == 0 else { return .other }
        if information.st_mode & S_IFMT == S_IFIFO { return .pipe }
        return target == "anon_inode:[eventfd]" ? .event : .other
    }

    private var target: String {
        var text = [UInt8](repeating: 0, count: 64)
        let count = readlink("/proc/self/fd/\(number)", &text, text.count)
        return String(decoding: text.prefix(max(0, count)), as: UTF8.self)
    }

    /// The descriptor as one whose writes don't block; `nil`: it is of no kind that can be.
    ///
    /// User-mode Linux sends pipes. A pipe is opened anew where that is allowed, for then the front-end can't make it
    /// blocking again: an eventfd can't be opened anew.
    func nonBlockingNotifier() -> FileDescriptor? {
        switch notifierKind {
        case .other: return nil
        case .event: break
        case .pipe:
            let again = open("/proc/self/fd/\(number)", O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            if again >= 0 { return FileDescriptor(owning: again) }
            // Nobody reads at the other end, or it was the reading end: writing would be of no use.
            if errno != EACCES { return nil }
        }
        let flags = fcntl(number, F_GETFL)
        guard flags >= 0, flags & O_ACCMODE != O_RDONLY, fcntl(number, F_SETFL, flags | O_NONBLOCK) == 0 else {
            return nil
        }
        return self
    }

    /// Adds one to an eventfd (or eight bytes to a pipe); what can't be written is not.
    func signal() {
        var one: UInt64 = 1
        _ = write(number, &one, 8)
    }

    /// Sets an eventfd of one's own back to zero.
    func drain() {
        var count: UInt64 = 0
        _ = Glibc.read(number, &count, 8)
    }
}
