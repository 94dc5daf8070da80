import CVhost
import Glibc
import Synchronization

/// Serves the sockets of all vhost-user ports on a thread of its own. Whatever one front-end does or leaves undone, the
/// others are served: nothing waits for a peer, and each has its turn.
///
/// The functions may be called from any thread but the service's own (not from a delegate).
// Safe: `commands` is behind a lock, the descriptors are constant, and `ports` belongs to the thread.
public final class VhostService: @unchecked Sendable {
    /// Names a port.
    public typealias PortID = Int

    /// What a port is doing, to be shown.
    public struct PortStatus: Sendable {
        /// Whether a front-end is connected.
        public var isConnected = false
        /// Queues that workers use.
        public var runningQueues = 0
        /// Negotiated feature bits.
        public var features: UInt64 = 0
        /// Bytes; `nil` unless the front-end has set it.
        public var mtu: Int?
        /// Connections so far.
        public var connections = 0
        /// Why the last connection ended.
        public var lastEnd: VhostSessionEnd?
    }

    private let wake: FileDescriptor
    private let poller: FileDescriptor
    private let commands = Mutex<[(VhostService) -> Void]?>([])
    private var ports: [PortID: VhostEndpointPort] = [:]
    private var nextID = 1
    private var isClosing = false
    private let thread = Mutex<pthread_t?>(nil)

    /// Starts the thread.
    public init() throws(VhostEndpointError) {
        let problem = evs_vhost_guard_install()
        guard problem == 0 else { throw .system(path: "SIGBUS handler", errno: -problem) }
        let number = eventfd(0, CInt(EFD_CLOEXEC.rawValue) | CInt(EFD_NONBLOCK.rawValue))
        guard number >= 0 else { throw .system(path: "eventfd", errno: errno) }
        wake = FileDescriptor(owning: number)
        let poller = epoll_create1(CInt(EPOLL_CLOEXEC.rawValue))
        guard poller >= 0 else { throw .system(path: "epoll", errno: errno) }
        self.poller = FileDescriptor(owning: poller)
        var started = pthread_t()
        // The thread holds the service until close().
        let held = Unmanaged.passRetained(self)
        let result = pthread_create(&started, nil, { argument in
            Unmanaged<VhostService>.fromOpaque(argument!).takeRetainedValue().run()
            return nil
        }, held.toOpaque())
        guard result == 0 else {
            held.release()
            throw .system(path: "thread", errno: result)
        }
        thread.withLock { $0 = started }
    }

    /// Adds a port. When this returns, its socket exists (server) or connecting has begun (client).
    /// - Parameter delegate: held until the port is removed; called on the service's thread only.
    public func add(
        _ endpoint: VhostEndpoint, options: VhostSessionOptions, delegate: any VhostPortDelegate & Sendable
    ) throws(VhostEndpointError) -> PortID {
        let result: Result<PortID, VhostEndpointError>? = perform { service in
            do throws(VhostEndpointError) {
                let port = try VhostEndpointPort(
                    endpoint, options: options, delegate: delegate, wake: service.wake.number, now: monotonic())
                defer { service.nextID += 1 }
                service.ports[service.nextID] = port
                return .success(service.nextID)
            } catch { return .failure(error) }
        }
        guard let result else { throw .serviceClosed }
        return try result.get()
    }

    /// Removes a port. When this returns, its queues are stopped and its socket is gone.
    public func remove(_ id: PortID) {
        let _: Void? = perform { $0.ports.removeValue(forKey: id)?.close(now: monotonic()) }
    }

    /// What a port is doing; `nil`: there is none of that name.
    public func status(_ id: PortID) -> PortStatus? {
        let status: PortStatus?? = perform { service in
            guard let port = service.ports[id] else { return nil }
            return PortStatus(
                isConnected: port.session != nil, runningQueues: port.session?.runningQueues ?? 0,
                features: port.session?.negotiatedFeatures ?? 0, mtu: port.session?.mtu,
                connections: port.connections, lastEnd: port.lastEnd)
        }
        return status ?? nil
    }

    /// Removes all ports and ends the thread. Further calls are refused.
    public func close() {
        let _: Void? = perform { $0.isClosing = true }
        let joined = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let joined { pthread_join(joined, nil) }
    }

    /// Has the thread do something and waits for the result; `nil`: the service is closed.
    private func perform<Value>(_ work: @escaping (VhostService) -> Value) -> Value? {
        let answer = Answer<Value>()
        let isTaken = commands.withLock { commands in
            guard commands != nil else { return false }
            commands?.append { answer.set(work($0)) }
            return true
        }
        guard isTaken else { return nil }
        wake.signal()
        return answer.wait()
    }

    // MARK: - The thread

    private func run() {
        pthread_setname_np(pthread_self(), "evs-vhost")
        while !isClosing {
            wait()
            let todo = commands.withLock { commands in
                defer { commands = [] }
                return commands ?? []
            }
            for command in todo { command(self) }
            let now = monotonic()
            for port in ports.values {
                port.checkMemory(now: now)
                port.turn(now: now)
            }
        }
        // A command that comes after this finds nobody.
        let rest = commands.withLock { commands in
            defer { commands = nil }
            return commands ?? []
        }
        for command in rest { command(self) }
        for port in ports.values { port.close(now: monotonic()) }
        ports = [:]
    }
}
