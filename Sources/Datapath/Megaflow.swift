import Packet

/// What one translation decided for all packets that look alike in the bits it examined.
///
/// Lies at a fixed address; the compact words of its key follow it.
struct Megaflow {
    /// Number of the installation, or of the last time that the decision was found to hold still; never used twice by a
    /// worker. Tells a live megaflow from what an old exact-match entry remembers. 0: the megaflow is gone.
    var stamp: UInt64
    var packets: UInt64
    var bytes: UInt64
    /// The worker's clock when a packet last hit it.
    var lastUsedCycles: UInt64
    var program: UnsafePointer<ActionProgram>
    var hash: UInt64
    /// Which of the cache's subtables it is in.
    var subtable: UInt32
    /// Its place in the list of all megaflows, where the flows it counts for are kept.
    var slot: UInt32
    /// The first stamp that it had.
    let firstStamp: UInt64

    init(
        stamp: UInt64, now: UInt64, program: UnsafePointer<ActionProgram>, hash: UInt64, subtable: Int, slot: Int
    ) {
        self.stamp = stamp
        firstStamp = stamp
        packets = 0
        bytes = 0
        lastUsedCycles = now
        self.program = program
        self.hash = hash
        self.subtable = UInt32(subtable)
        self.slot = UInt32(slot)
    }
}

typealias MegaflowPointer = UnsafeMutablePointer<Megaflow>

extension MegaflowPointer {
    /// The compact words of the key. Safe: ``MegaflowSubtable`` allocates them with the megaflow.
    var words: UnsafeMutablePointer<UInt64> {
        @inline(__always) @_noLocks get {
            UnsafeMutableRawPointer(self + 1).assumingMemoryBound(to: UInt64.self)
        }
    }
}

