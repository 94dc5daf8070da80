import FlowTable
import Packet

/// What one translation decided for all packets that look alike in the bits it examined: what each packet needs of it.
///
/// Lies at a fixed address, at the begin of a cache line; the compact words of its key follow it, so that a packet
/// which finds it touches one line if they are three. What only the cache's upkeep needs is in front
/// (``MegaflowRecord``).
struct Megaflow {
    /// ``stamp``, and below it in sixteen bits ``subtable``.
    private var stampAndSubtable: UInt64
    var packets: UInt64 = 0
    var bytes: UInt64 = 0
    /// The worker's clock when a packet last hit it.
    var lastUsedCycles: UInt64
    var program: UnsafePointer<ActionProgram>

    init(stamp: UInt64, subtable: Int, now: UInt64, program: UnsafePointer<ActionProgram>) {
        stampAndSubtable = stamp << 16 | UInt64(subtable)
        lastUsedCycles = now
        self.program = program
    }

    /// Number of the installation, or of the last time that the decision was found to hold still; never used twice by a
    /// worker. 0: the megaflow is gone. It has 48 bits: a million megaflows a second for nine years.
    var stamp: UInt64 {
        @inline(__always) @_noLocks get { stampAndSubtable >> 16 }
        set { stampAndSubtable = newValue << 16 | stampAndSubtable & 0xffff }
    }

    /// Which of the cache's subtables it is in.
    var subtable: Int { @inline(__always) @_noLocks get { Int(truncatingIfNeeded: stampAndSubtable & 0xffff) } }
}

/// What a megaflow's upkeep needs.
struct MegaflowRecord {
    let hash: UInt64
    /// Its place in the list of all megaflows.
    var slot: Int
    /// What its packets count for: the last flow that they meet, which few others share, and all else. Both are kept
    /// alive by the record.
    let flow: Unmanaged<FlowEntry>?
    let credits: CreditListPointer

    /// Bytes in front of the megaflow: a whole line, so that the megaflow begins one.
    static let byteCount = 64
}

typealias MegaflowPointer = UnsafeMutablePointer<Megaflow>

extension MegaflowPointer {
    /// The compact words of the key. Safe: ``MegaflowArena`` allocates them with the megaflow.
    var words: UnsafeMutablePointer<UInt64> {
        @inline(__always) @_noLocks get {
            UnsafeMutableRawPointer(self + 1).assumingMemoryBound(to: UInt64.self)
        }
    }

    /// Safe: as above.
    var record: UnsafeMutablePointer<MegaflowRecord> {
        @inline(__always) @_noLocks get {
            (UnsafeMutableRawPointer(self) - MegaflowRecord.byteCount).assumingMemoryBound(to: MegaflowRecord.self)
        }
    }
}
