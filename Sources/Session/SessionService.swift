import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import OpenFlow


/// All OpenFlow connections of a process, on one thread of SwiftNIO's.
public final class SessionService {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let loop: any EventLoop
    private let events: @Sendable (SessionEvent) -> Void
    private let numbers = SessionNumbers()
    private var snoops: [String: NIOLoopBound<SnoopList>] = [:]

    /// - Parameter events: told of what happens; called on SwiftNIO's thread, and must not block.
    public init(events: @escaping @Sendable (SessionEvent) -> Void) {
        loop = group.next()
        self.events = events
    }

    /// Connections to or from one target, until stopped.
    public final class Endpoint {
        public let target: ControllerTarget
        private let stopping: () -> Void

        fileprivate init(target: ControllerTarget, stopping: @escaping () -> Void) {
            self.target = target
            self.stopping = stopping
        }

        /// Ends the connections. When it returns, nobody listens any more and no file is left.
        public func stop() { stopping() }
    }

    /// Connects to a target, or listens at it.
    ///
    /// - Parameters:
    ///   - name: what sessions are known by; their ``Session/endpoint``.
    ///   - snoopGroup: those who listen in at the endpoint of that group hear what is said here.
    ///   - isSnoop: whether peers only listen in.
    /// - Throws: ``SessionError`` when it can't be listened at, or TLS's files can't be used.
    public func open(
        _ target: ControllerTarget, name: String, options: SessionOptions = SessionOptions(), tls: TLSFiles? = nil,
        snoopGroup: String? = nil, isSnoop: Bool = false
    ) throws -> Endpoint {
        if target.usesTLS, tls == nil {
            throw SessionError("'\(target)' needs a certificate, a private key and an authority's certificate")
        }
        let (loop, numbers, events) = (loop, numbers, events)
        let snoops = snoopList(snoopGroup)
        if target.isPassive {
            let context = target.usesTLS ? try tls?.serverContext() : nil
            let listener = loop.submit {
                let endpoint = SessionEndpoint(
                    name: name, options: options, numbers: numbers, snoops: snoops.value, events: events)
                return NIOLoopBound(
                    SessionListener(endpoint: endpoint, context: context, isSnoop: isSnoop), eventLoop: loop)
            }
            do {
                let bound = try listener.wait()
                try loop.flatSubmit { bound.value.listen(target, on: loop) }.wait()
                return Endpoint(target: target) {
                    try? loop.submit { bound.value.stop() }.wait()
                    if case .passiveUnix(let path) = target { unlink(path) }
                }
            } catch { throw SessionError("'\(target)' can't be listened at: \(SessionFailure.words(for: error))") }
        }
        let context = target.usesTLS ? try tls?.clientContext() : nil
        let dialer = try loop.submit {
            let endpoint = SessionEndpoint(
                name: name, options: options, numbers: numbers, snoops: snoops.value, events: events)
            let dialer = SessionDialer(target: target, endpoint: endpoint, context: context, loop: loop)
            dialer.dial()
            return NIOLoopBound(dialer, eventLoop: loop)
        }.wait()
        return Endpoint(target: target) { try? loop.submit { dialer.value.stop() }.wait() }
    }

    private func snoopList(_ group: String?) -> NIOLoopBound<SnoopList> {
        if let group, let list = snoops[group] { return list }
        let loop = loop
        // Safe to wait: the loop's thread never calls this.
        let list = try? loop.submit { NIOLoopBound(SnoopList(), eventLoop: loop) }.wait()
        guard let list else { preconditionFailure("the loop runs until the service is closed") }
        if let group { snoops[group] = list }
        return list
    }

    /// Ends all connections and the thread.
    public func close() { try? group.syncShutdownGracefully() }
}
