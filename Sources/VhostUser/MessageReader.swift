import CVhost
import Glibc

/// Puts messages together from what a socket has, however small the pieces; never waits.
struct MessageReader {
    /// A whole message, its request not looked at yet.
    struct Message {
        var header: VhostMessageHeader
        var payload: [UInt8]
        var descriptors: [FileDescriptor]
    }

    /// What reading came to.
    enum Outcome {
        case message(Message)
        /// The rest has not come yet.
        case needsMore
        /// The peer has closed its end between two messages or within one.
        case ended
    }

    /// How long a message may take from its first byte to its last, in nanoseconds.
    static let patience: UInt64 = 3_000_000_000

    private var header: VhostMessageHeader?
    private var bytes: [UInt8] = []
    private var descriptors: [FileDescriptor] = []
    private var buffer = [UInt8](repeating: 0, count: VhostMessageHeader.payloadLimit)

    /// When the message under way must be whole, in nanoseconds of the monotonic clock; `nil` between messages.
    private(set) var deadline: UInt64?

    /// Reads at most one message.
    /// - Parameter now: nanoseconds of the monotonic clock.
    mutating func read(_ socket: CInt, now: UInt64) throws(VhostViolation) -> Outcome {
        while true {
            let wanted = (header?.payloadSize ?? VhostMessageHeader.size) - bytes.count
            if wanted > 0 {
                switch try receive(socket, wanted) {
                case .some(0): return .ended
                case .some: if deadline == nil { deadline = now + MessageReader.patience }
                case nil:
                    if let deadline, now >= deadline { throw .halfMessage }
                    return .needsMore
                }
                continue
            }
            if let whole = header { return .message(finish(whole)) }
            header = try VhostMessageHeader(bytes)
            bytes = []
        }
    }

    /// Bytes received, 0 at the end; `nil`: there is nothing now.
    private mutating func receive(_ socket: CInt, _ wanted: Int) throws(VhostViolation) -> Int? {
        var numbers = [CInt](repeating: -1, count: Int(EVS_VHOST_DESCRIPTOR_LIMIT))
        var count: CInt = 0
        let received = evs_vhost_receive(socket, &buffer, wanted, &numbers, &count)
        descriptors += numbers.prefix(Int(count)).map { FileDescriptor(owning: $0) }
        guard descriptors.count <= EVS_VHOST_DESCRIPTOR_LIMIT else { throw .tooManyDescriptors }
        switch CInt(truncatingIfNeeded: -received) {
        case EAGAIN, EINTR: return nil
        case EMSGSIZE: throw .tooManyDescriptors
        case ECONNRESET: return 0
        case let error where error > 0: throw .socket(errno: error)
        default: break
        }
        bytes += buffer[..<received]
        return received
    }

    private mutating func finish(_ header: VhostMessageHeader) -> Message {
        defer {
            self.header = nil
            bytes = []
            descriptors = []
            deadline = nil
        }
        return Message(header: header, payload: bytes, descriptors: descriptors)
    }
}
