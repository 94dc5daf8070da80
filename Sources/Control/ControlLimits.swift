import NIOCore
import Synchronization

/// What clients of the control socket may take, so that none of them can hurt the switch or another client.
public struct ControlLimits: Sendable {
    /// Clients connected at once.
    public var clients = 256
    /// Bytes of one request.
    public var requestBytes = 16 << 20
    /// Bytes of all clients' requests together.
    public var bufferedBytes = 64 << 20
    /// For the rest of a line, once it has begun.
    public var lineTimeout = TimeAmount.seconds(10)
    /// For the client to take an answer.
    public var replyTimeout = TimeAmount.seconds(10)
    /// Between requests.
    public var idleTimeout = TimeAmount.seconds(300)

    public init() {}
}

/// What all clients take at the moment.
final class ControlUsage: Sendable {
    private let clients = Atomic<Int>(0)
    private let bytes = Atomic<Int>(0)

    /// Counts a client; whether it may stay.
    func enter(_ limits: ControlLimits) -> Bool {
        clients.wrappingAdd(1, ordering: .relaxed).newValue <= limits.clients
    }

    func leave() { clients.wrappingSubtract(1, ordering: .relaxed) }

    /// Counts bytes kept; whether they may be.
    func keep(_ count: Int, _ limits: ControlLimits) -> Bool {
        bytes.wrappingAdd(count, ordering: .relaxed).newValue <= limits.bufferedBytes
    }

    func release(_ count: Int) { bytes.wrappingSubtract(count, ordering: .relaxed) }
}
