// Slow path: memory for megaflows.
import DPDK

/// The memory of the megaflows of one mask. Nothing in it is ever moved; it is given back as a whole.
struct MegaflowArena: ~Copyable {
    /// Bytes of one megaflow with its record and key.
    private let stride: Int
    private var chunks: [Pages] = []
    /// The part of the last chunk that was never used.
    private var unused: UnsafeMutableRawPointer?
    private var unusedCount = 0
    private var free: [MegaflowPointer] = []

    private static let firstChunkBytes = 1 << 13
    /// One huge page, where the kernel gives them.
    private static let chunkBytesAtMost = 1 << 21

    init(wordCount: Int) {
        stride = MegaflowRecord.byteCount + (MemoryLayout<Megaflow>.size + wordCount * 8 + 63) & ~63
    }

    deinit { for chunk in chunks { chunk.free() } }

    /// A place for a megaflow, with its record in front and its key behind.
    mutating func allocate() -> MegaflowPointer {
        if let place = free.popLast() { return place }
        if unusedCount == 0 { addChunk() }
        // Safe: a chunk has room for `unusedCount` more.
        let place = unused.unsafelyUnwrapped
        unused = place + stride
        unusedCount -= 1
        place.bindMemory(to: MegaflowRecord.self, capacity: 1)
        return (place + MegaflowRecord.byteCount).bindMemory(to: Megaflow.self, capacity: 1)
    }

    /// Gives a place back, for another megaflow of the same mask.
    mutating func free(_ megaflow: MegaflowPointer) { free.append(megaflow) }

    private mutating func addChunk() {
        let bytes = chunks.count < 8 ? Self.firstChunkBytes << chunks.count : Self.chunkBytesAtMost
        // The pages are only reserved; the kernel refuses that when the process is at a limit of its address space.
        guard let chunk = Pages(byteCount: bytes, socket: nil) else {
            preconditionFailure("no address space for \(bytes) bytes of megaflows")
        }
        chunks.append(chunk)
        unused = chunk.base
        unusedCount = chunk.byteCount / stride
    }
}
