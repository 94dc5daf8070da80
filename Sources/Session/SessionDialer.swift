import NIOCore
import NIOPosix
import NIOSSL
import OpenFlow

/// Connects to a controller, and again whenever the connection is lost. On the loop's thread only.
final class SessionDialer {
    private let target: ControllerTarget
    private let endpoint: SessionEndpoint
    private let context: NIOSSLContext?
    private let loop: any EventLoop
    private var backoffMilliseconds = SessionLimits.firstBackoffMilliseconds
    private var channel: (any Channel)?
    private var isStopped = false
    private var retry: Scheduled<Void>?

    init(target: ControllerTarget, endpoint: SessionEndpoint, context: NIOSSLContext?, loop: any EventLoop) {
        self.target = target
        self.endpoint = endpoint
        self.context = context
        self.loop = loop
        endpoint.onEnd = { [weak self] in self?.dialLater() }
    }

    func dial() {
        if isStopped { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(SessionLimits.connectTimeout)
            .channelOption(.autoRead, value: false)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let dialer = bound.value
                    if let context = dialer.context {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: nil))
                    }
                    try channel.pipeline.syncOperations.addHandler(SessionHandler(endpoint: dialer.endpoint))
                }
            }
        let connecting: EventLoopFuture<any Channel>
        switch target {
        case .tcp(let host, let port), .tls(let host, let port):
            connecting = bootstrap.connect(host: host, port: Int(port))
        case .unix(let path):
            connecting = bootstrap.connect(unixDomainSocketPath: path)
        case .passiveTCP, .passiveTLS, .passiveUnix:
            preconditionFailure("a dialer is for targets that are connected to")
        }
        connecting.whenComplete { result in
            let dialer = bound.value
            switch result {
            case .success(let channel):
                if dialer.isStopped { return channel.close(promise: nil) }
                dialer.channel = channel
                dialer.backoffMilliseconds = SessionLimits.firstBackoffMilliseconds
            case .failure(let error):
                dialer.endpoint.failed(SessionFailure.words(for: error))
                dialer.dialLater()
            }
        }
    }

    private func dialLater() {
        channel = nil
        if isStopped || retry != nil { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        retry = loop.scheduleTask(in: .milliseconds(Int64(backoffMilliseconds))) {
            bound.value.retry = nil
            bound.value.dial()
        }
        backoffMilliseconds = min(backoffMilliseconds * 2, max(endpoint.options.maximumBackoffMilliseconds, 1))
    }

    func stop() {
        isStopped = true
        retry?.cancel()
        channel?.close(promise: nil)
        channel = nil
    }
}
