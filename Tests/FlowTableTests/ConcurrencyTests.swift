import Foundation
import OpenFlow
import Packet
import Synchronization
import Testing

@testable import FlowTable

/// Lookups in snapshots while the tables change and snapshots come and go.
@Suite struct ConcurrencyTests {
    /// A snapshot with the answers that are right for it.
    private struct Question: Sendable {
        let snapshot: FlowTablesSnapshot
        let keys: [FlowKey]
        let answers: [UInt64?]
    }

    /// A value behind a lock of the system's, which ThreadSanitizer sees (it doesn't see Synchronization's Mutex).
    private final class Locked<Value: Sendable>: @unchecked Sendable {
        private var value: Value
        private let lock = NSLock()
        init(_ value: Value) { self.value = value }
        func withLock<Result>(_ body: (inout Value) -> Result) -> Result { lock.withLock { body(&value) } }
    }

    private final class Board: Sendable {
        let latest = Locked<Question?>(nil)
        let isDone = Atomic<Bool>(false)
        let asked = Atomic<Int>(0)
        let wrong = Atomic<Int>(0)
    }

    @Test func answersAreThoseOfTheSnapshotAsked() {
        let board = Board()
        let threads = DispatchGroup()
        // Threads and not tasks: readers that wait for the writer must not take the thread that it needs.
        func run(_ body: @escaping @Sendable () -> Void) {
            threads.enter()
            Thread {
                body()
                threads.leave()
            }.start()
        }
        for _ in 0..<3 { run { Self.read(board) } }
        run {
            Self.write(board, seed: 31, rounds: Effort.full(2000, 150))
            board.isDone.store(true, ordering: .releasing)
        }
        threads.wait()
        #expect(board.asked.load(ordering: .relaxed) > 0)
        #expect(board.wrong.load(ordering: .relaxed) == 0, "seed 31")
    }

    /// Asks each snapshot that it meets, until the writer is done; and the last one.
    private static func read(_ board: Board) {
        var isLast = false
        repeat {
            isLast = board.isDone.load(ordering: .acquiring)
            guard let question = board.latest.withLock({ $0 }) else { continue }
            for (key, answer) in zip(question.keys, question.answers) {
                var wildcards = FlowMask()
                let entry = question.snapshot.lookup(table: 0, key: key, wildcards: &wildcards)
                entry?.add(packets: 1, bytes: 60)
                board.asked.wrappingAdd(1, ordering: .relaxed)
                if entry?.id != answer { board.wrong.wrappingAdd(1, ordering: .relaxed) }
            }
        } while !isLast
    }

    private static func write(_ board: Board, seed: UInt64, rounds: Int) {
        var generator = RandomFlows(seed: seed)
        var tables = FlowTables(hashSeed: seed)
        var oracle = LinearTables()
        for _ in 0..<rounds {
            for _ in 0..<8 {
                let flow = generator.flow()
                guard let added = try? tables.add(flow) else { continue }
                oracle.add(flow, id: added.entry.id)
            }
            if oracle.items.count > 60 {
                for _ in 0..<7 {
                    let flow = generator.random.pick(oracle.items).flow
                    let selection = FlowSelection(table: 0, strictly: flow.match, priority: flow.priority)
                    tables.remove(selection)
                    _ = oracle.remove { selection.includes($0) }
                }
            }
            let keys = (0..<30).map { _ in generator.packet(near: oracle.items.map(\.flow)) }
            let question = Question(
                snapshot: tables.snapshot(), keys: keys,
                answers: keys.map { oracle.lookup(table: 0, key: $0)?.id })
            board.latest.withLock { $0 = question }
        }
    }

    /// A chain of snapshots of which the first outlives all others is given back without recursion.
    @Test func aLongChainOfSnapshotsIsFreed() throws {
        var tables = FlowTables()
        var match = Match()
        match.set(.inPort, 1)
        weak var watched: FlowEntry?
        var first: FlowTablesSnapshot?
        do {
            let entry = try tables.add(Flow(match: match, instructions: InstructionSet())).entry
            watched = entry
            first = tables.snapshot()
            tables.remove(entry)
        }
        for number in 0..<Effort.full(50_000, 5_000) {
            try tables.add(Flow(priority: UInt16(number & 1), match: match, instructions: InstructionSet()))
            _ = tables.snapshot()
        }
        #expect(watched != nil)
        #expect(first?.flowCount == 1)
        first = nil
        #expect(watched == nil)
    }
}
