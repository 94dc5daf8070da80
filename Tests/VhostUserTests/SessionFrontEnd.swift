import CVhost
import Foundation
import Testing
import VhostUser

/// A front-end that says what a test wants it to say, right or wrong.
final class FrontEnd {
    let socket: FileDescriptor
    var flags: UInt32 = 1

    init(socket: FileDescriptor) { self.socket = socket }

    /// An answer of the back-end.
    struct Answer: Equatable {
        var request: UInt32
        var flags: UInt32
        var payload: [UInt8]

        var value: UInt64 { payload.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    }

    /// The two ends of a connection.
    static func pair() -> (ours: FrontEnd, theirs: FileDescriptor) {
        var ends: [CInt] = [-1, -1]
        precondition(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        return (FrontEnd(socket: FileDescriptor(owning: ends[0])), FileDescriptor(owning: ends[1]))
    }

    /// Sends bytes as they are. False: the other end has closed.
    @discardableResult
    func post(bytes: [UInt8], files: [CInt] = []) -> Bool {
        evs_vhost_send(socket.number, bytes, bytes.count, files, CInt(files.count)) == bytes.count
    }

    @discardableResult
    func post(
        _ request: VhostRequestNumber, _ payload: [UInt8] = [], files: [CInt] = [], needsReply: Bool = false
    ) -> Bool {
        let message = TestMessage(request: request.rawValue, payload: payload, flags: flags | (needsReply ? 8 : 0))
        return post(bytes: message.bytes, files: files)
    }

    /// What has come by now; `nil`: nothing, or only the end of the stream.
    func answer() -> (answer: Answer, file: FileDescriptor?)? {
        var header = [UInt8](repeating: 0, count: 12), numbers = [CInt](repeating: -1, count: 8)
        var count: CInt = 0
        guard evs_vhost_receive(socket.number, &header, 12, &numbers, &count) == 12 else { return nil }
        let file = count > 0 ? FileDescriptor(owning: numbers[0]) : nil
        let words = header.withUnsafeBytes { $0.bindMemory(to: UInt32.self).map(\.self) }
        var payload = [UInt8](repeating: 0, count: Int(words[2]))
        if !payload.isEmpty {
            guard evs_vhost_receive(socket.number, &payload, payload.count, &numbers, &count) == payload.count else {
                return nil
            }
        }
        return (Answer(request: words[0], flags: words[1], payload: payload), file)
    }

    /// Waits up to five seconds for an answer.
    func awaitAnswer() -> (answer: Answer, file: FileDescriptor?)? {
        var entry = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 5000) == 1 else { return nil }
        return answer()
    }

    /// Waits up to five seconds for the other end to close.
    func awaitEnd() -> Bool {
        var entry = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
        var byte: UInt8 = 0, count: CInt = 0, numbers = [CInt](repeating: -1, count: 8)
        while poll(&entry, 1, 5000) == 1 {
            let received = evs_vhost_receive(socket.number, &byte, 1, &numbers, &count)
            if received == 0 || received == -Int(ECONNRESET) { return true }
        }
        return false
    }
}

/// A message by its parts.
struct TestMessage {
    var request: UInt32
    var payload: [UInt8]
    var flags: UInt32 = 1
    var size: UInt32?

    var bytes: [UInt8] { little(request) + little(flags) + little(size ?? UInt32(payload.count)) + payload }
}

/// A number in the protocol's byte order.
func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

/// A file for guest memory, with a name that no other test's has.
final class TestMemory {
    static let guestStart: UInt64 = 0x4000_0000
    static let userStart: UInt64 = 0x7e00_0000_0000

    let file: FileDescriptor
    let name: String
    let size: UInt64

    init(size: UInt64 = 1 << 20) {
        name = "evs-test-\(UUID().uuidString)"
        let path = FileManager.default.temporaryDirectory.appending(path: name).path
        let number = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        precondition(number >= 0, "no temporary file: \(errno)")
        file = FileDescriptor(owning: number)
        unlink(path)
        self.size = size
        precondition(ftruncate(number, off_t(size)) == 0)
    }

    func truncate(to size: UInt64 = 0) { precondition(ftruncate(file.number, off_t(size)) == 0) }

    /// How often the file is mapped in this process.
    var mappings: Int {
        // The kernel tells it in pieces, between which other tests may map and unmap: until it says the same twice.
        var last = mappingLines, next = mappingLines
        while next != last { (last, next) = (next, mappingLines) }
        return next.count
    }

    private var mappingLines: Set<Substring> { Set(TestMemory.maps.filter { $0.contains(name) }) }

    /// Where the file is mapped, from what the kernel says.
    var mappedAt: UnsafeMutableRawPointer? {
        let number = mappingLines.first?.split(separator: "-").first.flatMap { UInt($0, radix: 16) }
        return number.flatMap { UnsafeMutableRawPointer(bitPattern: $0) }
    }

    /// The lines of /proc/self/maps. The kernel hands it out a page at a time: a short read is not the end.
    private static var maps: [Substring] {
        let file = FileDescriptor(owning: open("/proc/self/maps", O_RDONLY | O_CLOEXEC))
        var text: [UInt8] = [], piece = [UInt8](repeating: 0, count: 65536)
        while case let count = read(file.number, &piece, piece.count), count > 0 { text += piece[..<count] }
        return String(decoding: text, as: UTF8.self).split(separator: "\n")
    }

    /// How often it is open in this process.
    var descriptors: Int {
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return numbers.count {
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            return target?.contains(name) ?? false
        }
    }

    /// One region that is the whole file.
    var table: [UInt8] { TestMemory.table([(TestMemory.guestStart, size, TestMemory.userStart, 0)]) }

    static func table(_ regions: [(UInt64, UInt64, UInt64, UInt64)]) -> [UInt8] {
        little(UInt32(regions.count)) + little(UInt32(0))
            + regions.flatMap { little($0.0) + little($0.1) + little($0.2) + little($0.3) }
    }
}

func makeEvent() -> FileDescriptor { FileDescriptor(owning: evs_vhost_event()) }

func isReadable(_ event: FileDescriptor) -> Bool {
    var entry = pollfd(fd: event.number, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) == 1
}

/// A data path that checks the order of what it is told and touches what it is given.
final class Recorder: VhostPortDelegate, @unchecked Sendable {
    private let lock = NSLock()
    private var runningQueues: [Int: QueueSetup] = [:]
    private var events: [String] = []
    private(set) var mistakes: [String] = []
    /// What stop() reports for a queue; what it was started with unless set.
    var reached: [Int: UInt32] = [:]
    private(set) var memory: GuestMemoryMap?
    private(set) var starts = 0

    var running: [Int: QueueSetup] { lock.withLock { runningQueues } }
    var log: [String] { lock.withLock { events } }

    func start(queue: QueueSetup, memory: GuestMemoryMap) {
        lock.withLock {
            if runningQueues[queue.index] != nil { mistakes.append("queue \(queue.index) started twice") }
            runningQueues[queue.index] = queue
            self.memory = memory
            starts += 1
        }
        touch(queue)
    }

    /// Reads and writes the ends of the descriptor table, and those of the other parts.
    private func touch(_ queue: QueueSetup) {
        let table = UnsafeMutableRawPointer(bitPattern: queue.descriptors)!
        for offset in [0, queue.size * 16 - 8] {
            let old = table.load(fromByteOffset: offset, as: UInt64.self)
            table.storeBytes(of: old, toByteOffset: offset, as: UInt64.self)
        }
        for area in [queue.driverArea, queue.deviceArea] {
            let pointer = UnsafeMutableRawPointer(bitPattern: area)!
            pointer.storeBytes(of: pointer.load(as: UInt32.self), as: UInt32.self)
        }
        if queue.dirtyLog != 0 {
            let log = UnsafeMutableRawPointer(bitPattern: queue.dirtyLog)!
            log.storeBytes(of: 1, toByteOffset: Int(queue.usedGuestAddress >> 15), as: UInt8.self)
        }
        if queue.inflight != 0 {
            let notes = UnsafeMutableRawPointer(bitPattern: queue.inflight)!
            notes.storeBytes(of: 7, toByteOffset: 64 + 32 * queue.size - 8, as: UInt64.self)
        }
    }

    func stop(queue index: Int) -> UInt32 {
        lock.withLock {
            guard let queue = runningQueues.removeValue(forKey: index) else {
                mistakes.append("queue \(index) stopped though it did not run")
                return 0
            }
            return reached[index] ?? queue.base
        }
    }

    private func note(_ event: String) { lock.withLock { events.append(event) } }

    func linkChanged(isUp: Bool, features: UInt64, mtu: Int?) {
        note(isUp ? "up mtu \(mtu ?? 0)" : "down")
    }

    func announce(mac: UInt64) { note("announce \(String(mac, radix: 16))") }
    func peerChanged(_ end: VhostSessionEnd?) { note(end.map { "end: \($0)" } ?? "connected") }
}
