import DPDK
import TestSupport
import Testing
import VhostUser

@testable import Datapath

/// Prints what a packet costs; the numbers mean something in a release build only.
struct VhostTimingTests {
    @Test(arguments: [64, 1500], [false, true])
    func cyclesPerPacket(length: Int, packed: Bool) throws {
        let features = VirtioFeatures.mergeableBuffers | (packed ? VirtioFeatures.packedRing : 0)
        let bench = try VhostBench(features: features)
        bench.guestPosts(0)
        let frame = [UInt8](repeating: 1, count: length)
        // The guest wants no interrupts, as one under load does.
        for ring in [bench.sending, bench.receiving] { ring.store16(ring.driverArea + (packed ? 2 : 0), 1) }
        var dequeue: UInt64 = 0, enqueue: UInt64 = 0, count: UInt64 = 0
        for _ in 0..<300 {
            for _ in 0..<256 { bench.guestSends(frame) }
            bench.guestPosts(256)
            for _ in 0..<8 {
                let start = evs_cycles()
                let received = bench.pair.receive(into: bench.packets)
                let middle = evs_cycles()
                var refused: UInt64 = 0
                let sent = bench.pair.send(bench.packets, received, refused: &refused)
                let end = evs_cycles()
                try #require(received == 32 && sent == 32 && refused == 0)
                dequeue += middle - start
                enqueue += end - middle
                count += 32
            }
            #expect(bench.sending.reap().count == 256)
            #expect(bench.receiving.reap().allSatisfy { $0.written == length + 12 })
        }
        print("vhost \(packed ? "packed" : "split") \(length) bytes: "
            + "dequeue \(dequeue / count), enqueue \(enqueue / count) cycles a packet")
    }
}
