import CVhost
import Foundation
import Testing
import VhostUser

/// Random damage to a legal bring-up: nothing traps, nothing leaks, and the data path is told in the right order.
@Suite struct SessionMutationTests {
    /// SplitMix64.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
            return mixed ^ mixed >> 31
        }

        mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    }

    private struct Step {
        var message: TestMessage
        var files: [CInt]
    }

    /// Files of every kind that a message may bring.
    private struct Files {
        let memory = TestMemory(), log = TestMemory(), event = makeEvent()
        var all: [CInt] { [memory.file.number, log.file.number, event.number] }
    }

    private static func legal(_ files: Files, isPacked: Bool) -> [Step] {
        var steps: [Step] = []
        func add(_ number: VhostRequestNumber, _ payload: [UInt8] = [], _ descriptors: [CInt] = []) {
            steps.append(Step(message: TestMessage(request: number.rawValue, payload: payload), files: descriptors))
        }
        let features = SessionHarness.plainBits | VirtioFeatures.logAll | (isPacked ? VirtioFeatures.packedRing : 0)
        add(.getFeatures)
        add(.getProtocolFeatures)
        add(.setProtocolFeatures, little(VhostProtocolFeatures.supported))
        add(.setOwner)
        add(.setFeatures, little(features))
        add(.setMTU, little(UInt64(1500)))
        let table = TestMemory.table([
            (0x10000, 1 << 19, TestMemory.userStart, 0), (1 << 20, 1 << 19, TestMemory.userStart + (1 << 19), 1 << 19),
        ])
        add(.setMemoryTable, table, [files.memory.file.number, files.memory.file.number])
        add(.setLogBase, little(UInt64(4096)) + little(UInt64(0)), [files.log.file.number])
        let wish = little(UInt64(8192)) + little(UInt64(0)) + little(UInt16(2)) + little(UInt16(64))
        add(.getInflight, wish)
        add(.setInflight, wish, [files.log.file.number])
        for queue in 0..<2 {
            add(.setRingSize, SessionHarness.state(queue, 64))
            add(.setRingBase, SessionHarness.state(queue, isPacked ? 0x8000_8000 : 0))
            add(.setRingAddresses, SessionHarness.addressPayload(queue, SessionHarness.addresses(queue)))
            add(.setRingCall, little(UInt64(queue)), [files.event.number])
            add(.setRingKick, little(UInt64(queue)), [files.event.number])
            add(.setRingEnabled, SessionHarness.state(queue, 1))
        }
        add(.setStatus, little(UInt64(15)))
        add(.announce, [2, 0, 0, 0, 0, 1, 0, 0])
        add(.setRingEnabled, SessionHarness.state(1, 0))
        add(.getRingBase, SessionHarness.state(0, 0))
        return steps
    }

    private static let interesting: [UInt64] = [
        0, 1, 2, 63, 64, 0xff, 0x100, 0xfff, 0x1000, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 40,
        .max - 4095, .max, TestMemory.userStart, TestMemory.userStart + (1 << 20) - 1,
    ]

    private static func mutate(_ steps: inout [Step], _ files: Files, _ generator: inout Generator) {
        let index = generator.below(steps.count)
        switch generator.below(11) {
        case 0: steps.remove(at: index)
        case 1: steps.insert(steps[index], at: generator.below(steps.count))
        case 2: steps.swapAt(index, generator.below(steps.count))
        case 3: steps[index].message.request = UInt32(generator.below(48))
        case 4: steps[index].message.flags ^= 1 << UInt32(generator.below(8))
        case 5: steps[index].message.size = UInt32(truncatingIfNeeded: interesting[generator.below(interesting.count)])
        case 6: steps[index].message.payload.append(contentsOf: [UInt8](repeating: 0, count: generator.below(40)))
        case 7: steps[index].files.append(files.all[generator.below(files.all.count)])
        case 8: steps[index].files = [files.all[generator.below(files.all.count)]]
        case 9 where !steps[index].message.payload.isEmpty:
            let place = generator.below(steps[index].message.payload.count)
            steps[index].message.payload[place] ^= 1 << UInt8(generator.below(8))
        default:
            let count = steps[index].message.payload.count
            guard count >= 4 else { return }
            let place = generator.below(count / 4) * 4, value = little(interesting[generator.below(interesting.count)])
            for offset in 0..<min(8, count - place) { steps[index].message.payload[place + offset] = value[offset] }
        }
        if steps.isEmpty { steps = legal(files, isPacked: false) }
    }

    /// Runs the steps in pieces of random size; returns whether a queue ran at some time.
    private static func run(_ steps: [Step], _ files: Files, _ generator: inout Generator) -> Recorder {
        let (ours, theirs) = FrontEnd.pair()
        let recorder = Recorder()
        recorder.reached = [0: UInt32(generator.below(64)), 1: 0x8000_8000]
        let session = VhostSession(socket: theirs, options: VhostSessionOptions(), delegate: recorder)
        var isOver = false
        for step in steps where !isOver {
            let bytes = step.message.bytes
            let cut = generator.below(4) == 0 ? generator.below(bytes.count) + 1 : bytes.count
            ours.post(bytes: Array(bytes[..<cut]), files: step.files)
            if cut < bytes.count {
                isOver = session.serve(now: .max / 2) != nil
                ours.post(bytes: Array(bytes[cut...]))
            }
            if !isOver { isOver = session.serve(now: .max / 2) != nil }
            while ours.answer() != nil {}
        }
        session.close()
        return recorder
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func damagedBringUps(seed: UInt64) {
        var generator = Generator(state: seed)
        let files = Files()
        var started = 0
        for round in 0..<1500 {
            var steps = Self.legal(files, isPacked: round % 2 == 1)
            for _ in 0..<generator.below(6) { Self.mutate(&steps, files, &generator) }
            let recorder = Self.run(steps, files, &generator)
            #expect(recorder.mistakes == [] && recorder.running.isEmpty, "seed \(seed), round \(round)")
            started += recorder.starts
        }
        // The rounds were not all refused at the first message.
        #expect(started > 750, "seed \(seed)")
        #expect(files.memory.mappings == 0 && files.log.mappings == 0, "seed \(seed)")
        #expect(files.memory.descriptors == 1 && files.log.descriptors == 1, "seed \(seed)")
    }
}
