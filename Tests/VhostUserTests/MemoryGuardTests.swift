import CVhost
import Foundation
import Testing
import VhostUser

/// Memory that is taken away while it is in use costs its own session, never the process.
@Suite struct MemoryGuardTests {
    init() { precondition(evs_vhost_guard_install() == 0) }

    @Test func truncatedMemory() throws {
        let wake = makeEvent()
        let memory = TestMemory(size: 8 << 20), other = TestMemory()
        let (ours, theirs) = FrontEnd.pair()
        let recorder = Recorder()
        let session = VhostSession(
            socket: theirs, options: VhostSessionOptions(), delegate: recorder, wake: wake.number)
        let table = TestMemory.table([
            (0, 8 << 20, TestMemory.userStart, 0), (1 << 32, 1 << 20, TestMemory.userStart + (1 << 32), 0),
        ])
        ours.post(.setMemoryTable, table, files: [memory.file.number, other.file.number])
        #expect(session.serve(now: .max / 2) == nil && session.guestMemory != nil)
        let start = try #require(memory.mappedAt), neighbour = try #require(other.mappedAt)
        start.storeBytes(of: 1, as: UInt8.self)
        neighbour.storeBytes(of: 2, as: UInt8.self)
        #expect(!session.hasFaulted)
        memory.truncate()
        var count: UInt64 = 0
        #expect(read(wake.number, &count, 8) == -1)
        // Both ends, read and written: zeros, and no signal that ends the process.
        #expect(start.load(as: UInt8.self) == 0)
        for offset in stride(from: 0, to: 8 << 20, by: 4096) {
            start.storeBytes(of: 3, toByteOffset: offset, as: UInt8.self)
        }
        #expect(start.load(fromByteOffset: (8 << 20) - 4096, as: UInt8.self) == 3)
        #expect(neighbour.load(as: UInt8.self) == 2)
        #expect(session.hasFaulted)
        #expect(read(wake.number, &count, 8) == 8 && count >= 1)
        #expect(session.serve(now: .max / 2) == .violation(.memoryFault))
        session.close()
        #expect(memory.mappings == 0 && other.mappings == 0)
    }

    /// After many faults the mapping goes as a whole; workers on it notice nothing.
    @Test func manyFaults() throws {
        let memory = TestMemory(size: 400 << 20)
        let harness = SessionHarness(memory: memory)
        harness.setMemory()
        let start = try #require(memory.mappedAt)
        memory.truncate()
        for offset in stride(from: 0, to: 400 << 20, by: 2 << 20) {
            #expect(start.load(fromByteOffset: offset, as: UInt64.self) == 0)
        }
        #expect(memory.mappings == 0, "the kernel's limit of mappings is safe")
        harness.frontEnd.post(.setOwner)
        #expect(harness.serve() == .violation(.memoryFault))
    }

    /// Many threads may meet with the fault at once.
    @Test func faultsAtOnce() throws {
        for _ in 0..<20 {
            let memory = TestMemory(size: 4 << 20)
            let harness = SessionHarness(memory: memory)
            harness.setMemory()
            let start = try #require(memory.mappedAt)
            let address = UInt(bitPattern: start)
            memory.truncate()
            DispatchQueue.concurrentPerform(iterations: 4) { _ in
                let pointer = UnsafeRawPointer(bitPattern: address)!
                for offset in stride(from: 0, to: 4 << 20, by: 4096) {
                    precondition(pointer.load(fromByteOffset: offset, as: UInt8.self) == 0)
                }
            }
            #expect(harness.session.hasFaulted)
        }
    }
}
