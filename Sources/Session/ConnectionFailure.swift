import Glibc
import NIOCore
import NIOPosix

/// Why a connection failed, in words for operators: of what the system says, the system's own words.
func failureReason(_ error: any Error) -> String {
    switch error {
    case let error as IOError: String(cString: strerror(error.errnoCode))
    case let error as NIOConnectionError:
        error.connectionErrors.first.map { failureReason($0.error) } ?? "the host '\(error.host)' is not known"
    case ChannelError.connectTimeout(let limit): "no answer within \(limit.nanoseconds / 1_000_000_000) s"
    default: "\(error)"
    }
}
