import CVhost
import Glibc

/// One connection with a front-end: what it has said so far, and what follows for the port's queues.
///
/// Used by one thread. Never waits: reads what has come, answers, and says when it is over.
public final class VhostSession {
    /// Messages handled before other connections have their turn.
    static let messagesInTurn = 32
    /// Nanoseconds of a turn after which no further message is begun: some, such as a new memory table, take long.
    static let turn: UInt64 = 2_000_000

    let socket: FileDescriptor
    /// What was offered.
    public let options: VhostSessionOptions
    let delegate: any VhostPortDelegate
    /// Told of faults in guest memory.
    let wake: CInt

    private var reader = MessageReader()
    var features: UInt64 = 0
    var protocolFeatures: UInt64 = 0
    var deviceStatus: UInt8 = 0
    var mtu: Int?
    var memory: MemoryTable?
    var log: LogMapping?
    var inflight: InflightRegion?
    /// From POSTCOPY_ADVISE to POSTCOPY_END.
    var postCopy: PostCopy?
    var queues: [SessionQueue]
    private var isUp = false

    /// - Parameters:
    ///   - socket: connected; made non-blocking use of.
    ///   - wake: eventfd that is told of faults in guest memory, or -1.
    public init(
        socket: FileDescriptor, options: VhostSessionOptions, delegate: any VhostPortDelegate, wake: CInt = -1
    ) {
        self.socket = socket
        self.options = options
        self.delegate = delegate
        self.wake = wake
        queues = Array(repeating: SessionQueue(), count: 2 * options.queuePairs)
    }

    /// When ``serve(now:)`` must be called even if nothing comes, in nanoseconds of the monotonic clock.
    public var deadline: UInt64? { reader.deadline }

    /// Queues that workers use now.
    public var runningQueues: Int { queues.count(where: \.isRunning) }
    /// Negotiated feature bits.
    public var negotiatedFeatures: UInt64 { features }
    /// Guest memory that is mapped here, for those who place buffers near it.
    public var guestMemory: GuestMemoryMap? { memory?.map }

    /// Whether a file mapped for this session was truncated.
    public var hasFaulted: Bool {
        memory?.hasFaulted ?? false || log?.hasFaulted ?? false || inflight?.hasFaulted ?? false
    }

    /// Whether the peer has closed its end, though messages of it may still wait to be read.
    var hasPeerGone: Bool {
        var entry = pollfd(fd: socket.number, events: 0, revents: 0)
        return poll(&entry, 1, 0) == 1 && entry.revents & Int16(POLLHUP | POLLERR) != 0
    }

    /// Handles what has come, at most a turn's worth of messages.
    /// - Returns: why the session is over, or `nil`. Whoever is told so calls ``close()``.
    public func serve(now: UInt64) -> VhostSessionEnd? {
        do throws(VhostViolation) {
            for _ in 0..<VhostSession.messagesInTurn {
                guard !hasFaulted else { return .violation(.memoryFault) }
                switch try reader.read(socket.number, now: now) {
                case .ended: return .closedByPeer
                case .needsMore: return nil
                case .message(let message): try handle(message)
                }
                if monotonicNanoseconds() > now + VhostSession.turn { return nil }
            }
            return nil
        } catch {
            return .violation(error)
        }
    }

    /// Stops all queues and lets go of guest memory and of every descriptor but the socket.
    public func close() {
        for index in queues.indices { stop(index) }
        updateLink()
        queues = Array(repeating: SessionQueue(), count: queues.count)
        memory = nil
        log = nil
        inflight = nil
        postCopy = nil
    }

    // MARK: - Messages

    private func handle(_ message: MessageReader.Message) throws(VhostViolation) {
        let header = message.header
        if try takesConsent(header, message.payload) { return }
        do throws(VhostViolation) {
            let request = try VhostRequest(
                header, payload: message.payload, descriptors: message.descriptors.count)
            let isAnswered = try perform(request, header, message.descriptors)
            if !isAnswered, acknowledges(header) { try answer(header, UInt64(0)) }
        } catch {
            // A request of which nobody knows the answer's shape, or one that has an answer of its own, can't be
            // refused in words.
            guard acknowledges(header), !Self.hasAnswer(header.request) else { throw error }
            try answer(header, UInt64(1))
        }
        updateLink()
    }

    private func acknowledges(_ header: VhostMessageHeader) -> Bool {
        header.needsReply && protocolFeatures & VhostProtocolFeatures.replyAcknowledge != 0
    }

    private static func hasAnswer(_ request: UInt32) -> Bool {
        switch VhostRequestNumber(rawValue: request) {
        case .getFeatures, .getProtocolFeatures, .getQueueCount, .getRingBase, .getInflight, .getStatus, .setLogBase,
            .advisePostCopy:
            true
        default: false
        }
    }

    func answer(_ header: VhostMessageHeader, _ value: UInt64) throws(VhostViolation) {
        try answer(header, payload: VhostPayload.bytes(value))
    }

    func answer(
        _ header: VhostMessageHeader, payload: [UInt8], descriptor: FileDescriptor? = nil
    ) throws(VhostViolation) {
        let reply = VhostMessageHeader(request: header.request, payloadSize: payload.count)
        let bytes = reply.replyBytes + payload
        let numbers = descriptor.map { [$0.number] } ?? []
        let sent = evs_vhost_send(socket.number, bytes, bytes.count, numbers, CInt(numbers.count))
        // Answers are few and short: a peer that has let them fill the socket's buffer isn't worth waiting for.
        guard sent == bytes.count else { throw .doesNotRead }
    }

    private func updateLink() {
        let isNowUp = queues.contains(where: \.isRunning)
        guard isNowUp != isUp else { return }
        isUp = isNowUp
        delegate.linkChanged(isUp: isUp, features: isUp ? features : 0, mtu: mtu)
    }
}
