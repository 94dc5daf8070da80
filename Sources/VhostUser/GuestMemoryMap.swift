/// A guest's memory as it is mapped here: which guest-physical addresses lie at which of ours.
///
/// Plain data, replaced as a whole and never changed while a worker uses it. An address from the guest becomes a
/// pointer only through ``pointer(to:count:)``, which refuses everything that is not wholly inside one region.
public struct GuestMemoryMap {
    /// One stretch of guest memory.
    public struct Region: BitwiseCopyable, Sendable {
        /// First guest-physical address.
        public var guestStart: UInt64
        /// Bytes.
        public var size: UInt64
        /// First address in the front-end's own address space, by which it names rings.
        public var userStart: UInt64
        /// Where the region is mapped here.
        public var base: UInt

        public init(guestStart: UInt64, size: UInt64, userStart: UInt64, base: UInt) {
            self.guestStart = guestStart
            self.size = size
            self.userStart = userStart
            self.base = base
        }
    }

    /// Regions that a front-end may announce (the protocol's VHOST_MEMORY_BASELINE_NREGIONS, and room for more).
    @inlinable public static var regionLimit: Int { @_noLocks get { 32 } }

    @usableFromInline var regions: InlineArray<32, Region>
    public private(set) var count: Int

    /// - Parameter regions: at most ``regionLimit``, checked by the caller not to overlap nor wrap.
    public init(_ regions: [Region]) {
        precondition(regions.count <= GuestMemoryMap.regionLimit)
        self.regions = InlineArray(repeating: Region(guestStart: 0, size: 0, userStart: 0, base: 0))
        for (index, region) in regions.enumerated() { self.regions[index] = region }
        count = regions.count
    }
}
