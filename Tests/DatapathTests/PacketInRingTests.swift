import DPDK
import Synchronization
import TestSupport
import Testing

@testable import Datapath

/// What goes in comes out, in order, or is refused; never another's bytes.
@Suite(.serialized)
struct PacketInRingTests {
    private static let pool = Result { () throws -> PacketPool in
        _ = try TestEnvironment.shared
        return try PacketPool(name: "packet-in", count: 1023)
    }

    private static func message(_ random: inout SeededGenerator) -> ControllerMessage {
        var message = ControllerMessage()
        message.reason = UInt8(random.below(6))
        message.table = UInt8(random.below(255))
        message.cookie = random.next()
        message.maximumLength = UInt16(random.below(65536))
        message.controllerID = UInt16(random.below(65536))
        message.pauses = random.chance(50)
        message.isExpired = random.chance(50)
        message.inPort = UInt32(truncatingIfNeeded: random.next())
        message.userdata = (0..<random.below(40)).map { _ in UInt8(random.below(256)) }
        for word in [16, 18, 19, 26, 31] where random.chance(50) { message.pipeline.words[word] = random.next() }
        return message
    }

    @Test(arguments: 0..<20)
    func agreesWithAList(seed: UInt64) throws {
        let pool = try Self.pool.get()
        var random = SeededGenerator(seed: seed)
        let armed = UnsafeMutablePointer<Atomic<Bool>>.allocate(capacity: 1)
        armed.initialize(to: Atomic(false))
        defer { armed.deallocate() }
        let made = PacketInRing(byteCount: 1 << 14, armed: armed, event: -1)
        guard let ring = consume made else { throw DPDKError("no memory") }
        var waiting: [PacketIn] = []
        var refused = 0
        for _ in 0..<3000 {
            if random.chance(random.below(2) == 0 ? 40 : 60) {
                let message = Self.message(&random)
                let bytes = (0..<(1 + random.below(3000))).map { _ in UInt8(random.below(256)) }
                let buffer = Buffers.make(bytes, pool: pool, segment: 700)
                defer { buffer.free() }
                let isTaken = message.instructions.withUnsafeBufferPointer {
                    ring.append($0.baseAddress!, buffer, bridge: 3)
                }
                // A record of 3,300 bytes and what is skipped at the end always fit into half of the memory.
                if !isTaken {
                    refused += 1
                    #expect(waiting.reduce(0) { $0 + $1.bytes.count } > 8000, "seed \(seed)")
                } else {
                    waiting.append(PacketIn(bridge: 3, bytes: bytes, length: bytes.count, message: message))
                }
            } else {
                let taken = ring.take { header, words, bytes in
                    PacketIn(
                        bridge: Int(header.bridge), bytes: Array(bytes), length: Int(header.length),
                        message: ControllerMessage(words: words))
                }
                #expect(taken == waiting.first, "seed \(seed)")
                if !waiting.isEmpty { waiting.removeFirst() }
            }
        }
        #expect(refused > 0, "seed \(seed)")
    }

    /// User data is cut to what a program holds.
    @Test func longUserdata() {
        var message = ControllerMessage()
        message.userdata = Array(repeating: 7, count: 65535)
        #expect(message.instructions.count <= Instruction.controllerDataLimit)
        #expect(message.instructions.allSatisfy { $0.opcode == .controller || $0.opcode == .data })
    }
}
