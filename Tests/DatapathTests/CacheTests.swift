import FlowTable
import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Datapath

/// Programs and megaflows to put into caches.
private final class Store {
    var programs = ProgramStore()
    let credits = CreditListPointer.make(for: Translation())

    deinit { credits.removeUser() }

    func program(_ port: UInt16 = 1) -> UnsafePointer<ActionProgram> {
        programs.program([Instruction(.output, port: port)], dropReason: .noMatch)
    }
}

extension ExactMatchCache {
    /// The live megaflow of a key.
    fileprivate func find(_ words: [UInt64], hash: UInt64) -> MegaflowPointer? {
        guard let known = recall(hash: hash), known.pointee.stamp != 0 else { return nil }
        return words.indices.allSatisfy { known.words[$0] == words[$0] } ? known : nil
    }
}

extension MegaflowSubtable {
    fileprivate mutating func insert(
        _ words: [UInt64], hash: UInt64, stamp: UInt64, _ store: Store
    ) -> MegaflowPointer {
        let record = MegaflowRecord(hash: hash, slot: 0, flow: nil, credits: store.credits)
        return insert(words, Megaflow(stamp: stamp, subtable: 0, now: 0, program: store.program()), record)
    }

    /// As for a packet with these words, but with a hash of the test's own.
    fileprivate func find(_ words: [UInt64], hash: UInt64) -> MegaflowPointer? {
        var key = FlowKey()
        for (word, value) in words.enumerated() { key.words[word] = value }
        return withUnsafePointer(to: key) { find($0, hash: hash) }
    }
}

extension MegaflowCache {
    fileprivate mutating func insert(
        _ key: FlowKey, _ translation: Translation, widest: FlowMask, program: UnsafePointer<ActionProgram>,
        stamp: UInt64, now: UInt64
    ) -> MegaflowPointer {
        withUnsafePointer(to: key) {
            insert($0, translation, widest: widest, program: program, stamp: stamp, now: now)
        }
    }

    fileprivate func find(_ key: FlowKey) -> MegaflowPointer? {
        var probes: UInt64 = 0
        return withUnsafePointer(to: key) { find($0, probes: &probes) }
    }
}

private func words(_ random: inout SeededGenerator, _ count: Int) -> [UInt64] {
    (0..<count).map { $0 < 3 ? UInt64(random.below(3)) << UInt64(random.pick([0, 17, 40, 63])) : UInt64($0) }
}

/// Finding what was put in, and never what was taken out.
struct MegaflowSubtableTests {
    @Test(arguments: 0..<12)
    func agreesWithADictionary(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let store = Store()
        var mask = FlowMask()
        for word in 0..<(1 + random.below(5)) { mask.words[word] = .max }
        var subtable = MegaflowSubtable(mask: mask)
        let hash = KeyHash()
        defer { hash.free() }
        var model: [[UInt64]: (megaflow: MegaflowPointer, stamp: UInt64)] = [:]
        for step in 1...4000 {
            let key = words(&random, subtable.key.count)
            let value = hash(key, count: key.count)
            let found = subtable.find(key, hash: value)
            #expect(found == model[key]?.megaflow, "seed \(seed), step \(step)")
            if let known = model[key] {
                #expect(known.megaflow.pointee.stamp == known.stamp, "seed \(seed), step \(step)")
                // Many at first, few later, so that it grows and then has gaps.
                if random.chance(step < 2000 ? 20 : 70) {
                    subtable.remove(known.megaflow)
                    model[key] = nil
                    #expect(subtable.find(key, hash: value) == nil)
                }
            } else if random.chance(step < 2000 ? 90 : 40) {
                model[key] = (subtable.insert(key, hash: value, stamp: UInt64(step), store), UInt64(step))
            }
            let count = subtable.count
            #expect(count == model.count)
        }
        for (key, known) in model { #expect(subtable.find(key, hash: hash(key, count: key.count)) == known.megaflow) }
    }

    /// Hashes that all want the last place of the index: probes go round its end, and gaps are closed across it.
    @Test func probesWrapAround() {
        let store = Store()
        var mask = FlowMask()
        mask.words[0] = .max
        var subtable = MegaflowSubtable(mask: mask)
        var megaflows: [MegaflowPointer] = []
        for key in 0..<20 as Range<UInt64> {
            megaflows.append(subtable.insert([key], hash: 510 + key % 3, stamp: key + 1, store))
        }
        for (removed, megaflow) in megaflows.enumerated() {
            subtable.remove(megaflow)
            for key in 0..<20 as Range<UInt64> {
                let found = subtable.find([key], hash: 510 + key % 3)
                #expect(found == (key <= removed ? nil : megaflows[Int(key)]), "removed \(removed), key \(key)")
            }
        }
    }
}

/// While an index grows, megaflows are in two tables; none is lost, and none that was removed is found.
struct MegaflowIndexTests {
    @Test(arguments: 0..<4)
    func growsWithoutLosingAny(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let store = Store()
        var mask = FlowMask()
        mask.words[0] = .max
        var subtable = MegaflowSubtable(mask: mask)
        // Some hashes that many have, so that long runs are moved.
        func hash(_ key: UInt64) -> UInt64 { key % 7 == 0 ? key % 70 : key &* 0x9e37_79b9_7f4a_7c15 }
        var live: [UInt64] = []
        var places: [UInt64: MegaflowPointer] = [:]
        for key in 1...6000 as ClosedRange<UInt64> {
            places[key] = subtable.insert([key], hash: hash(key), stamp: key, store)
            live.append(key)
            if random.chance(30) {
                let gone = live.remove(at: random.below(live.count))
                subtable.remove(places[gone]!)
                #expect(subtable.find([gone], hash: hash(gone)) == nil, "seed \(seed), \(gone) at \(key)")
            }
            if live.isEmpty { continue }
            let some = random.pick(live)
            #expect(subtable.find([some], hash: hash(some)) == places[some], "seed \(seed), \(some) at \(key)")
        }
        for key in live { #expect(subtable.find([key], hash: hash(key)) == places[key]) }
    }
}

/// The cache of all masks.
struct MegaflowCacheTests {
    private static func key(_ number: UInt64) -> FlowKey {
        var key = FlowKey()
        key.words[1] = number << 16
        key.words[3] = number &* 0x9e37_79b9_7f4a_7c15
        return key
    }

    private static func translation(_ mask: FlowMask) -> Translation {
        var translation = Translation()
        translation.mask = mask
        return translation
    }

    /// Different masks, each with a bit of its own, and values that no two masks share.
    @Test func findsUnderEveryMask() {
        let store = Store()
        var cache = MegaflowCache(hash: KeyHash())
        var inserted: [(key: FlowKey, megaflow: MegaflowPointer)] = []
        for number in 1...2000 as ClosedRange<UInt64> {
            var mask = FlowMask()
            mask.words[1] = .max
            mask.words[3] = 1 << (number % 60)
            let key = Self.key(number)
            var probe = key
            probe.words[2] = 77
            #expect(cache.find(probe) == nil)
            let megaflow = cache.insert(
                key, Self.translation(mask), widest: mask, program: store.program(), stamp: number, now: number)
            inserted.append((probe, megaflow))
        }
        let (masks, count) = (cache.subtableCount, cache.count)
        #expect(masks == 60 && count == 2000)
        for (key, megaflow) in inserted {
            #expect(cache.find(key) == megaflow)
        }
    }

    /// What was evicted is never found again, what was not stays, and flows get what both have counted.
    @Test func evictionTakesTheSilent() throws {
        var tables = FlowTables()
        let entry = try tables.add(try FlowText.parseFlow("actions=drop")).entry
        let store = Store()
        var cache = MegaflowCache(hash: KeyHash())
        var mask = FlowMask()
        mask.words[1] = .max
        var translation = Self.translation(mask)
        translation.contributors = [Unmanaged.passUnretained(entry)]
        var kept: [UInt64: MegaflowPointer] = [:]
        for number in 1...1000 as ClosedRange<UInt64> {
            let megaflow = cache.insert(
                Self.key(number), translation, widest: mask, program: store.program(), stamp: number, now: number)
            megaflow.pointee.packets = 1
            megaflow.pointee.bytes = 60
            kept[number] = megaflow
        }
        for _ in 0..<600 { cache.evictOne() }
        let left = cache.count
        #expect(left == 400)
        #expect(entry.packetCount == 600 && entry.byteCount == 600 * 60)
        var found: [UInt64] = []
        for number in 1...1000 as ClosedRange<UInt64> {
            let megaflow = cache.find(Self.key(number))
            guard let megaflow else { continue }
            #expect(megaflow == kept[number] && megaflow.pointee.stamp == number)
            found.append(number)
        }
        #expect(found.count == 400)
        #expect(found.reduce(0, +) / 400 > 700, "those used last are kept")
        cache.creditFlows()
        cache.creditFlows()
        #expect(entry.packetCount == 1000 && entry.byteCount == 60_000)
        cache.removeAll()
        let last = cache.count
        #expect(last == 0)
        #expect(cache.find(Self.key(1000)) == nil)
    }

    /// More masks than there may be: the widest takes the rest, and when it grows wider, the next widest.
    @Test func tooManyMasks() {
        let store = Store()
        var cache = MegaflowCache(hash: KeyHash())
        var widest = FlowMask()
        widest.words[1] = .max
        widest.words[3] = .max
        var stamp: UInt64 = 0
        for round in 0..<200 as Range<UInt64> {
            // From some time on, each mask has a bit that the widest so far did not have.
            if round >= 100 { widest.words[4] |= 1 << (round % 60) }
            var mask = FlowMask()
            mask.words[1] = .max
            mask.words[3] = round + 1
            mask.words[4] = widest.words[4]
            stamp += 1
            let key = Self.key(stamp)
            let megaflow = cache.insert(
                key, Self.translation(mask), widest: widest, program: store.program(), stamp: stamp, now: 0)
            #expect(cache.find(key) == megaflow, "round \(round)")
        }
        let masks = cache.subtableCount
        #expect(masks <= Limits.megaflowMasks + 1 + 60)
        for number in 1...stamp {
            let megaflow = cache.find(Self.key(number))
            #expect(megaflow?.pointee.stamp == number)
        }
    }
}

private struct NoMemory: Error {}

/// The exact-match cache may forget, but must never find what is gone or what is another's.
struct ExactMatchCacheTests {
    @Test(arguments: 0..<10)
    func neverFindsWhatIsGone(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let store = Store()
        let hash = KeyHash()
        defer { hash.free() }
        let count: Int = 1 + random.below(18)
        guard var cache = ExactMatchCache(slots: 256, socket: nil) else { throw NoMemory() }
        var mask = FlowMask()
        for word in 0..<count { mask.words[word] = .max }
        var subtable = MegaflowSubtable(mask: mask)
        var live: [[UInt64]: MegaflowPointer] = [:]
        var hits = 0
        for stamp in 1...6000 as ClosedRange<UInt64> {
            let key = words(&random, count)
            let value = hash(key, count: count)
            if let found = cache.find(key, hash: value) {
                hits += 1
                #expect(found == live[key], "seed \(seed), \(stamp)")
            } else if let known = live[key] {
                cache.insert(hash: value, megaflow: known)
                #expect(cache.find(key, hash: value) == known)
            } else {
                let megaflow = subtable.insert(key, hash: value, stamp: stamp, store)
                live[key] = megaflow
                cache.insert(hash: value, megaflow: megaflow)
                #expect(cache.find(key, hash: value) == megaflow)
            }
            // Now and then one goes, whose memory the next one gets.
            if random.chance(20), let gone = live.keys.min(by: { $0.lexicographicallyPrecedes($1) }) {
                subtable.remove(live[gone]!)
                live[gone] = nil
                #expect(cache.find(gone, hash: hash(gone, count: count)) == nil)
            }
        }
        #expect(hits > 100, "seed \(seed)")
    }

    /// Every place of a line is used, each with its own address, whatever the tags are.
    @Test(arguments: 0..<20)
    func linesHoldEight(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let store = Store()
        guard var cache = ExactMatchCache(slots: 16, socket: nil) else { throw NoMemory() }
        var mask = FlowMask()
        mask.words[0] = .max
        var subtable = MegaflowSubtable(mask: mask)
        // Eight tags for one of two lines, many of them neighbours, which the comparison must keep apart.
        var tags: Set<UInt64> = []
        while tags.count < 8 { tags.insert(UInt64(random.below(12) * 2 + (random.chance(50) ? 0xffe0 : 0)) | 1) }
        let hashes = tags.map { $0 << 48 | 1 }
        let megaflows = hashes.map { subtable.insert([$0], hash: $0, stamp: 1, store) }
        for (hash, megaflow) in zip(hashes, megaflows) { cache.insert(hash: hash, megaflow: megaflow) }
        for (hash, megaflow) in zip(hashes, megaflows) {
            #expect(cache.recall(hash: hash) == megaflow)
            #expect(cache.recall(hash: hash & ~1) == nil, "the other line is empty")
        }
        // A ninth takes another's place, and no more than one.
        let ninth = 0x7777 << 48 | 1 as UInt64
        cache.insert(hash: ninth, megaflow: megaflows[0])
        #expect(cache.recall(hash: ninth) == megaflows[0])
        let left = zip(hashes, megaflows).count { cache.recall(hash: $0) == $1 }
        #expect(left == 7)
    }

    /// Four times as many keys as places: it says that it is crowded, and after a new beginning no more.
    @Test func crowding() throws {
        let store = Store()
        let hash = KeyHash()
        defer { hash.free() }
        guard var cache = ExactMatchCache(slots: 1024, socket: nil) else { throw NoMemory() }
        var mask = FlowMask()
        mask.words[0] = .max
        var subtable = MegaflowSubtable(mask: mask)
        let slots = cache.slotCount
        #expect(slots == 1024)
        for round in 0..<2 {
            for key in 0..<(round == 0 ? 512 : 4096) as Range<UInt64> {
                let value = hash([key], count: 1)
                cache.insert(hash: value, megaflow: subtable.insert([key], hash: value, stamp: 1, store))
            }
            let found = (0..<512 as Range<UInt64>).count { cache.find([$0], hash: hash([$0], count: 1)) != nil }
            let isCrowded = cache.isCrowded
            #expect(isCrowded == (round == 1))
            if round == 0 { #expect(found > 400, "half full: nearly all are there, \(found)") }
        }
        cache.restartCounting()
        let isCrowded = cache.isCrowded
        #expect(!isCrowded)
    }
}
