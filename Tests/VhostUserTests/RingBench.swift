import TestSupport
import VhostUser

/// A queue with its guest's side.
final class RingBench {
    let memory: GuestMemory
    let ring: GuestRing
    let queue: UnsafeMutablePointer<VirtQueue>
    let frames = UnsafeMutablePointer<GuestFrame>.allocate(capacity: 64)

    init(
        memory: GuestMemory = GuestMemory(), size: Int = 256, features: UInt64, start: UInt16 = 0, place: Int = 0,
        change: (inout QueueSetup) -> Void = { _ in }
    ) {
        self.memory = memory
        ring = GuestRing(memory, size: size, features: features, place: place, start: start)
        var setup = ring.setup(index: 0)
        change(&setup)
        queue = .allocate(capacity: 1)
        queue.initialize(to: VirtQueue(setup, memory: memory.map))
    }

    deinit {
        queue.pointee.free()
        queue.deallocate()
        frames.deallocate()
    }

    /// A new process takes the queue over, as after a crash.
    func restart(base: UInt32, change: (inout QueueSetup) -> Void = { _ in }) {
        queue.pointee.free()
        var setup = ring.setup(index: 0, base: base)
        change(&setup)
        queue.initialize(to: VirtQueue(setup, memory: memory.map))
    }

    /// What the guest has sent, by bursts until there is no more.
    func receive(bursts: Int = .max) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var left = bursts
        while left > 0 {
            left -= 1
            let count = queue.pointee.take(into: frames, limit: 32)
            for index in 0..<count { result.append(bytes(frames[index])) }
            queue.pointee.finish()
            if count == 0 { break }
        }
        return result
    }

    private func bytes(_ frame: GuestFrame) -> [UInt8] {
        var bytes: [UInt8] = []
        for index in 0..<frame.segmentCount {
            let segment = frame.segments[index]
            bytes += UnsafeRawBufferPointer(start: segment.base, count: segment.count)
        }
        precondition(bytes.count == frame.length)
        return bytes
    }

    /// Gives frames to the guest; how many were settled, and the places of those too long for it.
    func send(_ packets: [[UInt8]]) -> (settled: Int, oversized: [Int]) {
        var settled = 0
        var oversized: [Int] = []
        while settled < packets.count {
            let lengths = packets[settled...].prefix(32).map { UInt32($0.count) }
            let made = queue.pointee.reserve(lengths, count: lengths.count, into: frames)
            for index in 0..<made {
                if frames[index].segmentCount == 0 {
                    oversized.append(settled + index)
                } else {
                    write(packets[settled + index], frames[index])
                }
            }
            queue.pointee.finish()
            if made == 0 { break }
            settled += made
        }
        return (settled, oversized)
    }

    private func write(_ packet: [UInt8], _ frame: GuestFrame) {
        var bytes = [UInt8](repeating: 0, count: queue.pointee.headerLength) + packet
        if bytes.count - packet.count == 12 {
            bytes[10] = UInt8(truncatingIfNeeded: frame.bufferCount)
            bytes[11] = UInt8(frame.bufferCount >> 8)
        }
        var done = 0
        for index in 0..<frame.segmentCount {
            let segment = frame.segments[index]
            let count = min(segment.count, bytes.count - done)
            bytes[done...].withUnsafeBytes { segment.base.copyMemory(from: $0.baseAddress!, byteCount: count) }
            done += count
        }
        precondition(done == bytes.count)
    }
}
