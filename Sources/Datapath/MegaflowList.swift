// Slow path: part of translations, and of changes of the tables.

/// A list of megaflows that grows without a pause: in blocks, which are never moved.
struct MegaflowList: ~Copyable {
    private static let blockBits = 13

    private var blocks: [UnsafeMutablePointer<MegaflowPointer>] = []
    private(set) var count = 0

    deinit { for block in blocks { block.deallocate() } }

    subscript(place: Int) -> MegaflowPointer {
        get {
            precondition(place < count)
            return blocks[place >> Self.blockBits][place & (1 << Self.blockBits - 1)]
        }
        set {
            precondition(place < count)
            blocks[place >> Self.blockBits][place & (1 << Self.blockBits - 1)] = newValue
        }
    }

    mutating func append(_ megaflow: MegaflowPointer) {
        if count == blocks.count << Self.blockBits { blocks.append(.allocate(capacity: 1 << Self.blockBits)) }
        (blocks[count >> Self.blockBits] + count & (1 << Self.blockBits - 1)).initialize(to: megaflow)
        count += 1
    }

    mutating func removeLast() -> MegaflowPointer {
        let last = self[count - 1]
        count -= 1
        return last
    }

    /// Its memory is kept for the next ones.
    mutating func removeAll() { count = 0 }
}
