import CDPDK

/// Zeroed memory for tables of the data path, a multiple of 4 KB; on huge pages where it is large and the kernel gives
/// them.
public struct Pages {
    public let base: UnsafeMutableRawPointer
    public let byteCount: Int

    /// - Parameter socket: the NUMA node; `nil`: any.
    public init?(byteCount: Int, socket: Int?) {
        let whole = (byteCount + 4095) & ~4095
        guard let base = evs_pages_allocate(whole, CInt(socket ?? -1)) else { return nil }
        self.base = base
        self.byteCount = whole
    }

    /// Gives the memory back to the kernel.
    public func free() { evs_pages_free(base, byteCount) }
}
