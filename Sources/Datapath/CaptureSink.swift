import DPDK
import Packet
import Synchronization

/// Writes what leaves a port into a capture file, on a thread of its own: workers put packets on a ring and go on.
public final class CaptureSink: Sendable {
    public let path: String
    /// Where workers put packets.
    public let ring: PacketRing
    /// Workers look here while they wait for room. Safe: one byte, written once by the writing thread.
    nonisolated(unsafe) let failed: UnsafeMutablePointer<Bool>
    private let state: State

    private final class State: @unchecked Sendable {
        // Safe: `failure` is written by the writing thread and read after it was joined.
        var failure: CaptureError?
        let isStopped = Atomic<Bool>(false)
        let thread = Mutex<PolledThread?>(nil)
    }

    /// Creates the file and starts the thread.
    ///
    /// - Parameter precision: of the timestamps in the file.
    public init(
        path: String, name: String, precision: CapturePrecision, environment: Environment
    ) throws {
        self.path = path
        ring = try PacketRing(name: "sink-\(name)", capacity: 4096)
        failed = .allocate(capacity: 1)
        failed.initialize(to: false)
        state = State()
        let writer = try CaptureWriter(path: path, precision: precision)
        let ring = ring, failed = failed, state = state, offset = environment.timestampOffset
        let thread = try PolledThread(name: "write-\(name)", core: nil) {
            CaptureSink.run(writer, ring, failed, state, timestampOffset: offset)
        }
        state.thread.withLock { $0 = consume thread }
    }

    deinit { failed.deallocate() }

    /// How a port reaches this file.
    public var output: PortOutput { .losslessRing(ring.raw, failed: failed) }

    /// Writes what is still on the ring and closes the file. Workers must have stopped.
    ///
    /// - Throws: what went wrong while writing, if anything did.
    public func finish() throws(CaptureError) {
        state.isStopped.store(true, ordering: .releasing)
        let thread = state.thread.withLock { $0.take() }
        if let thread { thread.join() }
        if let failure = state.failure { throw failure }
    }

    private static func run(
        _ writer: consuming CaptureWriter, _ ring: PacketRing, _ failed: UnsafeMutablePointer<Bool>, _ state: State,
        timestampOffset: CInt
    ) {
        var writer = writer
        let packets = PacketPointers.allocate(capacity: Limits.burst)
        defer { packets.deallocate() }
        do throws(CaptureError) {
            while true {
                let isLast = state.isStopped.load(ordering: .acquiring)
                let count = ring.take(into: packets, limit: Limits.burst)
                defer { for index in 0..<count { PacketBuffer(packets[index]!).free() } }
                for index in 0..<count {
                    try write(PacketBuffer(packets[index]!), to: &writer, timestampOffset)
                }
                if count == 0 {
                    if isLast { break }
                    PolledThread.sleep(microseconds: 50)
                }
            }
            try writer.close()
        } catch {
            state.failure = error
            failed.pointee = true
        }
    }

    private static func write(
        _ packet: PacketBuffer, to writer: inout CaptureWriter, _ timestampOffset: CInt
    ) throws(CaptureError) {
        var segments: [UnsafeRawBufferPointer] = []
        var segment: PacketBuffer? = packet
        while let part = segment {
            segments.append(UnsafeRawBufferPointer(start: part.data, count: part.segmentLength))
            segment = part.next
        }
        try writer.write(
            segments, wireLength: packet.length, timestampNanoseconds: packet.timestamp(at: timestampOffset))
    }
}
