/// Where a controller is, or where controllers come to, as ovs-vsctl(8) writes it.
public enum ControllerTarget: Sendable, Hashable {
    /// `tcp:HOST:PORT`
    case tcp(host: String, port: UInt16)
    /// `ssl:HOST:PORT`
    case tls(host: String, port: UInt16)
    /// `unix:PATH`
    case unix(path: String)
    /// `ptcp:PORT:HOST`; `nil`: every address of the machine's.
    case passiveTCP(port: UInt16, host: String?)
    /// `pssl:PORT:HOST`
    case passiveTLS(port: UInt16, host: String?)
    /// `punix:PATH`
    case passiveUnix(path: String)

    /// The port of OpenFlow (IANA).
    public static let defaultPort: UInt16 = 6653

    /// Whether controllers connect to the switch, and not the other way round.
    public var isPassive: Bool {
        switch self {
        case .passiveTCP, .passiveTLS, .passiveUnix: true
        case .tcp, .tls, .unix: false
        }
    }

    public var usesTLS: Bool {
        switch self {
        case .tls, .passiveTLS: true
        default: false
        }
    }

    /// Reads `tcp:10.0.0.1:6653` and its kin.
    ///
    /// - Throws: what is wrong, and how to mend it.
    public init(_ text: String) throws(ControllerTargetError) {
        guard let colon = text.firstIndex(of: ":") else { throw ControllerTargetError(text, "it names no method") }
        let rest = text[text.index(after: colon)...]
        switch text[..<colon] {
        case "tcp":
            let (host, port) = try Self.hostAndPort(rest, in: text)
            self = .tcp(host: host, port: port)
        case "ssl":
            let (host, port) = try Self.hostAndPort(rest, in: text)
            self = .tls(host: host, port: port)
        case "unix": self = .unix(path: try Self.path(rest, in: text))
        case "punix": self = .passiveUnix(path: try Self.path(rest, in: text))
        case "ptcp":
            let (port, host) = try Self.portAndHost(rest, in: text)
            self = .passiveTCP(port: port, host: host)
        case "pssl":
            let (port, host) = try Self.portAndHost(rest, in: text)
            self = .passiveTLS(port: port, host: host)
        default: throw ControllerTargetError(text, "'\(text[..<colon])' is no method")
        }
    }

    private static func path(_ rest: Substring, in text: String) throws(ControllerTargetError) -> String {
        if rest.isEmpty { throw ControllerTargetError(text, "the socket's path is missing") }
        // sizeof sockaddr_un.sun_path, less the final zero.
        if rest.utf8.count > 107 { throw ControllerTargetError(text, "the socket's path is longer than 107 bytes") }
        return String(rest)
    }

    private static func hostAndPort(
        _ rest: Substring, in text: String
    ) throws(ControllerTargetError) -> (String, UInt16) {
        var host = rest
        var port: Substring?
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { throw ControllerTargetError(text, "']' is missing") }
            host = rest[rest.index(after: rest.startIndex)..<end]
            let after = rest[rest.index(after: end)...]
            if !after.isEmpty {
                if after.first != ":" { throw ControllerTargetError(text, "after ']' comes ':PORT'") }
                port = after.dropFirst()
            }
        } else if let colon = rest.firstIndex(of: ":") {
            host = rest[..<colon]
            port = rest[rest.index(after: colon)...]
        }
        if host.isEmpty { throw ControllerTargetError(text, "the host is missing") }
        guard let port else { return (String(host), defaultPort) }
        return (String(host), try number(port, in: text))
    }

    private static func portAndHost(
        _ rest: Substring, in text: String
    ) throws(ControllerTargetError) -> (UInt16, String?) {
        guard let colon = rest.firstIndex(of: ":") else {
            return (rest.isEmpty ? defaultPort : try number(rest, in: text), nil)
        }
        var host = rest[rest.index(after: colon)...]
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        let port = rest[..<colon]
        return (port.isEmpty ? defaultPort : try number(port, in: text), host.isEmpty ? nil : String(host))
    }

    private static func number(_ digits: Substring, in text: String) throws(ControllerTargetError) -> UInt16 {
        guard let port = UInt16(digits), port > 0 else {
            throw ControllerTargetError(text, "'\(digits)' is no port: 1 to 65535")
        }
        return port
    }
}

extension ControllerTarget: CustomStringConvertible {
    public var description: String {
        func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
        func passive(_ port: UInt16, _ host: String?) -> String { "\(port)" + (host.map { ":" + bracketed($0) } ?? "") }
        switch self {
        case .tcp(let host, let port): return "tcp:\(bracketed(host)):\(port)"
        case .tls(let host, let port): return "ssl:\(bracketed(host)):\(port)"
        case .unix(let path): return "unix:\(path)"
        case .passiveTCP(let port, let host): return "ptcp:" + passive(port, host)
        case .passiveTLS(let port, let host): return "pssl:" + passive(port, host)
        case .passiveUnix(let path): return "punix:\(path)"
        }
    }
}

/// What is wrong with a controller's address.
public struct ControllerTargetError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ text: String, _ what: String) {
        description =
            "'\(text)' is no controller: \(what); write tcp:HOST:PORT, ssl:HOST:PORT, unix:PATH, ptcp:PORT[:HOST], "
            + "pssl:PORT[:HOST] or punix:PATH"
    }
}
