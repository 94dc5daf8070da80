import Glibc
import VhostUser

/// Memory as a guest has it: two regions that follow each other in the guest's view only, with guard pages around each.
public final class GuestMemory {
    public let base: UnsafeMutableRawPointer
    public let byteCount: Int
    public let guestStart: UInt64 = 0x1_0000_0000
    private let mapping: UnsafeMutableRawPointer
    private let mappingBytes: Int
    private var next: Int

    /// The second region: one page, right behind the first for the guest.
    public let otherBase: UnsafeMutableRawPointer

    public init(byteCount: Int = 8 << 20) {
        self.byteCount = byteCount
        mappingBytes = byteCount + 5 * 4096
        mapping = mmap(nil, mappingBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        base = mapping + 4096
        otherBase = base + byteCount + 4096
        mprotect(base, byteCount, PROT_READ | PROT_WRITE)
        mprotect(otherBase, 4096, PROT_READ | PROT_WRITE)
        next = 1 << 20
    }

    deinit { munmap(mapping, mappingBytes) }

    public var map: GuestMemoryMap {
        GuestMemoryMap([
            .init(
                guestStart: guestStart, size: UInt64(byteCount), userStart: 0x7f00_0000_0000,
                base: UInt(bitPattern: base)),
            .init(
                guestStart: guestStart + UInt64(byteCount), size: 4096, userStart: 0x7e00_0000_0000,
                base: UInt(bitPattern: otherBase)),
        ])
    }

    /// Where the guest sees something in the first region.
    public func address(of pointer: UnsafeRawPointer) -> UInt64 {
        guestStart + UInt64(pointer - UnsafeRawPointer(base))
    }

    public func pointer(_ address: UInt64) -> UnsafeMutableRawPointer { base + Int(address - guestStart) }

    /// Room for a buffer, taken round and round from behind the first MiB: a buffer is good until the rest was used.
    public func buffer(_ count: Int, alignment: Int = 1) -> UInt64 {
        next = (next + alignment - 1) / alignment * alignment
        if next + count > byteCount { next = 1 << 20 }
        defer { next += count }
        return guestStart + UInt64(next)
    }

    public func put(_ bytes: [UInt8]) -> UInt64 {
        let address = buffer(bytes.count)
        pointer(address).copyMemory(from: bytes, byteCount: bytes.count)
        return address
    }

    public func bytes(_ address: UInt64, _ count: Int) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: pointer(address), count: count))
    }
}

extension SeededGenerator {
    /// Bytes that differ from place to place and from call to call, quickly made: a random block over and over.
    public mutating func pattern(_ count: Int) -> [UInt8] {
        let block = bytes(min(count, 61))
        var result: [UInt8] = []
        result.reserveCapacity(count + block.count)
        while result.count < count { result += block }
        result.removeLast(result.count - count)
        return result
    }
}
