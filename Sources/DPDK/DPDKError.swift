import CDPDK
import Glibc

/// Something that DPDK or the kernel refused, in words for the operator.
public struct DPDKError: Error, CustomStringConvertible, Sendable {
    /// What was tried and why it failed.
    public let message: String

    public var description: String { message }

    public init(_ message: String) { self.message = message }

    /// - Parameters:
    ///   - what: what was tried.
    ///   - code: a negative errno, as DPDK returns it.
    public init(_ what: String, code: CInt) {
        let reason = String(cString: strerror(abs(code)))
        let log = Environment.lastLogLine
        message = log.isEmpty ? "\(what): \(reason)" : "\(what): \(reason) (DPDK says: \(log))"
    }
}
