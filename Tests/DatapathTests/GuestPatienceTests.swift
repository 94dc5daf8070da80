import DPDK
import Foundation
import Synchronization
import TestSupport
import Testing
import VhostUser

@testable import Datapath

/// A guest's full ring is tried again, but never for long.
@Suite(.serialized) struct GuestPatienceTests {
    /// Sends packets of these lengths, the first with this number in its first bytes, the next with the next one.
    /// Returns which of them were taken.
    private func send(_ bench: VhostBench, lengths: [Int], from number: Int = 0) -> [Int] {
        for (index, length) in lengths.enumerated() {
            var bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: number + index), count: length)
            bytes.replaceSubrange(0..<8, with: withUnsafeBytes(of: UInt64(number + index)) { Array($0) })
            bench.packets[index] = bench.packet(bytes).raw
        }
        var refused: UInt64 = 0
        let settled = bench.pair.sendPatiently(bench.packets, lengths.count, refused: &refused)
        #expect(refused >> UInt64(settled) == 0)
        let taken = lengths.indices.filter { $0 < settled && refused >> $0 & 1 == 0 }
        for index in Set(lengths.indices).subtracting(taken) { PacketBuffer(bench.packets[index]!).free() }
        return taken
    }

    @Test(arguments: [0, VirtioFeatures.packedRing])
    func stuckGuestIsGivenUp(features: UInt64) throws {
        let bench = try VhostBench(features: features)
        for _ in 0..<20 {
            #expect(send(bench, lengths: [60, 60, 60, 60]) == [])
            #expect(bench.pair.pointee.counters.retries == UInt64(Limits.guestRetries))
        }
        // What it takes earns it patience again, but not much at once.
        bench.guestPosts(9)
        #expect(send(bench, lengths: Array(repeating: 60, count: 11)).count == 9)
        #expect(bench.pair.pointee.counters.retries == UInt64(Limits.guestRetries) + 1)
        #expect(send(bench, lengths: [60]) == [])
        #expect(bench.pair.pointee.counters.retries == UInt64(Limits.guestRetries) + 1)
        #expect(bench.pair.pointee.counters.retriedPackets == 0)
        bench.guestPosts(200)
        for _ in 0..<6 { #expect(send(bench, lengths: Array(repeating: 60, count: 32)).count == 32) }
        #expect(send(bench, lengths: Array(repeating: 60, count: 32)).count == 8)
        #expect(bench.pair.pointee.counters.retries == 2 * UInt64(Limits.guestRetries) + 1)
    }

    @Test func brokenRingIsNotWaitedFor() throws {
        let bench = try VhostBench(features: 0)
        bench.receiving.store16(bench.receiving.driverArea + 2, 0x8000)
        #expect(send(bench, lengths: [60]) == [])
        #expect(bench.pair.pointee.toGuest!.pointee.isBroken)
        #expect(bench.pair.pointee.counters.retries == 0)
    }

    /// A guest that polls, on a core of its own: when its ring is empty it makes room for a few packets more.
    private final class PollingGuest: @unchecked Sendable {
        private let bench: VhostBench
        private let isStopped = Atomic(false)
        /// Numbers of the packets received. To be read when the thread has ended.
        private(set) var received: [Int] = []
        private var posted: [Int: GuestRing.Buffer] = [:]

        init(_ bench: VhostBench) { self.bench = bench }

        func stop() { isStopped.store(true, ordering: .relaxed) }

        func run() {
            while !isStopped.load(ordering: .relaxed) {
                take()
                if posted.isEmpty { post() }
            }
            take()
        }

        private func post() {
            for _ in 0..<16 {
                let buffer = GuestRing.Buffer(bench.memory.buffer(1526, alignment: 8), 1526)
                guard let id = bench.receiving.post([buffer], writable: true) else { return }
                posted[id] = buffer
            }
        }

        private func take() {
            for used in bench.receiving.reap() {
                guard let buffer = posted.removeValue(forKey: used.id) else { continue }
                let bytes = bench.memory.bytes(buffer.address + 12, used.written - 12)
                received.append(Int(bytes[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) }))
            }
        }
    }

    @Test func slowGuestLosesFewerAndNoOrder() throws {
        guard ProcessInfo.processInfo.activeProcessorCount > 1 else {
            return print("skipped: a guest that polls needs a core of its own")
        }
        let bench = try VhostBench(features: 0)
        let guest = PollingGuest(bench)
        let thread = try PolledThread(name: "guest", core: nil) { guest.run() }
        var accepted: [Int] = []
        var next = 0
        let end = DispatchTime.now().uptimeNanoseconds + 120_000_000_000
        while bench.pair.pointee.counters.retriedPackets < 16, DispatchTime.now().uptimeNanoseconds < end {
            // Every seventh packet is longer than any of the guest's buffers.
            let lengths = (next..<next + 32).map { $0 % 7 == 6 ? 3000 : 60 }
            let taken = send(bench, lengths: lengths, from: next)
            #expect(taken.allSatisfy { lengths[$0] == 60 })
            accepted += taken.map { $0 + next }
            next += lengths.count
        }
        guest.stop()
        thread.join()
        let counters = bench.pair.pointee.counters
        #expect(counters.retriedPackets >= 16)
        #expect(guest.received == accepted)
        #expect(counters.retries <= UInt64(Limits.guestRetries) + UInt64(accepted.count) / 8)
    }
}
