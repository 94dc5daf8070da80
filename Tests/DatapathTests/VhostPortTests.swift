import DPDK
import FlowTable
import Packet
import TestSupport
import Testing
import VhostUser

@testable import Datapath

/// Ports 0 and 1 joined.
private final class Crossing: Pipeline {
    let examinableMask = FlowMask()

    func translate(_ key: FlowKey, passes: ContiguousArray<Pass>, into translation: inout Translation) {
        // Both ports see the same bridge, whose only question is where a packet came from.
        let port: UInt16 = key[.inPort] == 1 ? 1 : 0
        translation.instructions = [Instruction(.output, detail: Instruction.Delivery.final.rawValue, port: port)]
        translation.mask[.inPort] = .max
    }
}

@Suite(.serialized) struct VhostPortTests {
    private final class Guest {
        let memory = GuestMemory()
        let receiving: GuestRing
        let sending: GuestRing
        let port: VhostPort
        var posted: [Int: GuestRing.Buffer] = [:]

        init(_ port: VhostPort, packed: Bool) {
            self.port = port
            let features = VirtioFeatures.version1 | VirtioFeatures.mergeableBuffers
                | (packed ? VirtioFeatures.packedRing : 0)
            receiving = GuestRing(memory, size: 256, features: features)
            sending = GuestRing(memory, size: 256, features: features, place: 1)
        }

        func start(_ datapath: Datapath, pair: Int = 0) {
            datapath.startQueue(receiving.setup(index: 2 * pair), memory: memory.map, of: port)
            datapath.startQueue(sending.setup(index: 2 * pair + 1), memory: memory.map, of: port)
        }

        func post() {
            while true {
                let buffer = GuestRing.Buffer(memory.buffer(1526), 1526)
                guard let id = receiving.post([buffer], writable: true) else { return }
                posted[id] = buffer
            }
        }

        /// Frames received so far.
        func receive() -> [[UInt8]] {
            receiving.reap().map { memory.bytes(posted[$0.id]!.address + 12, $0.written - 12) }
        }
    }

    private func makeDatapath(workers: Int) throws -> (Datapath, Int) {
        var options = DatapathOptions()
        options.workerCores = Array(repeating: nil, count: workers)
        options.packetBuffers = 4095
        let datapath = try Datapath(environment: TestEnvironment.shared, options: options)
        let table = try #require(MacTable(capacity: 64, ageingSeconds: 300))
        return (datapath, datapath.addBridge(pipeline: Crossing(), macTable: table))
    }

    /// Waits until something is so, for long enough on any machine.
    private func wait(_ isSo: () -> Bool) -> Bool {
        for _ in 0..<200_000 {
            if isSo() { return true }
            PolledThread.sleep(microseconds: 50)
        }
        return false
    }

    @Test(arguments: [1, 2], [false, true])
    func framesCross(workers: Int, packed: Bool) throws {
        let (datapath, bridge) = try makeDatapath(workers: workers)
        let ports = try (1...2).map { try #require(try datapath.addVhostPort(number: $0, pairs: 1, bridge: bridge)) }
        let guests = ports.map { Guest($0, packed: packed) }
        try datapath.start()
        defer { datapath.stop() }
        for guest in guests {
            guest.post()
            guest.start(datapath)
        }
        var random = SeededGenerator(seed: 3)
        for round in 0..<40 {
            let from = guests[round % 2], to = guests[1 - round % 2]
            let frames = (0..<(1 + random.below(100))).map { _ in random.pattern(60 + random.below(1400)) }
            for frame in frames {
                let address = from.memory.put([UInt8](repeating: 0, count: 12) + frame)
                _ = try #require(from.sending.post([.init(address, 12 + frame.count)], writable: false))
            }
            var got: [[UInt8]] = []
            let arrived = wait {
                got += to.receive()
                return got.count >= frames.count
            }
            #expect(arrived && got == frames)
            to.post()
            #expect(wait { from.sending.reap(); return from.sending.freeSlots == 256 })
        }
        #expect(datapath.counters.isBalanced)
        #expect(datapath.counters.droppedPackets == 0)
        #expect(datapath.stopQueue(1, of: ports[0]) != nil)
        #expect(datapath.stopQueue(1, of: ports[0]) == nil)
    }

    @Test(arguments: [1, 2])
    func absentAndSlowGuestsCostTheirOwnPackets(workers: Int) throws {
        let (datapath, bridge) = try makeDatapath(workers: workers)
        let ports = try (1...2).map { try #require(try datapath.addVhostPort(number: $0, pairs: 1, bridge: bridge)) }
        let guests = ports.map { Guest($0, packed: false) }
        try datapath.start()
        defer { datapath.stop() }
        guests[0].start(datapath)
        func sendFrames(_ count: Int) {
            for _ in 0..<count {
                let address = guests[0].memory.put([UInt8](repeating: 1, count: 72))
                _ = guests[0].sending.post([.init(address, 72)], writable: false)
            }
        }
        func dropped(_ reason: DropReason) -> UInt64 { datapath.counters(ofPort: ports[0].port).dropped[reason.index] }
        sendFrames(50)
        #expect(wait { dropped(.guestNotReady) == 50 })
        // Started, but without a single buffer.
        guests[1].start(datapath)
        for _ in 0..<30 {
            sendFrames(100)
            #expect(wait { guests[0].sending.reap(); return guests[0].sending.freeSlots == 256 })
        }
        #expect(wait { datapath.counters.isBalanced })
        // With two workers, the ring between them and a burst in hand have taken packets first.
        #expect(dropped(.guestRingFull) >= (workers == 1 ? 3000 : 3000 - 1023 - 32))
        // Its ring is broken by its index.
        if workers == 1 {
            guests[1].receiving.store16(guests[1].receiving.driverArea + 2, 0x8000)
            sendFrames(10)
            #expect(wait { dropped(.guestRingBroken) == 10 })
        }
        datapath.removeVhostPort(ports[1], bridge: bridge)
        #expect(wait { datapath.counters.isBalanced })
    }

    @Test func queuesSpreadOverWorkers() throws {
        let (datapath, bridge) = try makeDatapath(workers: 2)
        let port = try #require(try datapath.addVhostPort(number: 1, pairs: 4, bridge: bridge))
        #expect(port.owners == [0, 1, 0, 1])
        let guest = Guest(port, packed: false)
        guest.start(datapath, pair: 3)
        #expect(port.routes[0].pair == nil && port.routes[0].ring == port.rings[3].raw)
        #expect(port.routes[1].pair == port.pairs + 3)
        #expect(datapath.queueReports(of: port).map(\.index).sorted() == [6, 7])
        datapath.removeVhostPort(port, bridge: bridge)
        #expect(port.routes[1].pair == nil)
        // Asked for, a worker is the first pair's; the next port's turn is not changed by that.
        let placed = try #require(try datapath.addVhostPort(number: 2, pairs: 3, bridge: bridge, worker: 1))
        #expect(placed.owners == [1, 0, 1])
        let next = try #require(try datapath.addVhostPort(number: 3, pairs: 1, bridge: bridge))
        #expect(next.owners == [0])
        for port in [placed, next] { datapath.removeVhostPort(port, bridge: bridge) }
    }
}
