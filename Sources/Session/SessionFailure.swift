import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// Failures of connections in words for the operator.
enum SessionFailure {
    static func words(for error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let last = error.connectionErrors.last { return words(for: last.error) }
            return "the host '\(error.host)' is not known"
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout: return "no answer to the attempt to connect"
        case NIOSSLError.handshakeFailed(let reason): return tls("\(reason)")
        case is NIOSSLError, is BoringSSLError: return tls("\(error)")
        default: return "\(error)"
        }
    }

    /// What OpenSSL's library says, with the way to mend it where that is known.
    private static func tls(_ reason: String) -> String {
        if reason.contains("CERTIFICATE_VERIFY_FAILED") {
            return "TLS: the peer's certificate is not signed by the authority that tls: names"
        }
        if reason.contains("WRONG_VERSION_NUMBER") { return "TLS: the peer doesn't speak TLS" }
        return "TLS: \(reason)"
    }
}
