import Testing
import VhostUser

/// A guest whose memory comes after it: nothing of it is touched before it is all there.
@Suite struct PostCopyTests {
    private let harness = SessionHarness()

    private func begin() throws {
        harness.negotiate(protocolBits: 0x110b)
        harness.send(.advisePostCopy)
        let (answer, file) = try #require(harness.frontEnd.answer())
        #expect(answer.request == VhostRequestNumber.advisePostCopy.rawValue && answer.payload.isEmpty)
        #expect(file != nil)
        #expect(harness.acknowledged(.listenPostCopy) == 0)
    }

    private func setMemory() throws {
        harness.setMemory()
        let answer = try #require(harness.frontEnd.answer()).answer
        let base = UInt64(UInt(bitPattern: try #require(harness.memory.mappedAt)))
        #expect(answer.request == VhostRequestNumber.setMemoryTable.rawValue)
        #expect(answer.payload == TestMemory.table([(TestMemory.guestStart, harness.memory.size, base, 0)]))
    }

    @Test func restsUntilTheEnd() throws {
        if !PostCopyTests.isOffered { return print("skipped: the kernel gives no userfaultfd") }
        try begin()
        for _ in 0..<2 {
            try setMemory()
            harness.send(.setMemoryTable, little(UInt64(0)))
            #expect(harness.frontEnd.answer() == nil && harness.end == nil)
        }
        for queue in 0..<2 { harness.bring(up: queue, base: 5) }
        harness.send(.announce, [0x52, 0x54, 0, 1, 2, 3, 0, 0])
        #expect(harness.recorder.starts == 0 && harness.recorder.log == ["announce 525400010203"])
        #expect(harness.acknowledged(.endPostCopy) == 0)
        #expect(harness.frontEnd.answer() == nil)
        #expect(harness.recorder.running.keys.sorted() == [0, 1] && harness.recorder.running[1]?.base == 5)
        // From now on a table is a table like any other.
        harness.setMemory()
        #expect(harness.frontEnd.answer() == nil && harness.recorder.running.count == 2)
        #expect(harness.recorder.mistakes == [] && harness.end == nil)
    }

    @Test func stopsWhatRuns() throws {
        if !PostCopyTests.isOffered { return print("skipped: the kernel gives no userfaultfd") }
        harness.bringUp()
        #expect(harness.recorder.running.count == 2)
        harness.send(.advisePostCopy)
        #expect(harness.frontEnd.answer()?.file != nil && harness.recorder.running.count == 2)
        #expect(harness.acknowledged(.listenPostCopy) == 0 && harness.recorder.running.isEmpty)
        #expect(harness.ask(.getRingBase, SessionHarness.state(0, 0)) == 0)
    }

    @Test func wrongOrderIsRefused() throws {
        if !PostCopyTests.isOffered { return print("skipped: the kernel gives no userfaultfd") }
        harness.negotiate(protocolBits: 0x110b)
        #expect(harness.acknowledged(.listenPostCopy) == 1)
        #expect(harness.acknowledged(.endPostCopy) == 1)
        try begin()
        try setMemory()
        // No consent: the front-end has not understood where its memory lies.
        #expect(harness.send(.setMemoryTable, little(UInt64(1))) == .violation(.value(request: 5, 1)))
        let other = SessionHarness()
        other.negotiate(protocolBits: 0x110b)
        other.send(.advisePostCopy)
        _ = other.frontEnd.answer()
        _ = other.acknowledged(.listenPostCopy)
        other.setMemory()
        #expect(other.send(.getFeatures) == .violation(.postCopyOrder))
    }

    private static var isOffered: Bool { VhostProtocolFeatures.supported & VhostProtocolFeatures.pageFault != 0 }
}
