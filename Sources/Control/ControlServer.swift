import Glibc
import NIOCore
import NIOPosix
import Switch

/// Something of the machine's that the daemon needs and can't have, in words for the operator.
public struct DaemonError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }

    /// With the kernel's reason for the last failure.
    init(kernel description: String) { self.description = "\(description): \(String(cString: strerror(errno)))" }
}

/// The control socket: listens, takes lines from clients and hands them to the control thread.
///
/// Everything here runs on one thread of SwiftNIO's, so that a client can't hold up the control thread.
public final class ControlServer {
    public let path: String
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel

    /// Listens from now on.
    ///
    /// - Parameters:
    ///   - path: a stale socket there is replaced.
    ///   - accountGroup: who may connect besides the process's own user; `nil`: its own group.
    ///   - mode: the socket's permission bits.
    /// - Throws: ``DaemonError`` when another evs listens there, or something that is no socket lies there.
    public init(
        path: String, accountGroup: String?, mode: UInt16, queue: ControlQueue, limits: ControlLimits = ControlLimits()
    ) throws {
        self.path = path
        let descriptor = try ControlServer.bind(path, accountGroup: accountGroup, mode: mode)
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let usage = ControlUsage()
        do {
            channel = try ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 128)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            ControlConnection(queue: queue, limits: limits, usage: usage))
                    }
                }
                .withBoundSocket(descriptor).wait()
        } catch {
            unlink(path)
            throw DaemonError("the control socket '\(path)' can't be listened at: \(error)")
        }
    }

    /// Listens no more, and takes the socket away. Clients that are connected stay for their answers.
    public func stopListening() {
        unlink(path)
        try? channel.close().wait()
    }

    /// Ends all connections, after what was said last was written.
    public func shutDown() { try? group.syncShutdownGracefully() }

    /// A socket with its place, owner and mode, before anyone can connect.
    private static func bind(_ path: String, accountGroup: String?, mode: UInt16) throws(DaemonError) -> CInt {
        if let fault = SocketPath.fault(of: path) { throw DaemonError("the control socket: \(fault)") }
        try removeStale(path)
        if let fault = SocketPath.faultOfFolder(of: path) { throw DaemonError("the control socket: \(fault)") }
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { throw DaemonError(kernel: "no socket could be made") }
        guard UnixAddress.with(path, { Glibc.bind(descriptor, $0, $1) }) == 0 else {
            let error = DaemonError(kernel: "the control socket '\(path)' can't be made")
            close(descriptor)
            throw error
        }
        func fail(_ what: String) -> DaemonError {
            let error = DaemonError(kernel: what)
            close(descriptor)
            unlink(path)
            return error
        }
        if let accountGroup {
            guard let group = Account.group(accountGroup), chown(path, .max, group) == 0 else {
                throw fail("the control socket can't be given to the group '\(accountGroup)'")
            }
        }
        if chmod(path, mode_t(mode)) != 0 { throw fail("the control socket's mode can't be set") }
        return descriptor
    }

    /// Takes away a socket at which nobody listens.
    private static func removeStale(_ path: String) throws(DaemonError) {
        var status = stat()
        if lstat(path, &status) != 0 { return }
        if status.st_mode & S_IFMT != S_IFSOCK {
            throw DaemonError("'\(path)' is not a socket; evs doesn't replace it: move it, or choose another place")
        }
        if UnixAddress.isAnswered(path) { throw DaemonError("evs runs already: something listens at '\(path)'") }
        if unlink(path) != 0 { throw DaemonError(kernel: "the stale socket '\(path)' can't be removed") }
    }
}

/// Addresses of unix sockets as the kernel takes them.
enum UnixAddress {
    /// Calls `body` with the address of a path, which must fit. A first `@` stands for a zero: no file, just a name.
    static func with<Result>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = path.utf8.prefix(SocketPath.longest)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 0
        var length = offset + bytes.count + 1
        if bytes.first == UInt8(ascii: "@") {
            withUnsafeMutableBytes(of: &address.sun_path) { $0[0] = 0 }
            length -= 1
        }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }

    /// Whether somebody listens at a path.
    static func isAnswered(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        defer { close(descriptor) }
        // A listener whose queue is full answers EAGAIN.
        return with(path) { connect(descriptor, $0, $1) } == 0 || errno == EAGAIN
    }
}
