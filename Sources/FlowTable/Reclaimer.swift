import Synchronization

// Safe throughout: offsets stay within the lengths that blocks are allocated with, and a block lives as long as any
// snapshot that refers to it (Reclaimer).

/// A block of memory of the index: an array of 64-bit words, the first of which is the epoch it was made in.
typealias Words = UnsafeMutablePointer<UInt64>

/// What has gone out of use since a snapshot was taken, and must stay until that snapshot and all before it are gone.
///
/// Epochs form a chain, oldest first, each an owner of the next. So memory goes back exactly when no snapshot can
/// reach it, and neither snapshots nor lookups count references to the parts of the index.
// Safe: only the writer touches `next`, `blocks` and `entries` while it is an owner, and only the last owner does
// afterwards; the count orders the two.
@safe
final class Epoch: @unchecked Sendable {
    private let owners = Atomic<Int>(1)
    fileprivate var next: Epoch?
    fileprivate var blocks: [UnsafeMutableRawPointer] = unsafe []
    fileprivate var entries: [FlowEntry] = []

    func addOwner() { owners.wrappingAdd(1, ordering: .relaxed) }

    /// Gives up one ownership. A loop and not a chain of deinitialisers, for the chain may be long.
    func removeOwner() {
        var epoch = self
        while epoch.owners.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
            // Safe: the blocks came from `Reclaimer.allocate`, and no snapshot that could read them is left.
            for unsafe block in unsafe epoch.blocks { unsafe block.deallocate() }
            unsafe epoch.blocks = []
            epoch.entries = []
            guard let next = epoch.next else { return }
            epoch.next = nil
            epoch = next
        }
    }
}

/// Allocates the blocks of an index that its writer changes while snapshots of it are read.
///
/// A block made since the last snapshot is the writer's own and is changed in place. An older one may be read by
/// others; it is copied, and the old one kept for them.
@safe
final class Reclaimer {
    /// Counts snapshots.
    private(set) var epochNumber: UInt64 = 1
    private var epoch = Epoch()
    /// By number of words, small blocks that nobody uses: changes take and give back one after the other. The address
    /// of the first, and how many there are; each has the address of the next in its first word.
    private let spare: Words
    private static var spareWords: Int { 24 }
    private static var spareBlocks: UInt64 { 4096 }

    init() {
        // Safe: two words for each length.
        unsafe spare = Words.allocate(capacity: 2 * (Self.spareWords + 1))
        unsafe spare.initialize(repeating: 0, count: 2 * (Self.spareWords + 1))
    }

    deinit {
        epoch.removeOwner()
        // Safe: spare blocks are known here alone.
        for length in 0...Self.spareWords { while let block = unsafe takeSpare(length) { unsafe block.deallocate() } }
        unsafe spare.deallocate()
    }

    private func takeSpare(_ wordCount: Int) -> Words? {
        // Safe: spare blocks are known here alone, and begin with the address of the next, or zero.
        guard let block = unsafe Words(bitPattern: UInt(spare[2 * wordCount])) else { return nil }
        unsafe spare[2 * wordCount] = block[0]
        unsafe spare[2 * wordCount + 1] -= 1
        return unsafe block
    }

    /// Memory for a block, not initialised.
    private func take(_ wordCount: Int) -> Words {
        // Safe: a spare block is as long as the list that it is in says.
        if wordCount <= Self.spareWords, let block = unsafe takeSpare(wordCount) { return unsafe block }
        return unsafe Words.allocate(capacity: wordCount)
    }

    /// A block of zeroes but for its epoch.
    func allocate(_ wordCount: Int) -> Words {
        // Safe: initialised to its whole length before anyone sees it.
        let block = unsafe take(wordCount)
        unsafe block.initialize(repeating: 0, count: wordCount)
        unsafe block[0] = epochNumber
        return unsafe block
    }

    /// Whether no snapshot can know the block.
    func isOwn(_ block: Words) -> Bool {
        // Safe: each block has its epoch in the first word.
        unsafe block[0] == epochNumber
    }

    /// The block, or a copy of it if snapshots know it; then it goes out of use.
    func writable(_ block: Words, wordCount: Int) -> Words {
        if unsafe isOwn(block) { return unsafe block }
        // Safe: `wordCount` is the length that the block was allocated with.
        let copy = unsafe take(wordCount)
        unsafe copy.initialize(from: block, count: wordCount)
        unsafe copy[0] = epochNumber
        unsafe discard(block)
        return unsafe copy
    }

    /// Takes a block out of use.
    func discard(_ block: Words) {
        // Safe: the caller has no further use for it; others have only if a snapshot knows it.
        if unsafe isOwn(block) {
            unsafe block.deallocate()
        } else {
            unsafe epoch.blocks.append(UnsafeMutableRawPointer(block))
        }
    }

    /// Takes a block out of use whose length is known: it may serve again.
    func discard(_ block: Words, wordCount: Int) {
        // Safe: as above; only a block that no snapshot knows is kept.
        guard unsafe isOwn(block), wordCount <= Self.spareWords,
            unsafe spare[2 * wordCount + 1] < Self.spareBlocks
        else { return unsafe discard(block) }
        unsafe block[0] = spare[2 * wordCount]
        unsafe spare[2 * wordCount] = UInt64(UInt(bitPattern: block))
        unsafe spare[2 * wordCount + 1] += 1
    }

    /// Takes out of use what snapshots know.
    func discardPublished(_ block: UnsafeMutableRawPointer) { unsafe epoch.blocks.append(block) }

    /// Takes an entry out of use.
    func discard(_ entry: FlowEntry) { epoch.entries.append(entry) }

    /// Begins a new epoch: from now on the blocks there are belong to a snapshot as well, which becomes an owner of
    /// the epoch returned.
    func seal() -> Epoch {
        let sealed = Epoch()
        sealed.addOwner()
        sealed.addOwner()
        epoch.next = sealed
        epoch.removeOwner()
        epoch = sealed
        epochNumber += 1
        return sealed
    }
}
