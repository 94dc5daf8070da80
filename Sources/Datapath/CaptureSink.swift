import DPDK
import Packet
import Synchronization

/// Writes what leaves a port into a capture file, on a thread of its own: workers put packets on a ring and go on.
public final class CaptureSink: Sendable {
    public let path: String
    /// Where workers put packets.
    public let ring: PacketRing
    private let state: State

    // Safe: `failure` is written by the writing thread and read after it was joined; `thread` is the control side's.
    private final class State: @unchecked Sendable {
        var failure: CaptureError?
        /// Workers look here while they wait for room. Safe: one byte, written once by the writing thread.
        let failed: UnsafeMutablePointer<Bool>
        let isStopped = Atomic<Bool>(false)
        /// The control thread's alone.
        var thread: PolledThread?

        init() {
            failed = .allocate(capacity: 1)
            failed.initialize(to: false)
        }

        deinit { failed.deallocate() }
    }

    /// Creates the file and starts the thread.
    ///
    /// - Parameter precision: of the timestamps in the file.
    public init(
        path: String, name: String, precision: CapturePrecision, environment: Environment
    ) throws {
        self.path = path
        ring = try PacketRing(name: "sink-\(name)", capacity: 4096)
        state = State()
        let file = WriterBox(try CaptureWriter(path, precision: precision))
        let ring = ring, state = state, offset = environment.timestampOffset
        state.thread = try PolledThread(name: "write-\(name)", core: nil) {
            if let writer = file.writer.take() { CaptureSink.run(writer, ring, state, timestampOffset: offset) }
        }
    }

    /// How a port reaches this file.
    public var output: PortOutput { .losslessRing(ring.raw, failed: state.failed) }

    /// Writes what is still on the ring and closes the file. Workers must have stopped.
    ///
    /// - Throws: what went wrong while writing, if anything did.
    public func finish() throws(CaptureError) {
        state.isStopped.store(true, ordering: .releasing)
        if let thread = state.thread.take() { thread.join() }
        if let failure = state.failure { throw failure }
    }

    private static func run(
        _ writer: consuming CaptureWriter, _ ring: PacketRing, _ state: State,
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
            state.failed.pointee = true
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
        let timestamp = packet.timestamp(at: timestampOffset)
        try segments.withUnsafeBufferPointer { segments throws(CaptureError) in
            try writer.write(segments: segments, wireLength: packet.length, timestampNanoseconds: timestamp)
        }
    }
}

/// Hands the open file over to the thread that writes it.
// Safe: the thread takes it once; nobody else looks.
private final class WriterBox: @unchecked Sendable {
    var writer: CaptureWriter?
    init(_ writer: consuming CaptureWriter) { self.writer = consume writer }
}
