/// The bitmap in which writes to guest memory are noted during migration: a bit for each 4 KiB of guest-physical
/// addresses (vhost-user specification, "Migration").
final class LogMapping {
    private let mapping: GuardedMapping

    var pointer: UInt { mapping.base }
    /// Bytes of the bitmap.
    var size: UInt64 { mapping.size }
    var hasFaulted: Bool { mapping.hasFaulted }

    init(file: FileDescriptor, offset: UInt64, size: UInt64, wake: CInt) throws(VhostViolation) {
        do {
            mapping = try GuardedMapping(file: file, offset: offset, size: size, wake: wake)
        } catch { throw .region(index: 0, error) }
    }

    /// Whether each page of the memory has its bit.
    func check(_ memory: MemoryTable) throws(VhostViolation) {
        let bits = (memory.guestEnd - 1) >> 12 + 1
        let needed = (bits + 7) >> 3
        guard size >= needed else { throw .logTooSmall(bytes: size, needed: needed) }
    }
}
