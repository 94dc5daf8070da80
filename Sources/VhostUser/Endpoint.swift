/// How a port and the front-end of its guest find each other.
public enum VhostEndpoint: Equatable, Sendable {
    /// The switch listens (`type: vhost-user`).
    case server(path: String, access: VhostEndpointAccess)
    /// The VM monitor listens, and the switch connects, again and again (`type: vhost-user-client`).
    case client(path: String)

    /// The socket's path.
    public var path: String {
        switch self {
        case .server(let path, _), .client(let path): path
        }
    }
}

/// Who may use a socket that the switch makes.
public struct VhostEndpointAccess: Equatable, Sendable {
    /// Name or number; `nil`: whoever runs the switch.
    public var user: String?
    /// Name or number; `nil`: the group of whoever runs the switch.
    public var group: String?
    /// Permission bits.
    public var mode: UInt32

    public init(user: String? = nil, group: String? = nil, mode: UInt32 = 0o660) {
        self.user = user
        self.group = group
        self.mode = mode
    }
}

/// Why a port's socket can't be.
public enum VhostEndpointError: Error, Equatable, Sendable, CustomStringConvertible {
    case pathEmpty
    case pathTooLong(String)
    case pathHasZeroByte
    case directoryMissing(String)
    case notWritable(String)
    case taken(String)
    case foreignFile(String)
    case mayNotGiveAway(String)
    case unknownUser(String)
    case unknownGroup(String)
    case system(path: String, errno: CInt)
    /// The service is being closed.
    case serviceClosed

    public var description: String {
        switch self {
        case .pathEmpty: "the socket's path is empty"
        case .pathTooLong(let path):
            "the socket's path has \(path.utf8.count) bytes; \(UnixAddress.pathLimit) are possible: \(path)"
        case .pathHasZeroByte: "the socket's path has a zero byte in it"
        case .directoryMissing(let path): "the directory of \(path) doesn't exist; make it first"
        case .notWritable(let path): "no permission to make the socket \(path)"
        case .taken(let path): "somebody listens on \(path) already; choose another path"
        case .mayNotGiveAway(let path): "evs may not give \(path) to that owner or group; only root may"
        case .foreignFile(let path): "\(path) exists and is not a socket; it is not replaced"
        case .unknownUser(let name): "no user \(name)"
        case .unknownGroup(let name): "no group \(name)"
        case .system(let path, let errno): "\(path): error \(errno)"
        case .serviceClosed: "the vhost-user service is closed"
        }
    }
}
