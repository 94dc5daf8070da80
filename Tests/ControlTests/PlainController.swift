import Foundation
import OpenFlow
import OpenFlowWire
import Testing

@testable import Control

/// A controller written by hand: one socket, blocking, with a limit to each wait.
final class PlainController {
    let descriptor: CInt
    let version: OpenFlowVersion
    private var codec: Codec
    private var bytes: [UInt8] = []
    private var lastXid: UInt32 = 0
    /// What must live as long as the connection is used.
    var switchKeptAlive: AnyObject?

    /// What went wrong with the connection.
    enum Failure: Error { case noConnection, closed, timeout }

    /// Takes over a connection and says hello.
    init(descriptor: CInt, version: OpenFlowVersion = .v13) throws {
        self.descriptor = descriptor
        self.version = version
        codec = Codec(version: version)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        try send([version.rawValue, 0, 0, 8, 0, 0, 0, 0])
        try skipHello()
    }

    /// Connects to a unix socket.
    convenience init(path: String, version: OpenFlowVersion = .v13) throws {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        guard UnixAddress.with(path, { connect(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            throw Failure.noConnection
        }
        try self.init(descriptor: descriptor, version: version)
    }

    deinit { close(descriptor) }

    func send(_ raw: [UInt8]) throws {
        var sent = 0
        while sent < raw.count {
            let count = raw.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, raw.count - sent, CInt(MSG_NOSIGNAL))
            }
            if count <= 0 { throw Failure.closed }
            sent += count
        }
    }

    /// Sends a message; its xid.
    @discardableResult
    func send(_ message: Message) throws -> UInt32 {
        lastXid += 1
        try send(codec.encode(message, xid: lastXid))
        return lastXid
    }

    /// Sends a message that holds another, of the same xid.
    func send(_ message: (_ xid: UInt32) throws -> Message) throws { try send(message(lastXid + 1)) }

    /// The next message, whatever it is.
    func next() throws -> OpenFlowFrame {
        let raw = try nextBytes()
        return try codec.decode(raw)
    }

    /// The next message that is of a kind.
    func next<Value>(_ pick: (Message) -> Value?) throws -> Value {
        while true { if let value = pick(try next().message) { return value } }
    }

    /// Sends a question; the answer to it.
    func ask(_ message: Message) throws -> Message {
        let xid = try send(message)
        while true {
            let frame = try next()
            if frame.xid == xid { return frame.message }
        }
    }

    /// Waits until all that was sent before is in force; the errors that came meanwhile.
    @discardableResult
    func barrier() throws -> [OpenFlowError] {
        let xid = try send(.barrierRequest)
        var errors: [OpenFlowError] = []
        while true {
            let frame = try next()
            if case .error(let error, _) = frame.message { errors.append(error) }
            if frame.xid == xid { return errors }
        }
    }

    private func skipHello() throws { while try nextBytes()[1] != 0 {} }

    private func nextBytes() throws -> [UInt8] {
        while true {
            let header = Codec.Header(bytes.prefix(Codec.headerSize).reduce(0) { $0 << 8 | UInt64($1) })
            if bytes.count >= Codec.headerSize, bytes.count >= header.length {
                let message = Array(bytes[..<header.length])
                bytes.removeFirst(header.length)
                return message
            }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count == 0 { throw Failure.closed }
            if count < 0 { throw errno == EAGAIN ? Failure.timeout : Failure.closed }
            bytes += chunk[..<count]
        }
    }
}

/// Where a switch finds a controller: a socket of TCP's on loopback.
final class PlainListener {
    private let descriptor: CInt
    let port: UInt16

    init(port wanted: UInt16 = 0) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var yes: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = wanted.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isOpen = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(isOpen)
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }

    /// The next connection.
    func accept(version: OpenFlowVersion = .v13) throws -> PlainController {
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let connection = Glibc.accept(descriptor, nil, nil)
        if connection < 0 { throw PlainController.Failure.timeout }
        return try PlainController(descriptor: connection, version: version)
    }
}
