import TestSupport
import Testing
import VhostUser

/// What a guest may write that it should not. Memory is fenced by guard pages: a read outside ends the test process.
struct RingHostileTests {
    private static let next: UInt16 = 1, write: UInt16 = 2, indirect: UInt16 = 4
    private static let all = VirtioFeatures.version1 | VirtioFeatures.indirectDescriptors | VirtioFeatures.eventIndex

    /// One descriptor of an attack: address, length, flags, next.
    struct Bad: Sendable { let address: UInt64, count: Int, flags: UInt16, next: UInt16 }
    struct Attack: Sendable, CustomTestStringConvertible {
        let name: String
        let descriptors: [Bad]
        var testDescription: String { name }
    }

    static let attacks: [Attack] = {
        let memory: UInt64 = 0x1_0000_0000, end = memory + (8 << 20)
        func one(_ name: String, _ address: UInt64, _ count: Int, _ flags: UInt16 = 0, _ next: UInt16 = 0) -> Attack {
            Attack(name: name, descriptors: [Bad(address: address, count: count, flags: flags, next: next)])
        }
        func bad(_ address: UInt64, _ count: Int, _ flags: UInt16, _ next: UInt16 = 0) -> Bad {
            Bad(address: address, count: count, flags: flags, next: next)
        }
        return [
            one("address outside", 0xdead_0000_0000, 76), one("address zero", 0, 76),
            one("address wraps", .max - 15, 4096), one("length 4 GiB", memory, 0xffff_ffff),
            one("length zero", memory, 0), one("shorter than the header", memory, 5), one("header only", memory, 12),
            one("across the regions", end - 20, 2000), one("past the last region", end + 4000, 97),
            Attack(name: "second outside", descriptors: [bad(memory, 40, next, 1), bad(0xdead_0000_0000, 40, 0)]),
            one("loop of one", memory, 76, next, 0),
            Attack(name: "loop of two", descriptors: [bad(memory, 76, next, 1), bad(memory, 76, next, 0)]),
            one("next too big", memory, 76, next, 0xffff), one("writable", memory, 76, write),
            one("table outside", 0xdead_0000_0000, 32, indirect), one("table of no length", memory, 0, indirect),
            one("table of odd length", memory, 17, indirect), one("table of 4 GiB", memory, 0xffff_fff0, indirect),
            one("table with a next", memory, 32, indirect | next, 0),
            one("table of nothing", memory + 65536, 64, indirect),
            Attack(
                name: "too long a frame",
                descriptors: (0..<32).map { bad(memory, 65536, $0 < 31 ? next : 0, $0 + 1) }),
        ]
    }()

    /// Each attack costs its own chain: it is returned with nothing written, and the next frame is as good as any.
    @Test(arguments: attacks, [false, true])
    func chainIsReturned(_ attack: Attack, isSending: Bool) {
        let bench = RingBench(size: 64, features: RingHostileTests.all | VirtioFeatures.mergeableBuffers)
        let ring = bench.ring
        // A direction's own kind of buffer, but where the kind is the attack.
        let isKind = attack.name == "writable"
        if !isSending && (attack.name.contains("frame") || attack.name == "header only") { return }
        for (place, bad) in attack.descriptors.enumerated() {
            let kind = bad.flags & RingHostileTests.indirect != 0 || isSending ? 0 : RingHostileTests.write
            ring.write(
                ring.descriptors, place, .init(bad.address, bad.count),
                flags: isKind ? (isSending ? RingHostileTests.write : 0) : bad.flags | kind, third: bad.next)
        }
        ring.offer(head: 0)
        let good = bench.memory.put([UInt8](repeating: 0, count: 12) + [1, 2, 3, 4])
        ring.write(ring.descriptors, 63, .init(good, 16), flags: isSending ? 0 : RingHostileTests.write, third: 0)
        ring.offer(head: 63)
        if isSending {
            #expect(bench.receive() == [[1, 2, 3, 4]])
            #expect(ring.reap() == [.init(id: 0, written: 0), .init(id: 63, written: 0)])
        } else {
            #expect(bench.send([[5, 6]]).settled == 1)
            #expect(ring.reap() == [.init(id: 0, written: 0), .init(id: 63, written: 14)])
        }
        #expect(bench.queue.pointee.counters.badDescriptors == 1)
        #expect(!bench.queue.pointee.isBroken)
    }

    @Test(arguments: [0x8000, 0xfff0, 65] as [UInt16])
    func indexTooFarBreaksTheRing(index: UInt16) {
        let told = makeEvent()
        let bench = RingBench(size: 64, features: RingHostileTests.all) { $0.errorDescriptor = told.number }
        #expect(bench.receive().isEmpty && !isReadable(told))
        bench.ring.store16(bench.ring.driverArea + 2, index)
        #expect(bench.receive().isEmpty)
        #expect(bench.queue.pointee.isBroken && isReadable(told), "and the front-end is told")
        bench.ring.store16(bench.ring.driverArea + 2, 1)
        #expect(bench.receive().isEmpty, "left alone until it is started anew")
    }

    @Test func headBeyondTheRing() {
        let bench = RingBench(size: 64, features: RingHostileTests.all)
        bench.ring.offer(head: 0x7fff)
        #expect(bench.receive().isEmpty)
        #expect(bench.queue.pointee.counters.badDescriptors == 1)
        #expect(bench.ring.reap().count == 1)
    }

    @Test func packedChainWithoutEnd() {
        let bench = RingBench(size: 16, features: RingHostileTests.all | VirtioFeatures.packedRing)
        for place in 0..<16 {
            bench.ring.write(
                bench.ring.descriptors, place, .init(bench.memory.guestStart, 10), flags: 1 << 7 | 1, third: 0)
        }
        #expect(bench.receive().isEmpty)
        #expect(bench.queue.pointee.isBroken)
    }

    @Test(arguments: [false, true])
    func buffersOfOneByte(isMergeable: Bool) {
        let features = RingHostileTests.all | (isMergeable ? VirtioFeatures.mergeableBuffers : 0)
        let bench = RingBench(size: 256, features: features)
        for _ in 0..<256 { _ = bench.ring.post([.init(bench.memory.buffer(1), 1)], writable: true) }
        let outcome = bench.send([[UInt8](repeating: 1, count: 60)])
        // No header fits into any of them.
        #expect(outcome.settled == 0)
        #expect(bench.queue.pointee.counters.badDescriptors == 256)
        #expect(bench.ring.reap().count == 256)
    }

    /// Random rings, of both kinds and directions: nothing outside guest memory, nothing without bound, no trap.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func randomRings(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let isPacked = random.chance(50)
        var features = RingHostileTests.all | (isPacked ? VirtioFeatures.packedRing : 0)
        if random.chance(50) { features |= VirtioFeatures.mergeableBuffers }
        let size = isPacked ? 2 + random.below(300) : 1 << (1 + random.below(9))
        let memory = GuestMemory(byteCount: 2 << 20)
        var bench = RingBench(memory: memory, size: size, features: features)
        for round in 0..<100 {
            for _ in 0..<random.below(64) { scribble(bench.ring, memory, &random) }
            if isPacked {
                // The descriptors next in line look available.
                for step in 0..<random.below(8) {
                    let place = (Int(bench.queue.pointee.base & 0x7fff) + step) % size
                    let at = bench.ring.descriptors + place * 16 + 14
                    let round: UInt16 = bench.queue.pointee.base & 0x8000 != 0 ? 1 << 7 : 1 << 15
                    bench.ring.store16(at, bench.ring.load16(at) & 0x7f7f | round)
                }
            } else {
                let ahead = random.chance(2) ? random.below(65536) : random.below(size + 1)
                let index = UInt16(truncatingIfNeeded: bench.queue.pointee.base) &+ UInt16(ahead)
                bench.ring.store16(bench.ring.driverArea + 2, index)
            }
            if random.chance(50) {
                for frame in bench.receive(bursts: 4) { #expect((1...65_550).contains(frame.count)) }
            } else {
                _ = bench.send((0..<random.below(40)).map { _ in random.pattern(1 + random.below(3000)) })
            }
            if bench.queue.pointee.isBroken { bench = RingBench(memory: memory, size: size, features: features) }
            if round % 50 == 49 { bench.restart(base: UInt32(truncatingIfNeeded: random.next())) }
        }
    }

    /// One random change somewhere in the ring or in a table of descriptors.
    private func scribble(_ ring: GuestRing, _ memory: GuestMemory, _ random: inout SeededGenerator) {
        let addresses: [UInt64] = [
            memory.guestStart, memory.guestStart + 65536 * UInt64(random.below(32)), .max - 15, 0, 0xdead_0000_0000,
            memory.guestStart + (2 << 20) - UInt64(random.below(64)), memory.guestStart + (2 << 20) + 4096 - 16,
        ]
        let counts = [0, 1, 11, 12, 13, 16, 60, 64, 1500, 2048, 65_562, 0xffff_ffff, 0xffff_fff0]
        let flags: [UInt16] = [0, 1, 2, 3, 4, 5, 6, 7, 0xffff]
        let table = random.chance(70) ? ring.descriptors : memory.base + 65536 * random.below(32)
        if random.chance(20) {
            ring.store16(ring.driverArea + 2 * random.below(8192), UInt16(truncatingIfNeeded: random.next()))
        } else {
            let likely = random.chance(60)
            let address = likely ? addresses[random.below(2)] : random.pick(addresses)
            ring.write(
                table, random.below(ring.size), .init(address, random.pick(counts)), flags: random.pick(flags),
                third: UInt16(truncatingIfNeeded: likely ? random.next() % UInt64(ring.size) : random.next()))
        }
    }
}
