import CVhost
import Glibc
import VhostUser

/// The guest's side of one virtqueue, written by hand from the standard (virtio 1.1 §2.6, §2.7).
public final class GuestRing {
    public struct Buffer {
        public var address: UInt64
        public var count: Int
        public init(_ address: UInt64, _ count: Int) {
            self.address = address
            self.count = count
        }
    }

    public struct Used: Equatable {
        public init(id: Int, written: Int) {
            self.id = id
            self.written = written
        }

        public let id: Int
        public let written: Int
    }

    public let memory: GuestMemory
    public let size: Int
    public let features: UInt64
    public let isPacked: Bool
    public let descriptors: UnsafeMutableRawPointer
    public let driverArea: UnsafeMutableRawPointer
    public let deviceArea: UnsafeMutableRawPointer
    public let callDescriptor: CInt
    /// Split: free-running indices. Packed: places.
    public var nextAvailable: UInt16 = 0
    public var nextUsed: UInt16 = 0
    public var availableWrap = true
    public var usedWrap = true
    public private(set) var freeSlots: Int
    private var freeIDs: [Int]
    /// Descriptors of each buffer in use.
    private var slots: [Int: [Int]] = [:]

    /// - Parameters:
    ///   - place: which 64 KiB of the first MiB it lies in.
    ///   - start: the index with which a split ring begins.
    public init(_ memory: GuestMemory, size: Int, features: UInt64, place: Int = 0, start: UInt16 = 0) {
        self.memory = memory
        self.size = size
        self.features = features
        isPacked = features & VirtioFeatures.packedRing != 0
        descriptors = memory.base + place * 65536
        driverArea = descriptors + 32768
        deviceArea = driverArea + 16384
        memset(descriptors, 0, 65536)
        freeSlots = size
        freeIDs = Array(0..<size)
        callDescriptor = eventfd(0, O_NONBLOCK)
        if !isPacked {
            nextAvailable = start
            nextUsed = start
            store16(driverArea + 2, start)
            store16(deviceArea + 2, start)
        }
    }

    deinit { close(callDescriptor) }

    public func setup(index: Int, base: UInt32? = nil) -> QueueSetup {
        var setup = QueueSetup(index: index, size: size)
        setup.descriptors = UInt(bitPattern: descriptors)
        setup.driverArea = UInt(bitPattern: driverArea)
        setup.deviceArea = UInt(bitPattern: deviceArea)
        setup.base = base ?? (isPacked ? 0x8000_8000 : UInt32(nextUsed))
        setup.features = features
        setup.callDescriptor = callDescriptor
        setup.usedGuestAddress = memory.address(of: deviceArea)
        return setup
    }

    public func store16(_ at: UnsafeMutableRawPointer, _ value: UInt16) { at.storeBytes(of: value, as: UInt16.self) }
    public func load16(_ at: UnsafeMutableRawPointer) -> UInt16 { at.load(as: UInt16.self) }

    /// Writes one descriptor, in the form of the ring.
    public func write(
        _ table: UnsafeMutableRawPointer, _ place: Int, _ buffer: Buffer, flags: UInt16, third: UInt16
    ) {
        let at = table + place * 16
        at.storeBytes(of: buffer.address, as: UInt64.self)
        at.storeBytes(of: UInt32(truncatingIfNeeded: buffer.count), toByteOffset: 8, as: UInt32.self)
        at.storeBytes(of: isPacked ? third : flags, toByteOffset: 12, as: UInt16.self)
        at.storeBytes(of: isPacked ? flags : third, toByteOffset: 14, as: UInt16.self)
    }

    /// Makes buffers available as one chain; its identifier, or `nil` without room.
    public func post(_ buffers: [Buffer], writable: Bool, indirect: Bool = false) -> Int? {
        let needed = indirect ? 1 : buffers.count
        guard freeSlots >= needed, !freeIDs.isEmpty else { return nil }
        let kind: UInt16 = writable ? 2 : 0
        var chain = buffers
        var flags = buffers.indices.map { kind | ($0 + 1 < buffers.count ? 1 : 0) }
        if indirect {
            let address = memory.buffer(buffers.count * 16, alignment: 16)
            for (index, buffer) in buffers.enumerated() {
                write(
                    memory.pointer(address), index, buffer, flags: isPacked ? kind : flags[index],
                    third: UInt16(isPacked ? 0 : index + 1))
            }
            chain = [Buffer(address, buffers.count * 16)]
            flags = [4]
        }
        freeSlots -= needed
        return isPacked ? postPacked(chain, flags) : postSplit(chain, flags)
    }

    private func postSplit(_ chain: [Buffer], _ flags: [UInt16]) -> Int {
        let places = Array(freeIDs.prefix(chain.count))
        freeIDs.removeFirst(chain.count)
        for (index, buffer) in chain.enumerated() {
            let next = index + 1 < chain.count ? places[index + 1] : 0
            write(descriptors, places[index], buffer, flags: flags[index], third: UInt16(next))
        }
        slots[places[0]] = places
        offer(head: UInt16(places[0]))
        return places[0]
    }

    /// Puts a number on the available ring of a split queue.
    public func offer(head: UInt16) {
        store16(driverArea + 4 + (Int(nextAvailable) & (size - 1)) * 2, head)
        nextAvailable &+= 1
        store16(driverArea + 2, nextAvailable)
    }

    private func postPacked(_ chain: [Buffer], _ flags: [UInt16]) -> Int {
        let id = freeIDs.removeFirst()
        slots[id] = Array(repeating: 0, count: chain.count)
        for (index, buffer) in chain.enumerated() {
            let round: UInt16 = availableWrap ? 1 << 7 : 1 << 15
            write(descriptors, Int(nextAvailable), buffer, flags: flags[index] | round, third: UInt16(id))
            nextAvailable += 1
            if Int(nextAvailable) == size {
                nextAvailable = 0
                availableWrap.toggle()
            }
        }
        return id
    }

    /// Takes back what the device has used.
    public func reap() -> [Used] {
        var result: [Used] = []
        while let used = isPacked ? nextPackedUsed() : nextSplitUsed() {
            let places = slots.removeValue(forKey: used.id) ?? []
            freeSlots += places.count
            freeIDs += isPacked ? [used.id] : places
            if isPacked {
                nextUsed += UInt16(places.count)
                if Int(nextUsed) >= size {
                    nextUsed -= UInt16(size)
                    usedWrap.toggle()
                }
            }
            result.append(used)
            if isPacked && places.isEmpty { break }
        }
        return result
    }

    private func nextSplitUsed() -> Used? {
        if load16(deviceArea + 2) == nextUsed { return nil }
        let at = deviceArea + 4 + (Int(nextUsed) & (size - 1)) * 8
        nextUsed &+= 1
        return Used(id: Int(at.load(as: UInt32.self)), written: Int(at.load(fromByteOffset: 4, as: UInt32.self)))
    }

    private func nextPackedUsed() -> Used? {
        let at = descriptors + Int(nextUsed) * 16
        let flags = load16(at + 14)
        let available = flags & 1 << 7 != 0, used = flags & 1 << 15 != 0
        if available != used || used != usedWrap { return nil }
        return Used(
            id: Int(load16(at + 12)), written: Int(at.load(fromByteOffset: 8, as: UInt32.self)))
    }

    /// Interrupts since the last time.
    public func takeInterrupts() -> Int {
        var count: UInt64 = 0
        return read(callDescriptor, &count, 8) == 8 ? Int(count) : 0
    }
}
