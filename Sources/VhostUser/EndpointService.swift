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
    private let commands = Mutex<[@Sendable (VhostService) -> Void]?>([])
    private var ports: [PortID: VhostEndpointPort] = [:]
    private var nextID = 1
    private var isClosing = false
    private let thread = Mutex<pthread_t?>(nil)

    /// Starts the thread.
    public init() throws(VhostEndpointError) {
        let problem = evs_vhost_guard_install()
        guard problem == 0 else { throw .system(path: "SIGBUS handler", errno: -problem) }
        let number = evs_vhost_event()
        guard number >= 0 else { throw .system(path: "eventfd", errno: -number) }
        wake = FileDescriptor(owning: number)
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
                    endpoint, options: options, delegate: delegate, wake: service.wake.number,
                    now: monotonicNanoseconds())
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
        _ = perform { service in
            service.ports.removeValue(forKey: id)?.close(now: monotonicNanoseconds())
        }
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
        _ = perform { service in service.isClosing = true }
        let joined = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let joined { pthread_join(joined, nil) }
    }

    /// Has the thread do something and waits for the result; `nil`: the service is closed.
    private func perform<Value>(_ work: @escaping @Sendable (VhostService) -> Value) -> Value? {
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
        evs_vhost_name_thread("evs-vhost")
        while !isClosing {
            let ready = wait()
            let todo = commands.withLock { commands in
                defer { commands = [] }
                return commands ?? []
            }
            for command in todo { command(self) }
            let now = monotonicNanoseconds()
            for id in ready { ports[id]?.turn(now: now) }
        }
        // A command that comes after this finds nobody.
        let rest = commands.withLock { commands in
            defer { commands = nil }
            return commands ?? []
        }
        for command in rest { command(self) }
        for port in ports.values { port.close(now: monotonicNanoseconds()) }
        ports = [:]
    }

    /// Waits until there is something to do, and tells for which ports.
    private func wait() -> [PortID] {
        var entries = [pollfd(fd: wake.number, events: Int16(POLLIN), revents: 0)]
        var owners = [0]
        var due: UInt64?
        for (id, port) in ports {
            for number in port.pollDescriptors {
                entries.append(pollfd(fd: number, events: Int16(POLLIN), revents: 0))
                owners.append(id)
            }
            due = [due, port.due].compactMap(\.self).min()
        }
        let before = monotonicNanoseconds()
        // Rounded up, so that what is due is due when poll returns.
        let pause = due.map { $0 > before ? min(($0 - before) / 1_000_000 + 1, 1000) : 0 }
        poll(&entries, nfds_t(entries.count), pause.map { CInt($0) } ?? -1)
        let now = monotonicNanoseconds()
        var ready = Set(zip(entries, owners).dropFirst().filter { $0.0.revents != 0 }.map(\.1))
        if entries[0].revents != 0 {
            wake.drain()
            // A worker may have met with a fault in guest memory.
            for port in ports.values { port.checkMemory(now: now) }
        }
        for (id, port) in ports where port.due.map({ $0 <= now }) ?? false { ready.insert(id) }
        return Array(ready)
    }
}
