import NIOCore
import OpenFlow
import OpenFlowWire
import Synchronization

/// One connection, as those see it who deal with its messages. May be used on any thread.
public final class Session: Sendable {
    /// Unique in a process.
    public let id: UInt64
    /// The name that the endpoint was given.
    public let endpoint: String
    /// The peer, for people.
    public let peer: String
    /// The version agreed on.
    public let version: OpenFlowVersion
    private let channel: any Channel
    private let handler: NIOLoopBound<SessionHandler>
    let waitingBytes: SessionBacklog

    init(
        id: UInt64, endpoint: String, peer: String, version: OpenFlowVersion, channel: any Channel,
        handler: SessionHandler, waitingBytes: SessionBacklog
    ) {
        self.id = id
        self.endpoint = endpoint
        self.peer = peer
        self.version = version
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        self.waitingBytes = waitingBytes
    }

    /// Sends messages, in order. Never drops any: who asks is answered, and asks no more until it has read.
    public func send(_ frames: [OpenFlowFrame]) {
        if frames.isEmpty { return }
        onLoop { $0.write(frames) }
    }

    /// Sends messages that nobody waits for, unless the peer has left too much unread.
    ///
    /// - Returns: whether they were sent.
    @discardableResult
    public func offer(_ frames: [OpenFlowFrame]) -> Bool {
        if waitingBytes.count > SessionLimits.offeredBytes { return false }
        send(frames)
        return true
    }

    /// The batch handed over last has been dealt with: the next may come.
    public func readOn() { onLoop { $0.readOn() } }

    /// Ends the connection, after what was sent before.
    public func close() { onLoop { $0.end("closed by the switch") } }

    /// On the connection's own thread: at once if this is it. What is dealt with where it arrives is then answered, and
    /// the next read asked for, before the loop looks for further events, which saves it two system calls.
    private func onLoop(_ body: @escaping @Sendable (SessionHandler) -> Void) {
        if channel.eventLoop.inEventLoop { return body(handler.value) }
        let handler = handler
        channel.eventLoop.execute { body(handler.value) }
    }
}

/// Bytes that were given to a connection and not yet to the kernel.
final class SessionBacklog: Sendable {
    private let bytes = Atomic<Int>(0)
    var count: Int { bytes.load(ordering: .relaxed) }
    func add(_ count: Int) { bytes.wrappingAdd(count, ordering: .relaxed) }
    func subtract(_ count: Int) { bytes.wrappingSubtract(count, ordering: .relaxed) }
}

/// What happens on connections, for those who deal with their messages.
public enum SessionEvent: Sendable {
    /// A peer has said hello.
    case opened(Session)
    /// Messages in the order of arrival; each batch is to be followed by ``Session/readOn()``.
    case received(Session, [SessionItem])
    /// Nothing more will come. The reason is for people.
    case closed(Session, reason: String)
    /// A peer could not be reached, or went before it said hello. For people, once each time the reason changes.
    case failed(endpoint: String, reason: String)
}

/// A message that arrived.
public enum SessionItem: Sendable {
    /// With its bytes, of which an error message shows the first.
    case frame(OpenFlowFrame, bytes: [UInt8])
    /// One that makes no sense.
    case refused(OpenFlowError, xid: UInt32, bytes: [UInt8])
}
