/// A port as the control thread has it: its endpoint, and the connection while there is one.
final class VhostEndpointPort {
    /// Connections looked at in one turn: of a storm, the rest waits in the kernel.
    private static let acceptsInTurn = 16

    let options: VhostSessionOptions
    let delegate: any VhostPortDelegate
    private let wake: CInt
    private let listener: VhostListener?
    private let address: UnixAddress?
    private var retry: RetryClock
    /// While descriptors have run out, when to look at the listener again.
    private var resumesAt: UInt64?
    private(set) var session: VhostSession?
    private(set) var lastEnd: VhostSessionEnd?
    private(set) var connections = 0

    init(
        _ endpoint: VhostEndpoint, options: VhostSessionOptions, delegate: any VhostPortDelegate, wake: CInt,
        now: UInt64
    ) throws(VhostEndpointError) {
        self.options = options
        self.delegate = delegate
        self.wake = wake
        retry = RetryClock(now: now)
        switch endpoint {
        case .server(let path, let access):
            listener = try VhostListener(path: path, access: access)
            address = nil
        case .client(let path):
            listener = nil
            address = try UnixAddress(path)
        }
    }

    /// Descriptors to be woken by.
    var pollDescriptors: [CInt] {
        var numbers: [CInt] = []
        if let session { numbers.append(session.socket.number) }
        if let listener, resumesAt == nil { numbers.append(listener.socket.number) }
        return numbers
    }

    /// When to be called though nothing has come.
    var due: UInt64? {
        let attempt = address != nil && session == nil ? retry.due : nil
        return [attempt, resumesAt, session?.deadline].compactMap(\.self).min()
    }

    /// Does what there is to do, without waiting.
    func turn(now: UInt64) {
        if let session, let end = session.serve(now: now) { finish(end, now: now) }
        if let resumesAt, now >= resumesAt { self.resumesAt = nil }
        if resumesAt == nil, listener != nil { acceptConnections(now: now) }
        if let address, session == nil, now >= retry.due { attempt(address, now: now) }
    }

    /// Ends the session if memory has gone from under it.
    func checkMemory(now: UInt64) {
        if session?.hasFaulted == true { finish(.violation(.memoryFault), now: now) }
    }

    func close(now: UInt64) {
        if session != nil { finish(.removed, now: now) }
    }

    private func acceptConnections(now: UInt64) {
        guard let listener else { return }
        for _ in 0..<VhostEndpointPort.acceptsInTurn {
            let (connection, isExhausted) = listener.accept()
            if isExhausted { resumesAt = now + 100_000_000 }
            guard let connection else { return }
            // A monitor that has gone makes room for its successor at once, however much it has left unread.
            if let session, session.hasPeerGone { finish(.closedByPeer, now: now) }
            if session == nil { begin(connection, now: now) }
            // A second front-end while the first lives is let go: its socket closes with `connection`.
        }
    }

    private func attempt(_ address: UnixAddress, now: UInt64) {
        guard let connection = try? address.connected() else { return retry.failed(now: now) }
        begin(connection, now: now)
    }

    private func begin(_ connection: FileDescriptor, now: UInt64) {
        retry.connected(now: now)
        connections += 1
        delegate.peerChanged(nil)
        session = VhostSession(socket: connection, options: options, delegate: delegate, wake: wake)
    }

    private func finish(_ end: VhostSessionEnd, now: UInt64) {
        session?.close()
        session = nil
        lastEnd = end
        retry.failed(now: now)
        delegate.peerChanged(end)
    }
}
