import CVhost

/// Memory that outlives the switch in the front-end's hands: where each queue notes what it has taken from the guest
/// and not yet given back (vhost-user specification, "Inflight I/O tracking"). The front-end keeps it, and hands it
/// back after a reconnect; its contents are as untrusted as anything from there.
final class InflightRegion {
    /// Most bytes that are ever made or mapped: 64 queues of 4096 entries.
    static let sizeLimit: UInt64 = 16 << 20

    private let mapping: GuardedMapping
    private let queues: Int
    private let queueSize: Int

    /// Bytes of one queue's part: 64 for the queue as a whole and 32 an entry.
    static func bytes(queueSize: Int) -> Int { 64 + 32 * queueSize }

    private static func check(
        _ announced: VhostRequest.InflightAnnouncement, queueLimit: Int
    ) throws(VhostViolation) -> UInt64 {
        guard announced.queues >= 1, announced.queues <= queueLimit else { throw .inflightSize }
        guard announced.queueSize >= 2, announced.queueSize <= 32768 else { throw .inflightSize }
        let bytes = UInt64(announced.queues * Self.bytes(queueSize: announced.queueSize))
        guard bytes <= sizeLimit else { throw .inflightSize }
        return bytes
    }

    /// A new region, zeroed, and its file for the front-end.
    static func make(
        _ announced: VhostRequest.InflightAnnouncement, queueLimit: Int
    ) throws(VhostViolation) -> (file: FileDescriptor, size: UInt64) {
        let size = try check(announced, queueLimit: queueLimit)
        let number = evs_vhost_memory_file(Int(size))
        guard number >= 0 else { throw .mapping(errno: -number) }
        return (FileDescriptor(owning: number), size)
    }

    /// The region that a front-end hands (back).
    init(
        _ announced: VhostRequest.InflightAnnouncement, file: FileDescriptor, queueLimit: Int, wake: CInt
    ) throws(VhostViolation) {
        let needed = try InflightRegion.check(announced, queueLimit: queueLimit)
        guard announced.size >= needed, announced.size <= InflightRegion.sizeLimit else { throw .inflightSize }
        queues = announced.queues
        queueSize = announced.queueSize
        do {
            mapping = try GuardedMapping(file: file, offset: announced.fileOffset, size: needed, wake: wake)
        } catch { throw .region(index: 0, error) }
        guard mapping.base % 8 == 0 else { throw .inflightSize }
    }

    var hasFaulted: Bool { mapping.hasFaulted }

    /// A queue's part, or 0 where the region has none for it.
    func pointer(queue: Int, size: Int) -> UInt {
        guard queue < queues, size <= queueSize else { return 0 }
        return mapping.base + UInt(queue * InflightRegion.bytes(queueSize: queueSize))
    }
}
