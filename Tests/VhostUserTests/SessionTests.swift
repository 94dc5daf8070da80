import CVhost
import Foundation
import Testing
import VhostUser

/// What a lawful front-end may count on.
@Suite struct SessionTests {
    /// Where the front-end wants to be told of errors reaches the queue, and changes with it.
    @Test func errorDescriptors() throws {
        let harness = SessionHarness(), event = makeEvent()
        harness.bringUp()
        #expect(harness.recorder.running[1]?.errorDescriptor == -1)
        harness.send(.setRingError, little(UInt64(1)), files: [event.number])
        let number = try #require(harness.recorder.running[1]?.errorDescriptor)
        #expect(number >= 0)
        var one: UInt64 = 1
        #expect(write(number, &one, 8) == 8)
        #expect(isReadable(event) && harness.recorder.running[0]?.errorDescriptor == -1)
        harness.send(.setRingError, little(UInt64(0x101)))
        #expect(harness.recorder.running[1]?.errorDescriptor == -1 && harness.end == nil)
    }

    @Test func bringUp() throws {
        let harness = SessionHarness()
        harness.bringUp()
        #expect(harness.end == nil)
        let running = harness.recorder.running
        #expect(running.keys.sorted() == [0, 1])
        let map = try #require(harness.recorder.memory)
        #expect(map.count == 1)
        for (index, queue) in running {
            #expect(queue.size == 64 && queue.base == 0 && queue.features == harness.features)
            #expect(queue.driverArea - queue.descriptors == 0x2000 && queue.deviceArea - queue.descriptors == 0x1000)
            #expect(queue.usedGuestAddress == TestMemory.guestStart + UInt64(index) * 0x4000 + 0x1000)
            #expect(queue.callDescriptor >= 0 && queue.dirtyLog == 0 && queue.inflight == 0)
        }
        #expect(harness.recorder.log == ["up mtu 0"])
        harness.session.close()
        #expect(harness.recorder.running.isEmpty && harness.recorder.mistakes == [])
        #expect(harness.recorder.log == ["up mtu 0", "down"])
        #expect(harness.memory.mappings == 0)
    }

    @Test func packedRings() {
        let harness = SessionHarness()
        harness.features |= VirtioFeatures.packedRing
        harness.negotiate()
        harness.setMemory()
        harness.bring(up: 0, size: 100, base: 0x8005_8063)
        #expect(harness.end == nil)
        #expect(harness.recorder.running[0]?.size == 100)
        #expect(harness.recorder.running[0]?.base == 0x8005_8063)
    }

    @Test func answers() {
        let harness = SessionHarness(queuePairs: 4)
        #expect(harness.ask(.getFeatures) == VhostSessionOptions.defaultFeatures)
        #expect(harness.ask(.getProtocolFeatures) == VhostProtocolFeatures.supported)
        #expect(harness.ask(.getQueueCount) == 4)
        harness.negotiate()
        #expect(harness.acknowledged(.setOwner) == 0)
        harness.send(.setStatus, little(UInt64(0xb)))
        #expect(harness.ask(.getStatus) == 0xb)
        harness.frontEnd.post(.getFeatures)
        harness.serve()
        let answer = harness.frontEnd.answer()?.answer
        #expect(answer?.request == 1 && answer?.flags == 5)
    }

    /// Without protocol features nobody can enable a queue: the kick starts it.
    @Test func withoutProtocolFeatures() {
        let harness = SessionHarness()
        harness.send(.setFeatures, little(UInt64(1) << 32))
        harness.setMemory()
        harness.bring(up: 1, enable: false)
        #expect(harness.recorder.running.keys.sorted() == [1])
    }

    @Test func stopAndStartAtTheSamePlace() throws {
        let harness = SessionHarness()
        harness.bringUp()
        harness.recorder.reached = [1: 77]
        harness.frontEnd.post(.getRingBase, SessionHarness.state(1, 0))
        harness.serve()
        let answer = try #require(harness.frontEnd.answer()).answer
        #expect(answer.payload == SessionHarness.state(1, 77))
        #expect(harness.recorder.running.keys.sorted() == [0])
        // Enabling alone doesn't start it: a kick must come.
        harness.send(.setRingEnabled, SessionHarness.state(1, 1))
        #expect(harness.recorder.running.keys.sorted() == [0])
        let kick = makeEvent()
        harness.send(.setRingKick, little(UInt64(1)), files: [kick.number])
        #expect(harness.recorder.running[1]?.base == 77)
        // Again for a queue that isn't running.
        #expect(harness.ask(.getRingBase, SessionHarness.state(0, 0)) != nil)
        #expect(harness.ask(.getRingBase, SessionHarness.state(0, 0)) != nil)
        #expect(harness.end == nil && harness.recorder.mistakes == [])
    }

    @Test func queuesEnabledAndDisabled() {
        let harness = SessionHarness(queuePairs: 2)
        harness.features |= SessionHarness.multiQueueBits
        harness.bringUp()
        #expect(harness.recorder.running.count == 4)
        harness.recorder.reached = [2: 9]
        for queue in [2, 3] { harness.send(.setRingEnabled, SessionHarness.state(queue, 0)) }
        #expect(harness.recorder.running.keys.sorted() == [0, 1])
        let before = harness.recorder.starts
        harness.send(.setRingEnabled, SessionHarness.state(0, 1))
        #expect(harness.recorder.starts == before, "what runs is left alone")
        for queue in [2, 3] { harness.send(.setRingEnabled, SessionHarness.state(queue, 1)) }
        #expect(harness.recorder.running.count == 4 && harness.recorder.running[2]?.base == 9)
        #expect(harness.recorder.log == ["up mtu 0"])
    }

    @Test func newMemoryKeepsTheirPlaces() throws {
        let harness = SessionHarness()
        harness.bringUp()
        harness.recorder.reached = [0: 5, 1: 6]
        let before = try #require(harness.recorder.running[0])
        let larger = TestMemory(size: 2 << 20)
        #expect(harness.acknowledged(.setMemoryTable, larger.table, files: [larger.file.number]) == 0)
        #expect(harness.memory.mappings == 0 && larger.mappings == 1)
        #expect(harness.recorder.running[0]?.base == 5 && harness.recorder.running[1]?.base == 6)
        #expect(harness.recorder.running[0]?.descriptors != before.descriptors || before.base != 5)
        // A table that is refused changes nothing.
        larger.truncate(to: 4096)
        let starts = harness.recorder.starts
        #expect(harness.acknowledged(.setMemoryTable, larger.table, files: [larger.file.number]) == 1)
        #expect(harness.recorder.starts == starts && harness.recorder.running.count == 2 && larger.mappings == 1)
        #expect(harness.recorder.mistakes == [])
    }

    @Test func interrupts() throws {
        let harness = SessionHarness()
        harness.bringUp()
        let before = try #require(harness.recorder.running[0])
        let starts = harness.recorder.starts
        // A new descriptor takes the old one's place under the number that workers know, and is told at once.
        let call = makeEvent()
        harness.send(.setRingCall, little(UInt64(0)), files: [call.number])
        #expect(harness.recorder.starts == starts)
        var count: UInt64 = 0
        #expect(read(call.number, &count, 8) == 8 && count == 1)
        count = 3
        #expect(write(before.callDescriptor, &count, 8) == 8)
        #expect(read(call.number, &count, 8) == 8 && count == 3)
        // None: the queue is started without.
        harness.send(.setRingCall, little(UInt64(0x100)))
        #expect(harness.recorder.running[0]?.callDescriptor == -1)
        harness.send(.setRingCall, little(UInt64(0)), files: [call.number])
        #expect(harness.recorder.running[0].map { $0.callDescriptor >= 0 } == true)
    }

    /// A full pipe or an eventfd at its maximum never keeps a writer waiting, though the front-end left it blocking.
    @Test func interruptsNeverBlock() throws {
        let harness = SessionHarness()
        harness.bringUp()
        let event = makeEvent()
        #expect(fcntl(event.number, F_SETFL, O_RDWR) == 0)
        var most = UInt64.max - 1
        #expect(write(event.number, &most, 8) == 8)
        harness.send(.setRingCall, little(UInt64(0)), files: [event.number])
        var ends: [CInt] = [-1, -1]
        #expect(pipe(&ends) == 0)
        let reading = FileDescriptor(owning: ends[0]), writing = FileDescriptor(owning: ends[1])
        harness.send(.setRingCall, little(UInt64(1)), files: [writing.number])
        #expect(harness.end == nil)
        var one: UInt64 = 1
        let calls = try [0, 1].map { try #require(harness.recorder.running[$0]).callDescriptor }
        #expect(write(calls[0], &one, 8) == -1 && errno == EAGAIN)
        var written = 0
        while write(calls[1], &one, 8) == 8 { written += 8 }
        #expect(written > 0 && errno == EAGAIN)
        withExtendedLifetime(reading) {}
    }

    /// Nor does a pipe that nobody reads end the process.
    @Test func interruptsIntoAClosedPipe() throws {
        #expect(evs_vhost_guard_install() == 0)
        let harness = SessionHarness()
        harness.bringUp()
        var ends: [CInt] = [-1, -1]
        #expect(pipe(&ends) == 0)
        let writing = FileDescriptor(owning: ends[1])
        close(ends[0])
        harness.send(.setRingCall, little(UInt64(1)), files: [writing.number])
        let call = try #require(harness.recorder.running[1]).callDescriptor
        var one: UInt64 = 1
        #expect(write(call, &one, 8) == -1 && errno == EPIPE)
    }

    @Test func polledQueues() {
        let harness = SessionHarness()
        harness.negotiate()
        harness.setMemory()
        harness.bring(up: 0)
        _ = harness.ask(.getRingBase, SessionHarness.state(0, 0))
        harness.send(.setRingCall, little(UInt64(0x100)))
        harness.send(.setRingKick, little(UInt64(0x100)))
        #expect(harness.recorder.running[0]?.callDescriptor == -1)
    }

    @Test func migration() throws {
        let harness = SessionHarness()
        harness.bringUp()
        // All addresses below the end of memory have a bit.
        let bytes = (TestMemory.guestStart + harness.memory.size) >> 15
        let log = TestMemory(size: bytes)
        harness.frontEnd.post(.setLogBase, little(bytes) + little(UInt64(0)), files: [log.file.number])
        harness.serve()
        #expect(harness.frontEnd.answer()?.answer.request == VhostRequestNumber.setLogBase.rawValue)
        harness.recorder.reached = [0: 3, 1: 4]
        harness.send(.setFeatures, little(harness.features | VirtioFeatures.logAll))
        let queue = try #require(harness.recorder.running[1])
        #expect(queue.dirtyLog != 0 && queue.dirtyLogBytes == bytes && queue.base == 4)
        harness.send(.setFeatures, little(harness.features))
        #expect(harness.recorder.running[1]?.dirtyLog == 0)
        #expect(harness.end == nil)
        #expect(log.mappings == 1)
        harness.session.close()
        #expect(log.mappings == 0)
    }

    @Test func inflightRegionComesBack() throws {
        let harness = SessionHarness()
        harness.negotiate()
        harness.setMemory()
        for padding in [[], [UInt8](repeating: 0, count: 4)] {
            let wish = little(UInt64(0)) + little(UInt64(0)) + little(UInt16(2)) + little(UInt16(64)) + padding
            harness.frontEnd.post(.getInflight, wish)
            harness.serve()
            let (answer, given) = try #require(harness.frontEnd.answer())
            let file = try #require(given)
            #expect(answer.payload.count == wish.count)
            // The file can't be shortened afterwards.
            #expect(ftruncate(file.number, 0) == -1)
            harness.send(.setInflight, answer.payload, files: [file.number])
        }
        harness.bring(up: 1)
        harness.bring(up: 0)
        let first = try #require(harness.recorder.running[0]), second = try #require(harness.recorder.running[1])
        #expect(first.inflight != 0 && second.inflight - first.inflight == 64 + 32 * 64)
    }

    @Test func announcementAndMTU() {
        let harness = SessionHarness()
        harness.send(.setMTU, little(UInt64(9000)))
        harness.bringUp()
        harness.send(.announce, [0x52, 0x54, 0, 1, 2, 3, 0, 0])
        #expect(harness.recorder.log == ["up mtu 9000", "announce 525400010203"])
    }

    @Test(arguments: [VhostRequestNumber.resetOwner, .setStatus])
    func reset(number: VhostRequestNumber) {
        let harness = SessionHarness()
        harness.bringUp()
        harness.send(number, number == .setStatus ? little(UInt64(0)) : [])
        #expect(harness.recorder.running.isEmpty && harness.end == nil)
        for queue in 0..<2 { harness.bring(up: queue) }
        #expect(harness.recorder.running.count == 2 && harness.recorder.mistakes == [])
    }

    /// Every byte may come alone.
    @Test func crumbs() {
        let harness = SessionHarness()
        harness.negotiate()
        harness.setMemory()
        let message = TestMessage(
            request: VhostRequestNumber.setRingSize.rawValue, payload: SessionHarness.state(0, 64), flags: 9)
        for byte in message.bytes {
            #expect(harness.frontEnd.answer() == nil)
            harness.frontEnd.post(bytes: [byte])
            harness.serve()
        }
        #expect(harness.frontEnd.answer()?.answer.value == 0)
        #expect(harness.session.deadline == nil && harness.end == nil)
    }
}
