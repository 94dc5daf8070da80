import CVhost
import Glibc
import TestSupport
import Testing
import VhostUser

/// Interrupts, the log of written pages, and taking a ring over from a process that died.
struct RingStateTests {
    private func features(_ isPacked: Bool) -> UInt64 {
        VirtioFeatures.version1 | (isPacked ? VirtioFeatures.packedRing : 0)
    }

    private func sendOne(_ bench: RingBench, _ value: UInt8 = 1) {
        _ = bench.ring.post([.init(bench.memory.put([UInt8](repeating: 0, count: 12) + [value]), 13)], writable: false)
    }

    @Test(arguments: [false, true])
    func oneInterruptForABurst(isPacked: Bool) {
        let bench = RingBench(size: 64, features: features(isPacked))
        for _ in 0..<20 { sendOne(bench) }
        #expect(bench.receive(bursts: 1).count == 20)
        #expect(bench.ring.takeInterrupts() == 1)
        #expect(bench.receive().isEmpty)
        #expect(bench.ring.takeInterrupts() == 0)
    }

    @Test(arguments: [false, true])
    func noInterruptWhenUnwanted(isPacked: Bool) {
        let bench = RingBench(size: 64, features: features(isPacked))
        sendOne(bench)
        _ = bench.receive()
        #expect(bench.ring.takeInterrupts() == 1)
        // Packed: flags are behind the position; split: they come first. 1 says no in both.
        bench.ring.store16(bench.ring.driverArea + (isPacked ? 2 : 0), 1)
        sendOne(bench)
        #expect(bench.receive().count == 1)
        #expect(bench.ring.takeInterrupts() == 0)
        #expect(bench.queue.pointee.counters.suppressedInterrupts == 1)
        #expect(bench.ring.load16(bench.ring.deviceArea + (isPacked ? 2 : 0)) == 1, "a polled ring wants no notice")
    }

    @Test(arguments: [false, true])
    func interruptAtTheEventIndex(isPacked: Bool) {
        let bench = RingBench(size: 64, features: features(isPacked) | VirtioFeatures.eventIndex, start: 65_530)
        sendOne(bench)
        _ = bench.receive()
        _ = bench.ring.reap()
        _ = bench.ring.takeInterrupts()
        var interrupted: [Int] = []
        // The fifth buffer from here on is to interrupt; on the packed ring, the ring's end lies between in one round.
        for round in 0..<40 {
            let event = isPacked ? (Int(bench.ring.nextUsed) + 4) : Int(bench.ring.nextUsed &+ 4)
            if round % 10 == 0 {
                if isPacked {
                    let wrap = event < 64 ? bench.ring.usedWrap : !bench.ring.usedWrap
                    bench.ring.store16(bench.ring.driverArea, UInt16(event % 64) | (wrap ? 1 << 15 : 0))
                    bench.ring.store16(bench.ring.driverArea + 2, 2)
                } else {
                    bench.ring.store16(bench.ring.driverArea + 4 + 64 * 2, UInt16(event))
                }
            }
            sendOne(bench)
            #expect(bench.receive().count == 1)
            _ = bench.ring.reap()
            if bench.ring.takeInterrupts() > 0 { interrupted.append(round) }
        }
        #expect(interrupted == [4, 14, 24, 34])
    }

    @Test func fullEventfdAndClosedPipe() {
        var pipe: [CInt] = [0, 0]
        #expect(Glibc.pipe(&pipe) == 0)
        close(pipe[0])
        let full = eventfd(0, 0)  // blocking
        var most = UInt64.max - 1
        #expect(write(full, &most, 8) == 8)
        for descriptor in [pipe[1], full, 9999] {
            let bench = RingBench(size: 8, features: features(false)) { $0.callDescriptor = descriptor }
            sendOne(bench)
            #expect(bench.receive().count == 1)
        }
        close(pipe[1])
        close(full)
    }

    @Test(arguments: [false, true])
    func logOfExactlyThePagesWritten(isPacked: Bool) {
        let log = UnsafeMutableRawPointer.allocate(byteCount: 1 << 20, alignment: 8)
        log.initializeMemory(as: UInt8.self, repeating: 0, count: 1 << 20)
        defer { log.deallocate() }
        let bench = RingBench(
            size: 16, features: features(isPacked) | VirtioFeatures.logAll | VirtioFeatures.mergeableBuffers
        ) {
            $0.dirtyLog = UInt(bitPattern: log)
            $0.dirtyLogBytes = 1 << 20
        }
        let first = bench.memory.buffer(10_000, alignment: 4096)
        // 4,000 bytes of frame and 12 of header: from the last 100 bytes of a page through the next to the third's
        // 816th.
        _ = bench.ring.post([.init(first + 3996, 100), .init(first + 4096, 5000)], writable: true)
        _ = bench.send([[UInt8](repeating: 9, count: 4000 + 272)])
        let logged = (0..<(1 << 23)).filter { log.load(fromByteOffset: $0 >> 3, as: UInt8.self) >> ($0 & 7) & 1 != 0 }
        func page(_ address: UInt64) -> Int { Int(address >> 12) }
        let areas = [bench.ring.deviceArea] + (isPacked ? [bench.ring.descriptors] : [])
        let expected =
            areas.map { page(bench.memory.address(of: $0)) } + [page(first), page(first) + 1, page(first) + 2]
        #expect(logged == expected.sorted())
    }

    @Test func tinyLogIsNotOverrun() {
        let memory = GuestMemory(byteCount: 4 << 20)
        let log = memory.otherBase + 4095
        let bench = RingBench(memory: memory, size: 16, features: features(false) | VirtioFeatures.logAll) {
            $0.dirtyLog = UInt(bitPattern: log)
            $0.dirtyLogBytes = 1
        }
        _ = bench.ring.post([.init(memory.buffer(2000), 2000)], writable: true)
        #expect(bench.send([[1, 2, 3]]).settled == 1)
    }

    /// The split ring's used index, and the packed ring's note, are where a new process goes on, whatever it is told.
    @Test(arguments: [false, true], [0, 17, 0xffff] as [UInt32])
    func newProcessGoesOn(isPacked: Bool, base: UInt32) {
        if isPacked && base != 0 { return }
        let bench = RingBench(size: 10 + (isPacked ? 0 : 6), features: features(isPacked))
        var next: UInt8 = 0
        for round in 0..<50 {
            var expected: [[UInt8]] = []
            for _ in 0..<(1 + round % 7) {
                sendOne(bench, next)
                expected.append([next])
                next &+= 1
            }
            // The old process died within a burst that the guest has not got back.
            _ = bench.queue.pointee.take(into: bench.frames, limit: 3)
            bench.restart(base: isPacked && round % 2 == 1 ? 0x8000_8000 : base)
            #expect(bench.receive() == expected)
            #expect(bench.ring.reap().count == expected.count)
        }
    }

    /// A packed ring whose note is older than what its descriptors say.
    @Test func packedNoteBehindTheRing() {
        let bench = RingBench(size: 8, features: features(true))
        for _ in 0..<3 { sendOne(bench) }
        let note = bench.ring.load16(bench.ring.deviceArea)
        _ = bench.receive()
        bench.ring.store16(bench.ring.deviceArea, note)
        bench.restart(base: 0)
        sendOne(bench, 77)
        #expect(bench.receive() == [[77]])
        #expect(bench.ring.reap().count == 4)
    }

    /// A guest that starts its driver anew clears the ring: then the beginning it is.
    @Test func packedRingOfANewDriver() {
        let memory = GuestMemory()
        var bench = RingBench(memory: memory, size: 8, features: features(true))
        for _ in 0..<5 { sendOne(bench) }
        #expect(bench.receive().count == 5)
        bench = RingBench(memory: memory, size: 8, features: features(true))
        sendOne(bench, 5)
        #expect(bench.receive() == [[5]])
    }

    @Test func resubmitsWhatWasInFlight() {
        let bytes = QueueSetup.inflightByteCount(size: 16, isPacked: false)
        let region = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        region.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        defer { region.deallocate() }
        let change: (inout QueueSetup) -> Void = { $0.inflight = UInt(bitPattern: region) }
        let bench = RingBench(size: 16, features: features(false), change: change)
        for value in 0..<6 as Range<UInt8> { sendOne(bench, value) }
        // Taken: six are in flight, in order, and none is returned before the process dies.
        #expect(bench.queue.pointee.take(into: bench.frames, limit: 32) == 6)
        let inFlight = (0..<16).filter { region.load(fromByteOffset: 16 + $0 * 16, as: UInt8.self) == 1 }
        #expect(inFlight.count == 6)
        // The driver reuses the available ring's places: only the region tells what was taken.
        sendOne(bench, 6)
        for place in 0..<6 { bench.ring.store16(bench.ring.driverArea + 4 + place * 2, 15) }
        bench.restart(base: 0, change: change)
        #expect(bench.receive() == (0..<7 as Range<UInt8>).map { [$0] })
        #expect(bench.ring.reap().count == 7)
        #expect((0..<16).allSatisfy { region.load(fromByteOffset: 16 + $0 * 16, as: UInt8.self) == 0 })
        #expect(region.load(fromByteOffset: 14, as: UInt16.self) == 7)
    }

    @Test func packedInflightRegionTellsThePlace() {
        let bytes = QueueSetup.inflightByteCount(size: 10, isPacked: true)
        let region = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        region.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        defer { region.deallocate() }
        let change: (inout QueueSetup) -> Void = { $0.inflight = UInt(bitPattern: region) }
        let bench = RingBench(size: 10, features: features(true), change: change)
        for round in 0..<9 as Range<UInt8> {
            for value in 0..<4 as Range<UInt8> { sendOne(bench, round &* 4 &+ value) }
            _ = bench.queue.pointee.take(into: bench.frames, limit: 2)
            // What drivers see of the ring's place is lost.
            bench.ring.store16(bench.ring.deviceArea, 0)
            bench.ring.store16(bench.ring.deviceArea + 2, 0)
            bench.restart(base: 0, change: change)
            #expect(bench.receive() == (0..<4 as Range<UInt8>).map { [round &* 4 &+ $0] })
            #expect(bench.ring.reap().count == 4)
        }
    }
}
