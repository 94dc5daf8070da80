// Hot path: a capture in memory, handed out as packets.
import DPDK
import Packet

/// How fast a capture is replayed.
public enum ReplayPace: Sendable, Equatable {
    case maximum
    /// With the gaps that the capture has.
    case original
    case packetsPerSecond(Double)
    case bitsPerSecond(Double)
}

/// A capture that a port replays: the worker makes packets of its records, at the pace wanted.
public struct ReplaySource {
    private let records: UnsafePointer<CaptureRecord>
    private let recordCount: Int
    private let bytes: UnsafeRawPointer
    private let pool: OpaquePointer
    private let timestampOffset: CInt
    /// Ticks between this packet and the next: `perPacket + perByte * length`, or by the timestamps.
    private let cyclesPerPacket: Double
    private let cyclesPerByte: Double
    private let cyclesPerNanosecond: Double
    private let followsTimestamps: Bool
    private let isPaced: Bool

    private var next = 0
    private var roundsLeft: Int
    /// When the next packet is due, in ticks; zero before the first.
    private var dueCycles: Double = 0
    /// Set by the control side to end early.
    public var isStopped = false
    /// Whether every packet has been handed out.
    public private(set) var isFinished = false
    /// Packets handed out.
    public private(set) var sentPackets: UInt64 = 0

    /// - Parameters:
    ///   - rounds: how often the capture is replayed; `nil`: until stopped.
    // Slow path: made once.
    public init(
        _ capture: Capture, rounds: Int?, pace: ReplayPace, pool: PacketPool, environment: Environment
    ) {
        records = capture.records.baseAddress ?? UnsafePointer(bitPattern: 8).unsafelyUnwrapped
        recordCount = capture.packetCount
        bytes = capture.bytes.baseAddress ?? UnsafeRawPointer(records)
        self.pool = pool.raw
        timestampOffset = environment.timestampOffset
        roundsLeft = rounds ?? .max
        let hertz = Environment.cyclesPerSecond
        cyclesPerNanosecond = hertz / 1e9
        var perPacket = 0.0, perByte = 0.0
        switch pace {
        case .packetsPerSecond(let rate): perPacket = hertz / rate
        case .bitsPerSecond(let rate): perByte = 8 * hertz / rate
        case .maximum, .original: break
        }
        cyclesPerPacket = perPacket
        cyclesPerByte = perByte
        followsTimestamps = pace == .original
        isPaced = pace != .maximum
        isFinished = recordCount == 0 || roundsLeft == 0
    }

    /// Makes up to `limit` packets that are due; how many there are.
    @_noLocks
    mutating func receive(into packets: PacketPointers, limit: Int, now: UInt64) -> Int {
        if isFinished { return 0 }
        if isStopped {
            isFinished = true
            return 0
        }
        var wanted = min(limit, recordCount &- next)
        if isPaced {
            if dueCycles == 0 { dueCycles = Double(now) }
            wanted = dueCount(limit: wanted, now: Double(now))
            if wanted == 0 { return 0 }
        }
        if evs_mbuf_allocate_bulk(pool, packets, UInt32(truncatingIfNeeded: wanted)) != 0 { return 0 }
        var made = 0
        while made < wanted {
            let record = records + (next &+ made)
            evs_prefetch(bytes + (Int(truncatingIfNeeded: record.pointee.offset) &+ 256))
            // Safe: the pool gave `wanted` buffers.
            let packet = PacketBuffer(packets[made]!)
            if !fill(packet, record) { break }
            packet.setTimestamp(record.pointee.timestampNanoseconds, at: timestampOffset)
            made &+= 1
        }
        if made < wanted { evs_mbuf_free_bulk(packets + made, UInt32(truncatingIfNeeded: wanted &- made)) }
        advance(by: made)
        return made
    }

    /// Copies a record's bytes; false when a long one finds no further buffers.
    @inline(__always) @_noLocks
    private func fill(_ packet: PacketBuffer, _ record: UnsafePointer<CaptureRecord>) -> Bool {
        let length = Int(record.pointee.length)
        let start = bytes + Int(truncatingIfNeeded: record.pointee.offset)
        if length > PacketBuffer.dataRoom { return fillChain(packet, start, length) }
        evs_mbuf_set_length(packet.raw, UInt16(truncatingIfNeeded: length))
        evs_copy(packet.data, start, length)
        return true
    }

    @inline(never) @_noLocks
    private func fillChain(_ packet: PacketBuffer, _ start: UnsafeRawPointer, _ length: Int) -> Bool {
        evs_mbuf_set_length(packet.raw, UInt16(truncatingIfNeeded: PacketBuffer.dataRoom))
        evs_copy(packet.data, start, PacketBuffer.dataRoom)
        var copied = PacketBuffer.dataRoom
        var last = packet
        while copied < length {
            guard let raw = evs_mbuf_allocate(pool) else { return false }
            let segment = PacketBuffer(raw)
            let count = min(length &- copied, PacketBuffer.dataRoom)
            evs_mbuf_set_length(raw, UInt16(truncatingIfNeeded: count))
            evs_copy(segment.data, start + copied, count)
            evs_mbuf_append_segment(packet.raw, last.raw, raw)
            last = segment
            copied &+= count
        }
        return true
    }

    @inline(__always) @_noLocks
    private mutating func advance(by count: Int) {
        next &+= count
        sentPackets &+= UInt64(truncatingIfNeeded: count)
        if next == recordCount {
            next = 0
            roundsLeft &-= 1
            isFinished = roundsLeft == 0
        }
    }

    /// How many of the next records are due, and when the one after them will be.
    @inline(never) @_noLocks
    private mutating func dueCount(limit: Int, now: Double) -> Int {
        var count = 0
        while count < limit, dueCycles <= now {
            dueCycles += gap(after: next &+ count)
            count &+= 1
        }
        return count
    }

    /// Ticks from one record to the next.
    @inline(__always) @_noLocks
    private func gap(after index: Int) -> Double {
        let record = records + index
        if !followsTimestamps { return cyclesPerPacket + cyclesPerByte * Double(record.pointee.length) }
        // A new round begins right after the last packet. Clocks that step back make no gap.
        if index &+ 1 == recordCount { return 0 }
        let from = record.pointee.timestampNanoseconds, to = (record + 1).pointee.timestampNanoseconds
        return to > from ? Double(to &- from) * cyclesPerNanosecond : 0
    }
}
