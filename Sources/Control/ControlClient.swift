import Foundation
import Switch

/// Why a client got no answer, or what the answer's error was.
public struct ControlClientError: Error, Sendable, CustomStringConvertible {
    public let description: String
}

/// A client of a running evs's control socket.
public final class ControlClient {
    private let descriptor: CInt
    private let path: String
    private var received: [UInt8] = []

    /// Seconds that an answer may take.
    private static let timeoutSeconds = 60

    /// Connects.
    public init(path: String) throws(ControlClientError) {
        self.path = path
        if let fault = SocketPath.fault(of: path) { throw ControlClientError(description: fault) }
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var timeout = timeval(tv_sec: ControlClient.timeoutSeconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
        }
        if UnixAddress.with(path, { connect(descriptor, $0, $1) }) == 0 { return }
        switch errno {
        case ENOENT, ECONNREFUSED:
            throw ControlClientError(description: "no evs runs at \(path); start one with evs run")
        case EACCES:
            throw ControlClientError(
                description: "you may not use \(path): its group may; see sockets: group in the configuration")
        default:
            throw ControlClientError(description: "\(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// The one shape of all requests.
    private struct Request<Arguments: Encodable>: Encodable {
        let command: String
        let arguments: Arguments
    }

    /// Asks, and waits for the answer: the object under `ok`, as JSON.
    ///
    /// - Throws: also what the switch refused.
    public func ask(_ command: ControlCommand, _ arguments: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        let request = try encoder.encode(Request(command: command.rawValue, arguments: arguments))
        try send(Array(request) + [UInt8(ascii: "\n")])
        let line = try receiveLine()
        guard let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] else {
            throw ControlClientError(description: "\(path) answered something that is no reply of evs's")
        }
        if let message = object["error"] as? String { throw ControlClientError(description: message) }
        return try JSONSerialization.data(
            withJSONObject: object["ok"] ?? [String: Any](), options: [.sortedKeys, .withoutEscapingSlashes])
    }

    private func send(_ bytes: [UInt8]) throws(ControlClientError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            // A request that was refused while it was being sent has an answer all the same.
            if count < 0, errno == EPIPE || errno == ECONNRESET { return }
            if count < 0 { throw lost }
            sent += count
        }
    }

    private func receiveLine() throws(ControlClientError) -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: 65536)
        var searched = 0
        while true {
            if let end = received[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(received[..<end])
                received.removeSubrange(...end)
                return line
            }
            searched = received.count
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            if count == 0 { throw ControlClientError(description: "evs at \(path) ended without an answer") }
            if count < 0 { throw lost }
            received += chunk[..<count]
        }
    }

    private var lost: ControlClientError {
        errno == EAGAIN
            ? ControlClientError(
                description: "evs at \(path) has not answered for \(ControlClient.timeoutSeconds) seconds")
            : ControlClientError(description: "\(path): \(String(cString: strerror(errno)))")
    }
}
