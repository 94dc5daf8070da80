import TestSupport
import Testing
import VhostUser

private let base = VirtioFeatures.version1 | VirtioFeatures.indirectDescriptors

struct RingTransferTests {
    /// Whether a ring is packed, its size, and whether buffers come by tables.
    static let shapes: [(Bool, Int, Bool)] = [
        (false, 256, false), (false, 256, true), (false, 4, true), (true, 256, false), (true, 100, true),
        (true, 7, true),
    ]

    private func features(_ isPacked: Bool) -> UInt64 { base | (isPacked ? VirtioFeatures.packedRing : 0) }

    @Test(arguments: RingTransferTests.shapes)
    func guestToSwitch(isPacked: Bool, size: Int, indirect: Bool) {
        var random = SeededGenerator(seed: 7)
        // The split ring's index passes 65,535 on the way.
        let bench = RingBench(size: size, features: features(isPacked), start: 65_400)
        var expected: [[UInt8]] = [], received: [[UInt8]] = []
        var returned = 0
        for _ in 0..<120 {
            for _ in 0...random.below(20) {
                let length = random.chance(5) ? 1 + random.below(65_550) : 1 + random.below(1600)
                let frame = random.pattern(length)
                var rest = [UInt8](repeating: 0, count: 12) + frame
                var buffers: [GuestRing.Buffer] = []
                while !rest.isEmpty {
                    let isLast = buffers.count == (indirect ? 15 : 3)
                    let count = isLast ? rest.count : min(rest.count, 1 + random.below(random.chance(50) ? 20 : 4000))
                    buffers.append(.init(bench.memory.put(Array(rest.prefix(count))), count))
                    rest = Array(rest.dropFirst(count))
                }
                if bench.ring.post(buffers, writable: false, indirect: indirect) == nil { break }
                expected.append(frame)
            }
            received += bench.receive(bursts: 1 + random.below(3))
            returned += bench.ring.reap().count
        }
        received += bench.receive()
        returned += bench.ring.reap().count
        #expect(received == expected)
        #expect(returned == expected.count)
        #expect(bench.queue.pointee.counters.badDescriptors == 0)
        #expect(bench.ring.freeSlots == size)
    }

    @Test(arguments: RingTransferTests.shapes, [true, false])
    func switchToGuest(shape: (Bool, Int, Bool), isMergeable: Bool) {
        let (isPacked, size, indirect) = shape
        var random = SeededGenerator(seed: 11)
        let merging = isMergeable ? VirtioFeatures.mergeableBuffers : 0
        let bench = RingBench(size: size, features: features(isPacked) | merging, start: 65_300)
        var posted: [Int: [GuestRing.Buffer]] = [:]
        var accepted: [[UInt8]] = [], received: [[UInt8]] = []
        for _ in 0..<120 {
            while random.chance(95) {
                let count = isMergeable ? 1526 : 2060
                let buffers =
                    random.chance(50)
                    ? [GuestRing.Buffer(bench.memory.buffer(count), count)]
                    : [
                        GuestRing.Buffer(bench.memory.buffer(12), 12),
                        GuestRing.Buffer(bench.memory.buffer(count), count),
                    ]
                guard let id = bench.ring.post(buffers, writable: true, indirect: indirect) else { break }
                posted[id] = buffers
            }
            let packets = (0..<random.below(40)).map { _ in
                random.pattern(random.chance(10) ? 14 + random.below(9000) : 14 + random.below(1500))
            }
            let outcome = bench.send(packets)
            for index in 0..<outcome.settled where !outcome.oversized.contains(index) {
                accepted.append(packets[index])
            }
            #expect(outcome.oversized.allSatisfy { !isMergeable && packets[$0].count > 2048 })
            received += collect(bench, &posted)
        }
        #expect(received == accepted)
        #expect(accepted.count > 150)
        #expect(bench.queue.pointee.counters.badDescriptors == 0)
    }

    /// The guest's view of what it received: buffers merged as the header says.
    private func collect(_ bench: RingBench, _ posted: inout [Int: [GuestRing.Buffer]]) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var used = bench.ring.reap()[...]
        while let first = used.first {
            var bytes: [UInt8] = []
            var left = 0
            repeat {
                guard let next = used.popFirst(), let buffers = posted.removeValue(forKey: next.id) else {
                    return frames
                }
                var rest = next.written
                for buffer in buffers where rest > 0 {
                    bytes += bench.memory.bytes(buffer.address, min(rest, buffer.count))
                    rest -= min(rest, buffer.count)
                }
                #expect(rest == 0)
                if next == first { left = Int(bytes[10]) | Int(bytes[11]) << 8 }
                left -= 1
            } while left > 0
            frames.append(Array(bytes[12...]))
        }
        return frames
    }

    @Test func shortHeaderOfOldGuests() {
        let bench = RingBench(size: 16, features: 0)
        #expect(bench.queue.pointee.headerLength == 10)
        _ = bench.ring.post(
            [.init(bench.memory.put([UInt8](repeating: 0, count: 10) + [1, 2, 3]), 13)], writable: false)
        #expect(bench.receive() == [[1, 2, 3]])
    }

    @Test(arguments: [false, true])
    func undoneBurstComesAgain(isPacked: Bool) {
        let bench = RingBench(size: 8, features: features(isPacked))
        for value in 0..<6 as Range<UInt8> {
            _ = bench.ring.post(
                [.init(bench.memory.put([UInt8](repeating: 0, count: 12) + [value]), 13)], writable: false)
        }
        #expect(bench.receive().count == 6)
        #expect(bench.ring.reap().count == 6)
        for value in 0..<6 as Range<UInt8> {
            _ = bench.ring.post(
                [.init(bench.memory.put([UInt8](repeating: 0, count: 12) + [value]), 13)], writable: false)
        }
        #expect(bench.queue.pointee.take(into: bench.frames, limit: 32) == 6)
        bench.queue.pointee.undoTake()
        #expect(bench.receive() == [[0], [1], [2], [3], [4], [5]])
        #expect(bench.ring.reap().count == 6)
    }

    @Test func noPointerAcrossRegions() {
        let memory = GuestMemory()
        let end = memory.guestStart + UInt64(memory.byteCount)
        #expect(memory.map.pointer(to: end - 8, count: 8) == memory.base + memory.byteCount - 8)
        #expect(memory.map.pointer(to: end - 8, count: 9) == nil)
        #expect(memory.map.pointer(to: end, count: 4096) == memory.otherBase)
        #expect(memory.map.pointer(to: end + 4090, count: 7) == nil)
        #expect(memory.map.pointer(to: memory.guestStart - 1, count: 1) == nil)
        #expect(memory.map.pointer(to: .max, count: 2) == nil)
        #expect(memory.map.pointer(toUserAddress: 0x7e00_0000_0010, count: 16) == memory.otherBase + 16)
        #expect(memory.map.guestAddress(of: memory.otherBase + 5) == end + 5)
        #expect(memory.map.guestAddress(of: memory.otherBase + 4096) == nil)
    }
}
