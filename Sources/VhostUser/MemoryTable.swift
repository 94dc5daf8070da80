/// All of a guest's memory, checked and mapped. A new table replaces the old as a whole.
final class MemoryTable {
    /// Regions in one announcement (vhost-user specification, VHOST_MEMORY_BASELINE_NREGIONS).
    static let announcedLimit = 8

    let map: GuestMemoryMap
    private let regions: [GuestMemoryMap.Region]
    private let mappings: [GuardedMapping]

    /// - Parameters:
    ///   - announced: up to ``announcedLimit`` regions.
    ///   - files: one a region, in the same order. They aren't needed afterwards.
    ///   - wake: eventfd to tell of a fault, or -1.
    init(
        _ announced: [VhostRequest.RegionAnnouncement], files: [FileDescriptor], wake: CInt
    ) throws(VhostViolation) {
        for index in announced.indices {
            if let problem = MemoryTable.problem(announced[index], before: announced[..<index]) {
                throw .region(index: index, problem)
            }
        }
        var mappings: [GuardedMapping] = []
        for (index, region) in announced.enumerated() {
            do {
                mappings.append(
                    try GuardedMapping(
                        file: files[index], offset: region.fileOffset, size: region.size, wake: wake))
            } catch { throw .region(index: index, error) }
        }
        self.mappings = mappings
        regions = zip(announced, mappings).map {
            GuestMemoryMap.Region(
                guestStart: $0.guestStart, size: $0.size, userStart: $0.userStart, base: $1.base)
        }
        map = GuestMemoryMap(regions)
    }

    private static func problem(
        _ region: VhostRequest.RegionAnnouncement, before: ArraySlice<VhostRequest.RegionAnnouncement>
    ) -> VhostViolation.RegionProblem? {
        guard region.size > 0 else { return .empty }
        for start in [region.guestStart, region.userStart, region.fileOffset]
        where start.addingReportingOverflow(region.size).overflow { return .wraps }
        let overlaps = before.contains {
            region.guestStart < $0.guestStart + $0.size && $0.guestStart < region.guestStart + region.size
        }
        return overlaps ? .overlaps : nil
    }

    /// Where each region lies here, in the order of the announcement.
    var bases: [UInt] { regions.map(\.base) }

    var hasFaulted: Bool { mappings.contains(where: \.hasFaulted) }

    /// The first guest-physical address behind all memory.
    var guestEnd: UInt64 { regions.map { $0.guestStart + $0.size }.max() ?? 0 }

    /// Where `count` bytes at an address of the front-end's own lie here, and the guest-physical address; `nil` unless
    /// they are wholly within one region.
    func place(user address: UInt64, count: Int) -> (pointer: UInt, guest: UInt64)? {
        for region in regions where address >= region.userStart && address - region.userStart < region.size {
            let offset = address - region.userStart
            guard region.size - offset >= UInt64(count) else { return nil }
            return (region.base + UInt(offset), region.guestStart + offset)
        }
        return nil
    }
}
