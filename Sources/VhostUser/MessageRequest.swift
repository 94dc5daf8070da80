/// A request that is right in itself: sizes, counts and ranges that need no knowledge of the session were checked.
public enum VhostRequest: Equatable, Sendable {
    case getFeatures
    case setFeatures(UInt64)
    case setOwner
    case resetOwner
    case setMemoryTable([RegionAnnouncement])
    case setLogBase(size: UInt64, offset: UInt64)
    case setLogDescriptor
    case setRingSize(queue: Int, Int)
    case setRingAddresses(queue: Int, RingAddresses)
    case setRingBase(queue: Int, UInt32)
    case getRingBase(queue: Int)
    case setRingKick(queue: Int, hasDescriptor: Bool)
    case setRingCall(queue: Int, hasDescriptor: Bool)
    case setRingError(queue: Int, hasDescriptor: Bool)
    case getProtocolFeatures
    case setProtocolFeatures(UInt64)
    case getQueueCount
    case setRingEnabled(queue: Int, Bool)
    case announce(mac: UInt64)
    case setMTU(Int)
    case advisePostCopy
    case listenPostCopy
    case endPostCopy
    case getInflight(InflightAnnouncement)
    case setInflight(InflightAnnouncement)
    case setStatus(UInt8)
    case getStatus

    /// A region of guest memory as it is announced; its file comes along.
    public struct RegionAnnouncement: Equatable, Sendable {
        public var guestStart: UInt64
        public var size: UInt64
        public var userStart: UInt64
        public var fileOffset: UInt64

        public init(guestStart: UInt64, size: UInt64, userStart: UInt64, fileOffset: UInt64) {
            self.guestStart = guestStart
            self.size = size
            self.userStart = userStart
            self.fileOffset = fileOffset
        }
    }

    /// Where a ring's parts lie in the front-end's address space.
    public struct RingAddresses: Equatable, Sendable {
        public var descriptors: UInt64
        /// Split: the used ring. Packed: the device's event suppression.
        public var deviceArea: UInt64
        /// Split: the available ring. Packed: the driver's event suppression.
        public var driverArea: UInt64
    }

    /// A region for notes on descriptors in flight.
    public struct InflightAnnouncement: Equatable, Sendable {
        public var size: UInt64
        public var fileOffset: UInt64
        public var queues: Int
        public var queueSize: Int
        /// Bytes of the payload: front-ends pad the structure or not.
        var payloadSize: Int
    }

    /// Queues of which any port can speak; a session has fewer.
    private static let queueLimit: UInt32 = 256
    /// Payload bit of the messages that carry an eventfd: there is none, poll instead.
    private static let noDescriptor: UInt64 = 1 << 8

    /// - Parameters:
    ///   - payload: as long as the header says.
    ///   - descriptors: how many came with the message.
    public init(_ header: VhostMessageHeader, payload: [UInt8], descriptors: Int) throws(VhostViolation) {
        guard let number = VhostRequestNumber(rawValue: header.request) else { throw .unknownRequest(header.request) }
        guard Self.sizes(number).contains(payload.count) else {
            throw .payloadSize(request: header.request, size: payload.count)
        }
        guard Self.descriptorCounts(number).contains(descriptors) else {
            throw .descriptors(request: header.request, count: descriptors)
        }
        var fields = VhostPayload(payload)
        switch number {
        case .getFeatures: self = .getFeatures
        case .setFeatures: self = .setFeatures(fields.double())
        case .setOwner: self = .setOwner
        case .resetOwner: self = .resetOwner
        case .setMemoryTable: self = try Self.memoryTable(&fields, payload.count, descriptors)
        case .setLogBase: self = .setLogBase(size: fields.double(), offset: fields.double())
        case .setLogDescriptor: self = .setLogDescriptor
        case .getProtocolFeatures: self = .getProtocolFeatures
        case .setProtocolFeatures: self = .setProtocolFeatures(fields.double())
        case .getQueueCount: self = .getQueueCount
        case .announce: self = try Self.announcement(fields.double())
        case .setMTU: self = try Self.mtu(fields.double())
        case .advisePostCopy: self = .advisePostCopy
        case .listenPostCopy: self = .listenPostCopy
        case .endPostCopy: self = .endPostCopy
        case .getInflight: self = .getInflight(Self.inflight(&fields, payload.count))
        case .setInflight: self = .setInflight(Self.inflight(&fields, payload.count))
        case .getStatus: self = .getStatus
        case .setStatus:
            let status = fields.double()
            guard status <= 0xff else { throw .value(request: header.request, status) }
            self = .setStatus(UInt8(status))
        case .setRingSize, .setRingAddresses, .setRingBase, .getRingBase, .setRingEnabled, .setRingKick, .setRingCall,
            .setRingError:
            self = try Self.ring(number, &fields, descriptors)
        }
    }

    private static func sizes(_ number: VhostRequestNumber) -> Set<Int> {
        switch number {
        case .getFeatures, .setOwner, .resetOwner, .getProtocolFeatures, .getQueueCount, .getStatus, .advisePostCopy,
            .listenPostCopy, .endPostCopy:
            [0]
        case .setLogDescriptor: [0, 8]
        case .setMemoryTable: Set((0...MemoryTable.announcedLimit).map { 8 + 32 * $0 })
        case .setLogBase: [16]
        case .setRingAddresses: [40]
        case .getInflight, .setInflight: [20, 24]
        default: [8]
        }
    }

    private static func descriptorCounts(_ number: VhostRequestNumber) -> ClosedRange<Int> {
        switch number {
        case .setMemoryTable: 0...MemoryTable.announcedLimit
        case .setRingKick, .setRingCall, .setRingError: 0...1
        case .setLogBase, .setLogDescriptor, .setInflight: 1...1
        default: 0...0
        }
    }

    private static func memoryTable(
        _ fields: inout VhostPayload, _ size: Int, _ descriptors: Int
    ) throws(VhostViolation) -> VhostRequest {
        let count = Int(fields.word())
        _ = fields.word()
        guard count >= 1, count <= MemoryTable.announcedLimit else { throw .regionCount(count) }
        let number = VhostRequestNumber.setMemoryTable.rawValue
        guard size == 8 + 32 * count else { throw .payloadSize(request: number, size: size) }
        guard descriptors == count else { throw .descriptors(request: number, count: descriptors) }
        return .setMemoryTable(
            (0..<count).map { _ in
                RegionAnnouncement(
                    guestStart: fields.double(), size: fields.double(), userStart: fields.double(),
                    fileOffset: fields.double())
            })
    }

    private static func ring(
        _ number: VhostRequestNumber, _ fields: inout VhostPayload, _ descriptors: Int
    ) throws(VhostViolation) -> VhostRequest {
        switch number {
        case .setRingKick, .setRingCall, .setRingError:
            let value = fields.double(), hasDescriptor = value & noDescriptor == 0
            guard value < 2 * noDescriptor else { throw .value(request: number.rawValue, value) }
            guard descriptors == (hasDescriptor ? 1 : 0) else {
                throw .descriptors(request: number.rawValue, count: descriptors)
            }
            let queue = Int(value & 0xff)
            switch number {
            case .setRingKick: return .setRingKick(queue: queue, hasDescriptor: hasDescriptor)
            case .setRingCall: return .setRingCall(queue: queue, hasDescriptor: hasDescriptor)
            default: return .setRingError(queue: queue, hasDescriptor: hasDescriptor)
            }
        default: break
        }
        let index = fields.word(), value = fields.word()
        guard index < queueLimit else { throw .queueIndex(index) }
        let queue = Int(index)
        switch number {
        case .setRingSize:
            guard value >= 2, value <= 32768 else { throw .ringSize(queue: queue, Int(value)) }
            return .setRingSize(queue: queue, Int(value))
        case .setRingAddresses:
            // The word after the index holds flags: whether to log the used ring, which the features say too.
            return .setRingAddresses(
                queue: queue,
                RingAddresses(descriptors: fields.double(), deviceArea: fields.double(), driverArea: fields.double()))
        case .setRingBase: return .setRingBase(queue: queue, value)
        case .setRingEnabled:
            guard value <= 1 else { throw .value(request: number.rawValue, UInt64(value)) }
            return .setRingEnabled(queue: queue, value == 1)
        default: return .getRingBase(queue: queue)
        }
    }

    private static func announcement(_ value: UInt64) throws(VhostViolation) -> VhostRequest {
        // The first octet is the lowest: bit 0 marks a group address.
        let mac = value & 0xffff_ffff_ffff
        guard mac != 0, mac & 1 == 0 else { throw .value(request: VhostRequestNumber.announce.rawValue, value) }
        return .announce(mac: mac)
    }

    private static func mtu(_ value: UInt64) throws(VhostViolation) -> VhostRequest {
        // Virtio 1.1 §5.1.4.1: from 68 to 65,535.
        guard value >= 68, value <= 65535 else { throw .value(request: VhostRequestNumber.setMTU.rawValue, value) }
        return .setMTU(Int(value))
    }

    private static func inflight(_ fields: inout VhostPayload, _ size: Int) -> InflightAnnouncement {
        InflightAnnouncement(
            size: fields.double(), fileOffset: fields.double(), queues: Int(fields.half()),
            queueSize: Int(fields.half()), payloadSize: size)
    }
}
