/// What a front-end has said that it may not. Costs the front-end a failure answer, where it asked for one, or its
/// connection; never more.
public enum VhostViolation: Error, Equatable, Sendable, CustomStringConvertible {
    case version(UInt32)
    case replyExpectedOfNobody(UInt32)
    case unknownRequest(UInt32)
    case payloadSize(request: UInt32, size: Int)
    case descriptors(request: UInt32, count: Int)
    case tooManyDescriptors
    case halfMessage
    case doesNotRead
    case socket(errno: CInt)
    case features(UInt64)
    case protocolFeatures(UInt64)
    case queueIndex(UInt32)
    case value(request: UInt32, UInt64)
    case regionCount(Int)
    case region(index: Int, RegionProblem)
    case mapping(errno: CInt)
    case descriptorKind(request: UInt32)
    case logTooSmall(bytes: UInt64, needed: UInt64)
    case inflightSize
    case ringSize(queue: Int, Int)
    case ringAddress(queue: Int)
    case ringAlignment(queue: Int)
    case ringBase(queue: Int, UInt32)
    case memoryFault
    case postCopyOrder

    /// What is wrong with a region of guest memory, or with the file of a log or of in-flight notes.
    public enum RegionProblem: Error, Equatable, Sendable {
        case empty, wraps, overlaps, notAFile, fileSystem, fileTooSmall
        case mapping(errno: CInt)
    }

    public var description: String {
        switch self {
        case .version(let version): "message of protocol version \(version); 1 is spoken here"
        case .replyExpectedOfNobody(let request): "answer to a request that nobody made (\(Self.name(request)))"
        case .unknownRequest(let request): "unknown request \(request)"
        case .payloadSize(let request, let size): "\(Self.name(request)) with \(size) bytes"
        case .descriptors(let request, let count): "\(Self.name(request)) with \(count) file descriptors"
        case .tooManyDescriptors: "message with too many file descriptors"
        case .halfMessage: "message not completed in time"
        case .doesNotRead: "answers are not read"
        case .socket(let errno): "socket error \(errno)"
        case .features(let bits): "features that were not offered: 0x\(String(bits, radix: 16))"
        case .protocolFeatures(let bits): "protocol features that were not offered: 0x\(String(bits, radix: 16))"
        case .queueIndex(let index): "no queue \(index)"
        case .value(let request, let value): "\(Self.name(request)) with the value \(value)"
        case .regionCount(let count): "memory table of \(count) regions"
        case .region(let index, let problem): "memory region \(index): \(problem.text)"
        case .mapping(let errno): "memory can't be mapped, error \(errno)"
        case .descriptorKind(let request): "\(Self.name(request)): the file descriptor is of the wrong kind"
        case .logTooSmall(let bytes, let needed): "dirty log of \(bytes) bytes; memory needs \(needed)"
        case .inflightSize: "in-flight region of an impossible size"
        case .ringSize(let queue, let size): "queue \(queue): ring of \(size) entries"
        case .ringAddress(let queue): "queue \(queue): ring outside memory"
        case .ringAlignment(let queue): "queue \(queue): ring not aligned"
        case .ringBase(let queue, let base): "queue \(queue): ring can't begin at 0x\(String(base, radix: 16))"
        case .postCopyOrder: "post-copy messages in the wrong order"
        case .memoryFault: "guest memory fault: its file was truncated"
        }
    }

    private static func name(_ request: UInt32) -> String {
        VhostRequestNumber(rawValue: request).map { "\($0)" } ?? "request \(request)"
    }
}

extension VhostViolation.RegionProblem {
    /// What a person reads.
    var text: String {
        switch self {
        case .empty: "empty"
        case .wraps: "its addresses wrap"
        case .overlaps: "overlaps another"
        case .notAFile: "not a memory file"
        case .fileSystem: "on a file system that may keep a reader waiting"
        case .fileTooSmall: "the file is smaller than announced"
        case .mapping(let errno): "can't be mapped, error \(errno)"
        }
    }
}
