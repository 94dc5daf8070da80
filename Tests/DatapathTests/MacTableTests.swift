import DPDK
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Datapath

/// The MAC table against a dictionary, and under several threads.
struct MacTableTests {
    private static func table(capacity: Int = 1000, ageing: UInt64 = 100) throws -> MacTable {
        _ = try TestEnvironment.shared
        // Half a tick more, for what rounding takes.
        let seconds = (Double(ageing) + 0.5) * Double(1 << 29) / Environment.cyclesPerSecond
        let table = try #require(MacTable(capacity: capacity, ageingSeconds: seconds))
        #expect(table.ageingTicks == ageing)
        return table
    }

    @Test func learnsAndMoves() throws {
        let table = try Self.table()
        defer { table.free() }
        let key = MacTable.key(address: 0x0200_0000_0001, vlan: 7)
        #expect(table.port(of: key, now: 1000) == nil)
        table.learn(key, port: 3, now: 1000)
        #expect(table.port(of: key, now: 1000) == 3)
        #expect(table.port(of: MacTable.key(address: 0x0200_0000_0001, vlan: 8), now: 1000) == nil)
        #expect(table.port(of: MacTable.key(address: 0x0200_0000_0002, vlan: 7), now: 1000) == nil)
        table.learn(key, port: 4, now: 1001)
        #expect(table.port(of: key, now: 1001) == 4)
        #expect(table.seen.learned == 1 && table.seen.moved == 1 && table.seen.evicted == 0)
        let entries = table.entries(now: 1011)
        #expect(entries.count == 1)
        #expect(entries[0] == (0x0200_0000_0001, 7, 4, 10))
    }

    @Test func forgetsTheSilent() throws {
        let table = try Self.table(ageing: 100)
        defer { table.free() }
        let key = MacTable.key(address: 0x0200_0000_0001, vlan: 0)
        table.learn(key, port: 3, now: 1000)
        #expect(table.port(of: key, now: 1100) == 3)
        #expect(table.port(of: key, now: 1101) == nil)
        #expect(table.entries(now: 1101).isEmpty)
        table.learn(key, port: 3, now: 1200)
        #expect(table.port(of: key, now: 1250) == 3, "who speaks again is known again")
    }

    /// Workers read the clock at the beginning of a round, so one may learn later than another's now.
    @Test func clocksOfWorkersDiffer() throws {
        let table = try Self.table(capacity: 1, ageing: 100)
        defer { table.free() }
        let key = MacTable.key(address: 0x0200_0000_0001, vlan: 0)
        table.learn(key, port: 3, now: 1001)
        #expect(table.port(of: key, now: 1000) == 3)
        #expect(table.entries(now: 1000).count == 1)
    }

    /// More addresses than fit: the table stays as large as it is, and gives up those that were silent longest.
    @Test func evictsTheOldest() throws {
        let table = try Self.table(capacity: 100, ageing: 1 << 28)
        defer { table.free() }
        let places = 64 * 4
        for index in 0..<10_000 {
            table.learn(
                MacTable.key(address: 0x0200_0000_0000 + UInt64(index), vlan: 1), port: 1, now: UInt64(1000 + index))
        }
        let entries = table.entries(now: 20_000)
        #expect(entries.count <= places && entries.count > places / 2)
        #expect(table.seen.learned == 10_000)
        #expect(table.seen.evicted == 10_000 - UInt64(entries.count))
        let oldest = entries.map(\.ageTicks).max() ?? 0
        #expect(oldest < 9000 + 2 * 8 * 64 * 4, "what is kept is of late: oldest \(oldest)")
        for index in 9990..<10_000 {
            #expect(table.port(of: MacTable.key(address: 0x0200_0000_0000 + UInt64(index), vlan: 1), now: 11_000) == 1)
        }
    }

    @Test(arguments: 0..<20)
    func agreesWithADictionary(seed: UInt64) throws {
        let table = try Self.table(capacity: 4096, ageing: 50)
        defer { table.free() }
        var random = SeededGenerator(seed: seed)
        var model: [UInt64: (port: UInt16, time: UInt64)] = [:]
        var now: UInt64 = 1000
        for _ in 0..<3000 {
            now += UInt64(random.below(2))
            let key = MacTable.key(address: 0x0200_0000_0000 + UInt64(random.below(60)), vlan: UInt64(random.below(3)))
            if random.chance(50) {
                let port = UInt16(random.below(5))
                table.learn(key, port: port, now: now)
                model[key] = (port, now)
            } else {
                let known = model[key].flatMap { now - $0.time > 50 ? nil : $0.port }
                #expect(table.port(of: key, now: now) == known, "seed \(seed)")
            }
        }
        #expect(table.seen.evicted == 0)
    }

    /// Threads that learn far more addresses than fit, each of which is always at the same port: whoever is found is
    /// where it always was.
    @Test func manyThreads() throws {
        let table = SharedTable(table: try Self.table(capacity: 100, ageing: 1 << 28))
        let wrong = Atomic<Int>(0), found = Atomic<Int>(0)
        withThreads(4) { thread in
            var random = SeededGenerator(seed: UInt64(thread))
            for round in 0..<40_000 {
                let host = UInt64(random.below(600))
                let key = MacTable.key(address: 0x0200_0000_0000 + host, vlan: host % 4)
                if round % 2 == 0 {
                    table.table.learn(key, port: UInt16(host), now: UInt64(1000 + round))
                } else if let port = table.table.port(of: key, now: UInt64(1000 + round)) {
                    found.wrappingAdd(1, ordering: .relaxed)
                    if port != UInt16(host) { wrong.wrappingAdd(1, ordering: .relaxed) }
                }
            }
        }
        #expect(wrong.load(ordering: .relaxed) == 0)
        #expect(found.load(ordering: .relaxed) > 1000)
        table.table.free()
    }
}

/// Safe: the table is made for use from several threads.
private struct SharedTable: @unchecked Sendable { let table: MacTable }

/// Runs a body on several threads at once, and waits for all.
func withThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let group = DispatchGroup()
    for thread in 0..<count {
        group.enter()
        Thread.detachNewThread {
            body(thread)
            group.leave()
        }
    }
    group.wait()
}
