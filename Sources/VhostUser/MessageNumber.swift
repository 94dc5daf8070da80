/// Requests of a front-end by their numbers on the wire (vhost-user specification, "Front-end message types").
public enum VhostRequestNumber: UInt32, CaseIterable, Sendable {
    case getFeatures = 1
    case setFeatures = 2
    case setOwner = 3
    case resetOwner = 4
    case setMemoryTable = 5
    case setLogBase = 6
    case setLogDescriptor = 7
    case setRingSize = 8
    case setRingAddresses = 9
    case setRingBase = 10
    case getRingBase = 11
    case setRingKick = 12
    case setRingCall = 13
    case setRingError = 14
    case getProtocolFeatures = 15
    case setProtocolFeatures = 16
    case getQueueCount = 17
    case setRingEnabled = 18
    case announce = 19
    case setMTU = 20
    case advisePostCopy = 28
    case listenPostCopy = 29
    case endPostCopy = 30
    case getInflight = 31
    case setInflight = 32
    case setStatus = 39
    case getStatus = 40
}

/// Bits of GET_PROTOCOL_FEATURES (vhost-user specification, "Protocol features").
public enum VhostProtocolFeatures {
    public static let multiQueue: UInt64 = 1 << 0
    public static let logSharedMemory: UInt64 = 1 << 1
    public static let announce: UInt64 = 1 << 2
    public static let replyAcknowledge: UInt64 = 1 << 3
    public static let mtu: UInt64 = 1 << 4
    /// Post-copy migration.
    public static let pageFault: UInt64 = 1 << 8
    public static let inflightSharedMemory: UInt64 = 1 << 12
    public static let status: UInt64 = 1 << 16

    /// All that this back-end serves on this machine.
    public static let supported =
        multiQueue | logSharedMemory | announce | replyAcknowledge | mtu | inflightSharedMemory | status
        | (PostCopy.isPossible ? pageFault : 0)
}

/// What stands before each message: request, flags and payload size, 32 bits each in the machine's byte order.
public struct VhostMessageHeader: Equatable, Sendable {
    /// Bytes on the wire.
    public static let size = 12
    /// The longest payload that is read. The longest that this back-end knows has 264 bytes.
    public static let payloadLimit = 4096

    private static let version: UInt32 = 1
    private static let replyBit: UInt32 = 1 << 2
    private static let needReplyBit: UInt32 = 1 << 3

    public var request: UInt32
    /// Whether the front-end waits for a result though the request has no answer of its own (REPLY_ACK).
    public var needsReply: Bool
    /// Bytes of payload.
    public var payloadSize: Int

    public init(request: UInt32, needsReply: Bool = false, payloadSize: Int) {
        self.request = request
        self.needsReply = needsReply
        self.payloadSize = payloadSize
    }

    /// A request's header.
    /// - Parameter bytes: ``size`` bytes.
    public init(_ bytes: [UInt8]) throws(VhostViolation) {
        var payload = VhostPayload(bytes)
        let request = payload.word(), flags = payload.word(), size = payload.word()
        guard flags & 3 == VhostMessageHeader.version else { throw .version(flags & 3) }
        guard flags & VhostMessageHeader.replyBit == 0 else { throw .replyExpectedOfNobody(request) }
        guard size <= VhostMessageHeader.payloadLimit else { throw .payloadSize(request: request, size: Int(size)) }
        self.request = request
        needsReply = flags & VhostMessageHeader.needReplyBit != 0
        payloadSize = Int(size)
    }

    /// The header of a request, as a front-end sends it.
    public var requestBytes: [UInt8] { bytes(VhostMessageHeader.version) }
    /// The header of an answer.
    public var replyBytes: [UInt8] { bytes(VhostMessageHeader.version | VhostMessageHeader.replyBit) }

    private func bytes(_ flags: UInt32) -> [UInt8] {
        let all = flags | (needsReply ? VhostMessageHeader.needReplyBit : 0)
        return VhostPayload.bytes(request) + VhostPayload.bytes(all) + VhostPayload.bytes(UInt32(payloadSize))
    }
}
