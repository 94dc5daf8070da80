// Hot path: messages to controllers, from one worker to the control side.
import DPDK
import Packet
import Synchronization

/// A queue of records of any length between one worker and one reader, without locks; when it is full, records are
/// refused.
///
/// A record is its header, the data words of its `controller` instruction, and bytes of the packet. It never goes round
/// the end of the memory: what is left there is skipped.
struct PacketInRing: ~Copyable {
    private let pages: Pages
    private let capacity: UInt64
    /// Bytes ever written and ever read.
    private let written = Atomic<UInt64>(0)
    private let read = Atomic<UInt64>(0)
    /// Whether the reader waits to be woken.
    private let armed: UnsafeMutablePointer<Atomic<Bool>>
    private let event: CInt

    /// In front of each record.
    struct Header: BitwiseCopyable {
        /// Bytes to the next record; a multiple of eight.
        var stride: UInt32
        /// Data words; ``skip`` when nothing more is in the memory to its end.
        var words: UInt32
        /// The data path's number of the bridge.
        var bridge: UInt32
        /// Bytes of the packet, and those of them that are here.
        var length: UInt32
        var captured: UInt32
        var padding: UInt32 = 0

        static var skip: UInt32 { @_noLocks get { .max } }
        static var bytes: UInt64 { @_noLocks get { 24 } }
    }

    // Slow path: made with the data path.
    init?(byteCount: Int, armed: UnsafeMutablePointer<Atomic<Bool>>, event: CInt) {
        precondition(byteCount.nonzeroBitCount == 1, "positions are taken modulo the capacity")
        guard let pages = Pages(byteCount: byteCount, socket: nil) else { return nil }
        self.pages = pages
        self.armed = armed
        self.event = event
        capacity = UInt64(byteCount)
    }

    // Slow path: with the data path.
    deinit { pages.free() }

    /// Writes a record; whether there was room.
    @inline(never) @_noLocks
    func append(
        _ instruction: UnsafePointer<Instruction>, _ packet: PacketBuffer, bridge: Int
    ) -> Bool {
        let words = Int(instruction.pointee.argument)
        let wanted = Int(truncatingIfNeeded: min(instruction.pointee.value, UInt64(Limits.packetInBytes)))
        let captured = min(packet.length, wanted)
        let content = Header.bytes &+ UInt64(words &* 8) &+ UInt64(captured)
        let stride = (content &+ 7) & ~7
        guard var position = reserve(stride) else { return false }
        let end = position &+ stride
        var place = at(position)
        place.storeBytes(
            of: Header(
                stride: UInt32(truncatingIfNeeded: stride), words: UInt32(truncatingIfNeeded: words),
                bridge: UInt32(truncatingIfNeeded: bridge), length: UInt32(truncatingIfNeeded: packet.length),
                captured: UInt32(truncatingIfNeeded: captured)),
            as: Header.self)
        position &+= Header.bytes
        place = at(position)
        var index = 0
        while index < words {
            place.storeBytes(of: instruction[index &+ 1].value, toByteOffset: index &* 8, as: UInt64.self)
            index &+= 1
        }
        copy(packet, captured, to: place + words &* 8)
        written.store(end, ordering: .releasing)
        wake()
        return true
    }

    /// Wakes the reader if it waits.
    @inline(__always) @_noLocks
    private func wake() {
        // Either the reader sees the record after it has armed, or this sees that it has armed.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if armed.pointee.load(ordering: .relaxed), armed.pointee.exchange(false, ordering: .relaxed) {
            evs_event_signal(event)
        }
    }

    /// Where the next record may be written, if there is room.
    @inline(__always) @_noLocks
    private func reserve(_ stride: UInt64) -> UInt64? {
        let position = written.load(ordering: .relaxed)
        let used = position &- read.load(ordering: .acquiring)
        let toEnd = capacity &- position & (capacity &- 1)
        if stride <= toEnd { return used &+ stride <= capacity ? position : nil }
        if used &+ toEnd &+ stride > capacity { return nil }
        at(position).storeBytes(of: UInt64(Header.skip) << 32 | toEnd, as: UInt64.self)
        return position &+ toEnd
    }

    /// Safe: positions are cut down to the memory, whose records are in one piece.
    @inline(__always) @_noLocks
    private func at(_ position: UInt64) -> UnsafeMutableRawPointer {
        pages.base + Int(truncatingIfNeeded: position & (capacity &- 1))
    }

    @inline(__always) @_noLocks
    private func copy(_ packet: PacketBuffer, _ count: Int, to place: UnsafeMutableRawPointer) {
        var copied = 0
        var segment: PacketBuffer? = packet
        while copied < count, let part = segment {
            let length = min(part.segmentLength, count &- copied)
            evs_copy(place + copied, part.data, length)
            copied &+= length
            segment = part.next
        }
    }

    // Slow path: the reader's.
    /// Takes the oldest record out.
    func take<Result>(_ body: (Header, UnsafePointer<UInt64>, UnsafeRawBufferPointer) -> Result) -> Result? {
        while true {
            let position = read.load(ordering: .relaxed)
            if position == written.load(ordering: .acquiring) { return nil }
            let place = at(position)
            // What is skipped may be shorter than a header; its first two fields are always there.
            let start = place.load(as: UInt64.self)
            let stride = start & 0xffff_ffff
            if start >> 32 == UInt64(Header.skip) {
                read.store(position &+ stride, ordering: .releasing)
                continue
            }
            let header = place.load(as: Header.self)
            let words = UnsafePointer((place + Int(Header.bytes)).assumingMemoryBound(to: UInt64.self))
            let bytes = UnsafeRawBufferPointer(
                start: words + Int(header.words), count: Int(header.captured))
            let result = body(header, words, bytes)
            read.store(position &+ stride, ordering: .releasing)
            return result
        }
    }

    // Slow path: the reader's.
    var isEmpty: Bool { read.load(ordering: .relaxed) == written.load(ordering: .acquiring) }
}
