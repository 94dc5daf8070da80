import NIOCore
import NIOPosix
import NIOSSL
import OpenFlow

/// Where controllers, or ovs-ofctl, connect to. On the loop's thread only.
final class SessionListener {
    private let endpoint: SessionEndpoint
    private let context: NIOSSLContext?
    private let isSnoop: Bool
    private var listening: (any Channel)?
    private var open: [ObjectIdentifier: any Channel] = [:]

    init(endpoint: SessionEndpoint, context: NIOSSLContext?, isSnoop: Bool) {
        self.endpoint = endpoint
        self.context = context
        self.isSnoop = isSnoop
    }

    /// Begins to listen.
    func listen(_ target: ControllerTarget, on loop: any EventLoop) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try bound.value.take(channel) }
            }
        let again = NIOLoopBound(bootstrap, eventLoop: loop)
        let opening: EventLoopFuture<any Channel>
        switch target {
        case .passiveTCP(let port, let host), .passiveTLS(let port, let host):
            opening = bootstrap.bind(host: host ?? "::", port: Int(port)).flatMapError { error in
                // A machine without IPv6.
                host == nil ? again.value.bind(host: "0.0.0.0", port: Int(port)) : loop.makeFailedFuture(error)
            }
        case .passiveUnix(let path):
            opening = bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true)
        case .tcp, .tls, .unix:
            preconditionFailure("a listener is for targets that are listened at")
        }
        return opening.map { bound.value.listening = $0 }
    }

    private func take(_ channel: any Channel) throws {
        if open.count >= SessionLimits.connections {
            endpoint.failed("more than \(SessionLimits.connections) connections")
            return channel.close(promise: nil)
        }
        let key = ObjectIdentifier(channel)
        open[key] = channel
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.closeFuture.whenComplete { _ in bound.value.open[key] = nil }
        if let context { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }
        try channel.pipeline.syncOperations.addHandler(SessionHandler(endpoint: endpoint, isSnoop: isSnoop))
    }

    func stop() {
        listening?.close(promise: nil)
        listening = nil
        for channel in open.values { channel.close(promise: nil) }
    }
}
