import CVhost
import Glibc

/// A stretch of a front-end's file mapped here, guarded against the file being truncated. Unmapped with its last
/// holder.
final class GuardedMapping {
    /// Where the wanted offset of the file lies.
    let base: UInt
    /// Bytes wanted; the mapping itself may have more on both sides, to whole pages.
    let size: UInt64

    private let start: UInt
    private let length: Int
    private let slot: CInt

    /// Maps `size` bytes from `offset`, to be read and written.
    /// - Parameter wake: eventfd to tell of a fault, or -1.
    init(
        file: FileDescriptor, offset: UInt64, size: UInt64, wake: CInt
    ) throws(VhostViolation.RegionProblem) {
        let page = try GuardedMapping.pageSize(of: file, offset: offset, size: size)
        let from = offset / page * page
        let (padded, overflow) = (offset + size).addingReportingOverflow(page - 1)
        guard !overflow, padded <= UInt64(Int.max) else { throw .wraps }
        length = Int(padded / page * page - from)
        let mapped = mmap(
            nil, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file.number, off_t(from))
        guard let mapped, mapped != MAP_FAILED else { throw .mapping(errno: errno) }
        // A core file of the switch has no business with what guests had in memory.
        madvise(mapped, length, MADV_DONTDUMP)
        start = UInt(bitPattern: mapped)
        base = start + UInt(offset - from)
        self.size = size
        slot = evs_vhost_guard_add(start, length, Int(page), wake)
        if slot < 0 {
            munmap(mapped, length)
            throw .mapping(errno: -slot)
        }
    }

    deinit {
        evs_vhost_guard_remove(slot)
        munmap(UnsafeMutableRawPointer(bitPattern: start), length)
    }

    /// Whether the file was truncated below what is in use.
    var hasFaulted: Bool { evs_vhost_guard_faults(slot) > 0 }

    /// Checks the file and tells its page size.
    private static func pageSize(
        of file: FileDescriptor, offset: UInt64, size: UInt64
    ) throws(VhostViolation.RegionProblem) -> UInt64 {
        guard size > 0 else { throw .empty }
        let (end, overflow) = offset.addingReportingOverflow(size)
        guard !overflow else { throw .wraps }
        var information = stat()
        guard fstat(file.number, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        guard information.st_size > 0, end <= UInt64(information.st_size) else { throw .fileTooSmall }
        var system: UInt32 = 0, block: UInt64 = 0
        guard evs_vhost_file_system(file.number, &system, &block) == 0, isPrompt(system) else { throw .fileSystem }
        // The block size of hugetlbfs is its page size; another's needn't have to do with pages.
        return system == hugetlbfs ? block : UInt64(sysconf(CInt(_SC_PAGESIZE)))
    }

    private static let hugetlbfs: UInt32 = 0x9584_58f6

    /// Whether the kernel itself answers for the file's pages (statfs(2) lists the numbers). A file system in another's
    /// hands, such as FUSE or NFS, could keep a worker waiting in a page fault for ever.
    private static func isPrompt(_ type: UInt32) -> Bool {
        let tmpfs: UInt32 = 0x0102_1994, ramfs: UInt32 = 0x8584_58f6
        let ext: UInt32 = 0xef53, xfs: UInt32 = 0x5846_5342, btrfs: UInt32 = 0x9123_683e, overlay: UInt32 = 0x794c_7630
        return [tmpfs, hugetlbfs, ramfs, ext, xfs, btrfs, overlay].contains(type)
    }
}
