import Glibc

/// A Unix socket's address, checked to fit.
struct UnixAddress {
    /// Bytes of a path: what sockaddr_un has room for, less the zero at the end.
    static let pathLimit = 107

    let path: String
    private var address = sockaddr_un()

    init(_ path: String) throws(VhostEndpointError) {
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty else { throw .pathEmpty }
        guard bytes.count <= UnixAddress.pathLimit else { throw .pathTooLong(path) }
        guard !bytes.contains(0) else { throw .pathHasZeroByte }
        self.path = path
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    }

    /// Calls with the address as the system wants it.
    func use(_ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// A new socket that doesn't block and isn't inherited.
    func makeSocket() throws(VhostEndpointError) -> FileDescriptor {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let number = socket(AF_UNIX, type, 0)
        guard number >= 0 else { throw .system(path: path, errno: errno) }
        return FileDescriptor(owning: number)
    }

    /// A connected socket; `nil` with the reason if nobody takes the call now.
    func connected() throws(VhostEndpointError) -> FileDescriptor? {
        let socket = try makeSocket()
        return use { connect(socket.number, $0, $1) } == 0 ? socket : nil
    }
}
