import CVhost
import Foundation
import Testing
import VhostUser

/// What a front-end may not do, and what it costs: a refusal where one was asked for, else the connection.
@Suite struct SessionHostileTests {
    private func expectEnd(
        _ violation: VhostViolation, _ label: String = "", _ act: (SessionHarness) -> Void
    ) {
        let harness = SessionHarness()
        act(harness)
        #expect(harness.end == .violation(violation), "\(label)")
        #expect(harness.recorder.running.isEmpty && harness.recorder.mistakes == [], "\(label)")
        #expect(harness.memory.mappings == 0, "\(label)")
    }

    @Test func memoryTables() {
        let start = TestMemory.guestStart, user = TestMemory.userStart, size: UInt64 = 1 << 20
        let cases: [(String, [(UInt64, UInt64, UInt64, UInt64)], Int, VhostViolation.RegionProblem)] = [
            ("size 0", [(0, 0, 0, 0)], 0, .empty),
            ("size all", [(0, .max, 0, 0)], 0, .fileTooSmall),
            ("size wraps", [(4096, .max, 0, 0)], 0, .wraps),
            ("user address wraps", [(0, 1 << 20, .max - 4096, 0)], 0, .wraps),
            ("offset wraps", [(0, 1 << 20, 0, .max - 4095)], 0, .wraps),
            ("beyond the file", [(start, 1 << 34, user, 0)], 0, .fileTooSmall),
            ("offset beyond the file", [(start, size, user, 4096)], 0, .fileTooSmall),
            ("overlap", [(start, size, user, 0), (start, size, user, 0)], 1, .overlaps),
            ("overlap by a byte", [(start, size, user, 0), (start + size - 1, 1, 0, 0)], 1, .overlaps),
        ]
        for (label, regions, index, problem) in cases {
            expectEnd(.region(index: index, problem), label) { harness in
                harness.negotiate()
                harness.send(
                    .setMemoryTable, TestMemory.table(regions),
                    files: regions.map { _ in harness.memory.file.number })
            }
        }
    }

    @Test func memoryFilesOfTheWrongKind() throws {
        let event = makeEvent(), folder = FileDescriptor(owning: open("/", O_RDONLY))
        let device = FileDescriptor(owning: open("/dev/zero", O_RDWR))
        let processFile = FileDescriptor(owning: open("/proc/self/status", O_RDONLY))
        let cases: [(String, CInt, VhostViolation.RegionProblem)] = [
            ("eventfd", event.number, .notAFile), ("folder", folder.number, .notAFile),
            ("device", device.number, .notAFile), ("proc", processFile.number, .fileTooSmall),
        ]
        for (label, number, problem) in cases {
            expectEnd(.region(index: 0, problem), label) { harness in
                harness.negotiate()
                harness.send(.setMemoryTable, harness.memory.table, files: [number])
            }
        }
        expectEnd(.region(index: 0, .notAFile), "socket") { harness in
            harness.send(.setMemoryTable, harness.memory.table, files: [harness.frontEnd.socket.number])
        }
        withExtendedLifetime((event, folder, device, processFile)) {}
    }

    @Test func memoryThatCantBeWritten() throws {
        let memory = TestMemory()
        let readOnly = FileDescriptor(owning: open("/proc/self/fd/\(memory.file.number)", O_RDONLY))
        expectEnd(.region(index: 0, .mapping(errno: EACCES))) { harness in
            harness.send(.setMemoryTable, harness.memory.table, files: [readOnly.number])
        }
    }

    @Test func descriptorsThatDontBelong() {
        let event = makeEvent()
        expectEnd(.tooManyDescriptors, "nine") { harness in
            harness.send(.setOwner, files: Array(repeating: event.number, count: 9))
        }
        expectEnd(.tooManyDescriptors, "in two pieces") { harness in
            let bytes = TestMessage(request: 3, payload: []).bytes
            harness.frontEnd.post(bytes: Array(bytes[..<6]), files: Array(repeating: event.number, count: 5))
            harness.frontEnd.post(bytes: Array(bytes[6...]), files: Array(repeating: event.number, count: 5))
            harness.serve()
        }
        expectEnd(.descriptors(request: 13, count: 8), "flood") { harness in
            for _ in 0..<300 {
                harness.frontEnd.post(
                    .setRingCall, little(UInt64(0)), files: Array(repeating: event.number, count: 8))
            }
            harness.serve()
        }
        expectEnd(.descriptors(request: 3, count: 1), "not wanted") { harness in
            harness.send(.setOwner, files: [event.number])
        }
        expectEnd(.descriptors(request: 5, count: 8), "memory with too many") { harness in
            harness.send(
                .setMemoryTable, harness.memory.table,
                files: Array(repeating: harness.memory.file.number, count: 8))
        }
        #expect(fcntl(event.number, F_GETFD) >= 0)
    }

    @Test func notifiersOfTheWrongKind() {
        for (number, code) in [(VhostRequestNumber.setRingKick, UInt32(12)), (.setRingCall, 13), (.setRingError, 14)] {
            expectEnd(.descriptorKind(request: code), "file") { harness in
                harness.negotiate()
                harness.send(number, little(UInt64(0)), files: [harness.memory.file.number])
            }
            expectEnd(.descriptorKind(request: code), "socket") { harness in
                harness.negotiate()
                harness.send(number, little(UInt64(0)), files: [harness.frontEnd.socket.number])
            }
        }
    }

    @Test func rings() {
        let user = TestMemory.userStart, end = TestMemory.userStart + (1 << 20)
        let good = SessionHarness.addresses(0)
        let cases: [(String, UInt32, UInt32, [UInt64], VhostViolation)] = [
            ("63 entries", 63, 0, good, .ringSize(queue: 0, 63)),
            ("base", 64, 0x10000, good, .ringBase(queue: 0, 0x10000)),
            ("outside", 64, 0, [1 << 40, 1 << 41, 1 << 42], .ringAddress(queue: 0)),
            ("below", 64, 0, [user - 16, good[1], good[2]], .ringAddress(queue: 0)),
            ("behind", 64, 0, [end, good[1], good[2]], .ringAddress(queue: 0)),
            ("descriptors at the edge", 64, 0, [end - 1008, good[1], good[2]], .ringAddress(queue: 0)),
            ("used at the edge", 64, 0, [good[0], end - 512, good[2]], .ringAddress(queue: 0)),
            ("available at the edge", 64, 0, [good[0], good[1], end - 130], .ringAddress(queue: 0)),
            ("wraps", 64, 0, [.max - 15, good[1], good[2]], .ringAddress(queue: 0)),
            ("descriptors not aligned", 64, 0, [user + 1, good[1], good[2]], .ringAlignment(queue: 0)),
            ("used not aligned", 64, 0, [user, good[1] + 2, good[2]], .ringAlignment(queue: 0)),
            ("available not aligned", 64, 0, [user, good[1], good[2] + 1], .ringAlignment(queue: 0)),
        ]
        for (label, size, base, addresses, violation) in cases {
            expectEnd(violation, label) { harness in
                harness.negotiate()
                harness.setMemory()
                harness.bring(up: 0, size: size, base: base, addresses: addresses)
            }
        }
        // To the last byte is well.
        let harness = SessionHarness()
        harness.negotiate()
        harness.setMemory()
        harness.bring(up: 0, addresses: [end - 1024, good[1], good[2]])
        harness.bring(up: 1, addresses: [good[0], end - 516 - 1024, end - 132 - 2048])
        #expect(harness.end == nil && harness.recorder.running.count == 2)
    }

    @Test func packedRingBase() {
        for base in [UInt32(0x8000_8064), 0x8064_8000, 0x0000_0064] {
            expectEnd(.ringBase(queue: 0, base)) { harness in
                harness.features |= VirtioFeatures.packedRing
                harness.negotiate()
                harness.setMemory()
                harness.bring(up: 0, size: 100, base: base)
            }
        }
    }

    @Test func queueThatIsNotThere() {
        for queue in [2, 255] {
            expectEnd(.queueIndex(UInt32(queue)), "\(queue)") { $0.send(.setRingSize, SessionHarness.state(queue, 64)) }
            expectEnd(.queueIndex(UInt32(queue)), "\(queue)") { $0.send(.getRingBase, SessionHarness.state(queue, 0)) }
            expectEnd(.queueIndex(UInt32(queue)), "\(queue)") { $0.send(.setRingKick, little(UInt64(queue | 0x100))) }
            expectEnd(.queueIndex(UInt32(queue)), "\(queue)") { $0.send(.setRingCall, little(UInt64(queue | 0x100))) }
            expectEnd(.queueIndex(UInt32(queue)), "\(queue)") {
                $0.send(.setRingEnabled, SessionHarness.state(queue, 1))
            }
        }
    }

    @Test func featuresThatWereNotOffered() {
        expectEnd(.features(.max)) { $0.send(.setFeatures, little(UInt64.max)) }
        expectEnd(.protocolFeatures(.max)) { $0.send(.setProtocolFeatures, little(UInt64.max)) }
    }

    /// What comes in no order that makes sense is borne.
    @Test func incompleteQueues() {
        let harness = SessionHarness()
        harness.negotiate()
        harness.bring(up: 0)
        #expect(harness.recorder.running.isEmpty)
        harness.send(.setRingEnabled, SessionHarness.state(1, 1))
        #expect(harness.ask(.getRingBase, SessionHarness.state(1, 0)) == 1)
        #expect(harness.end == nil && harness.recorder.running.isEmpty)
        harness.setMemory()
        #expect(harness.recorder.running.keys.sorted() == [0], "memory was what it waited for")
    }

    @Test func logTooSmall() {
        let log = TestMemory(size: 4096)
        expectEnd(.logTooSmall(bytes: 8, needed: (TestMemory.guestStart + (1 << 20)) >> 15)) { harness in
            harness.bringUp()
            harness.send(.setLogBase, little(UInt64(8)) + little(UInt64(0)), files: [log.file.number])
        }
        expectEnd(.region(index: 0, .fileTooSmall)) { harness in
            harness.bringUp()
            harness.send(.setLogBase, little(UInt64(1) << 40) + little(UInt64(0)), files: [log.file.number])
        }
        let event = makeEvent()
        expectEnd(.region(index: 0, .notAFile)) { harness in
            harness.send(.setLogBase, little(UInt64(1) << 40) + little(UInt64(0)), files: [event.number])
        }
        // Memory that grows beyond the log while it is in use.
        expectEnd(.logTooSmall(bytes: 32, needed: (TestMemory.guestStart + (1 << 20)) >> 15)) { harness in
            harness.negotiate()
            harness.send(.setLogBase, little(UInt64(32)) + little(UInt64(0)), files: [log.file.number])
            harness.send(.setFeatures, little(harness.features | VirtioFeatures.logAll))
            harness.setMemory()
            harness.bring(up: 0)
        }
        #expect(log.mappings == 0)
    }

    @Test func inflightSizes() {
        for (queues, size) in [(UInt16.max, UInt16.max), (2, 0), (0, 64), (3, 64), (2, 65535), (1, 1)] {
            let wish = little(UInt64(1) << 50) + little(UInt64(0)) + little(UInt16(queues)) + little(UInt16(size))
            expectEnd(.inflightSize, "\(queues) × \(size)") { $0.send(.getInflight, wish) }
            let file = TestMemory()
            expectEnd(.inflightSize, "\(queues) × \(size)") { $0.send(.setInflight, wish, files: [file.file.number]) }
        }
        let file = TestMemory(size: 64)
        let wish = little(UInt64(4224)) + little(UInt64(0)) + little(UInt16(2)) + little(UInt16(64))
        expectEnd(.region(index: 0, .fileTooSmall)) { $0.send(.setInflight, wish, files: [file.file.number]) }
    }

    @Test func malformedMessages() {
        expectEnd(.unknownRequest(200)) {
            $0.frontEnd.post(bytes: TestMessage(request: 200, payload: []).bytes)
            $0.serve()
        }
        expectEnd(.version(0)) {
            $0.frontEnd.flags = 0
            $0.send(.setOwner)
        }
        expectEnd(.payloadSize(request: 2, size: 1)) { $0.send(.setFeatures, [1]) }
    }

    @Test func halfMessage() throws {
        let header = Array(TestMessage(request: 2, payload: []).bytes[..<3])
        for bytes in [header, TestMessage(request: 2, payload: [0], size: 8).bytes] {
            let harness = SessionHarness()
            harness.bringUp()
            harness.frontEnd.post(bytes: bytes)
            #expect(harness.serve() == nil)
            let deadline = try #require(harness.session.deadline)
            #expect(deadline > harness.now && deadline <= harness.now + 5_000_000_000)
            harness.now = deadline - 1
            #expect(harness.serve() == nil)
            harness.now = deadline
            #expect(harness.serve() == .violation(.halfMessage))
            #expect(harness.recorder.running.isEmpty)
        }
    }

    @Test func messageFloodHasItsTurnAndNoMore() {
        let harness = SessionHarness()
        harness.negotiate()
        for index in 0..<100 { harness.frontEnd.post(.setMTU, little(UInt64(100 + index))) }
        #expect(harness.session.serve(now: harness.now) == nil)
        harness.bringUp()
        #expect(harness.recorder.log == ["up mtu 199"])
        var turns = 0
        for index in 0..<100 { harness.frontEnd.post(.announce, [2, 0, 0, 0, 0, UInt8(index), 0, 0]) }
        while harness.recorder.log.count < 101 {
            let before = harness.recorder.log.count
            #expect(harness.session.serve(now: harness.now) == nil)
            #expect(harness.recorder.log.count - before <= 32)
            turns += 1
        }
        #expect(turns >= 4)
    }

    @Test func answersThatNobodyReads() {
        let harness = SessionHarness()
        var sent = 0
        while harness.end == nil, sent < 100_000 {
            harness.frontEnd.post(.getFeatures)
            harness.serve()
            sent += 1
        }
        #expect(harness.end == .violation(.doesNotRead))
    }

    @Test func refusalInWords() {
        let harness = SessionHarness()
        harness.bringUp()
        #expect(harness.acknowledged(.setMTU, little(UInt64(0))) == 1)
        #expect(harness.acknowledged(.setFeatures, little(UInt64.max)) == 1)
        let empty = TestMemory.table([(0, 0, 0, 0)])
        #expect(harness.acknowledged(.setMemoryTable, empty, files: [harness.memory.file.number]) == 1)
        #expect(harness.end == nil && harness.recorder.running.count == 2)
    }

    @Test func peerGoes() {
        let harness = SessionHarness()
        harness.bringUp()
        shutdown(harness.frontEnd.socket.number, Int32(SHUT_RDWR))
        #expect(harness.serve() == .closedByPeer)
        #expect(harness.recorder.running.isEmpty && harness.memory.mappings == 0)
    }
}
