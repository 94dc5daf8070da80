// Hot path: what a queue hands out for one burst.

/// A stretch of guest memory, checked to be inside it.
public struct GuestSegment: BitwiseCopyable {
    public var base: UnsafeMutableRawPointer
    public var count: Int

    @inline(__always) @_noLocks
    init(base: UnsafeMutableRawPointer, count: Int) {
        self.base = base
        self.count = count
    }
}

/// A frame that a guest sent, or the room for one that it is to receive.
///
/// Good until the queue's burst is finished. The guest may still change the bytes, but not where they are.
public struct GuestFrame: BitwiseCopyable {
    /// Sent: the frame without its header. To receive: header and frame.
    public var segments: UnsafeMutablePointer<GuestSegment>
    /// Zero: the guest's buffers are too small for the frame (to receive only).
    public var segmentCount: Int
    /// Bytes of frame.
    public var length: Int
    /// As the guest wrote it; plain when it has not negotiated offloads.
    public var header = VirtioNetHeader()
    /// Buffers of the guest's that the frame is spread over.
    public var bufferCount: UInt16 = 0

    @_noLocks
    init(segments: UnsafeMutablePointer<GuestSegment>, segmentCount: Int, length: Int) {
        self.segments = segments
        self.segmentCount = segmentCount
        self.length = length
    }
}

/// A chain of descriptors taken from the guest in this burst, to be returned as used.
struct TakenChain: BitwiseCopyable {
    /// Split rings: its first descriptor. Packed rings: the buffer's identifier.
    var identifier: UInt16
    /// Places of the ring that it takes (packed rings).
    var slotCount: UInt16
    /// Bytes written into it.
    var written: UInt32
    /// Where its segments begin.
    var firstSegment: UInt32

    @inline(__always) @_noLocks
    init(identifier: UInt16, slotCount: UInt16, firstSegment: Int) {
        self.identifier = identifier
        self.slotCount = slotCount
        written = 0
        self.firstSegment = UInt32(truncatingIfNeeded: firstSegment)
    }
}

/// What has happened on a queue since it was started.
public struct VirtQueueCounters: BitwiseCopyable, Sendable {
    /// Chains that were not what the standard asks for: returned unused.
    public var badDescriptors: UInt64 = 0
    /// Frames longer than the guest's buffers.
    public var oversized: UInt64 = 0
    /// Interrupts sent, and those that the guest did not want.
    public var interrupts: UInt64 = 0
    public var suppressedInterrupts: UInt64 = 0

    public init() {}
}
