import Foundation
import Testing
import VhostUser

/// Bytes become requests, or an error that says what was wrong.
@Suite struct MessageTests {
    private func parse(
        _ number: VhostRequestNumber, _ payload: [UInt8], files: Int = 0
    ) throws(VhostViolation) -> VhostRequest {
        let header = VhostMessageHeader(request: number.rawValue, payloadSize: payload.count)
        return try VhostRequest(header, payload: payload, descriptors: files)
    }

    private func state(_ queue: UInt32, _ value: UInt32) -> [UInt8] { little(queue) + little(value) }

    @Test func headersReadBack() throws {
        for number in VhostRequestNumber.allCases {
            for needsReply in [false, true] {
                let header = VhostMessageHeader(request: number.rawValue, needsReply: needsReply, payloadSize: 264)
                #expect(try VhostMessageHeader(header.requestBytes) == header)
            }
        }
    }

    @Test(arguments: [
        (TestMessage(request: 3, payload: [], flags: 0), VhostViolation.version(0)),
        (TestMessage(request: 3, payload: [], flags: 2), .version(2)),
        (TestMessage(request: 3, payload: [], flags: 5), .replyExpectedOfNobody(3)),
        (TestMessage(request: 2, payload: [], size: 0xffff_ffff), .payloadSize(request: 2, size: 0xffff_ffff)),
        (TestMessage(request: 2, payload: [], size: 4097), .payloadSize(request: 2, size: 4097)),
    ])
    func badHeaders(message: TestMessage, violation: VhostViolation) {
        #expect(throws: violation) { try VhostMessageHeader(message.bytes) }
    }

    @Test func requestsReadBack() throws {
        #expect(try parse(.getFeatures, []) == .getFeatures)
        #expect(try parse(.setFeatures, little(UInt64(0x1_4000_8000))) == .setFeatures(0x1_4000_8000))
        #expect(try parse(.setRingSize, state(3, 256)) == .setRingSize(queue: 3, 256))
        #expect(try parse(.setRingBase, state(1, 0x8005_8003)) == .setRingBase(queue: 1, 0x8005_8003))
        #expect(try parse(.setRingEnabled, state(2, 1)) == .setRingEnabled(queue: 2, true))
        #expect(try parse(.setRingKick, little(UInt64(4)), files: 1) == .setRingKick(queue: 4, hasDescriptor: true))
        #expect(try parse(.setRingKick, little(UInt64(0x104))) == .setRingKick(queue: 4, hasDescriptor: false))
        #expect(try parse(.setMTU, little(UInt64(1500))) == .setMTU(1500))
        let log = little(UInt64(8)) + little(UInt64(9))
        #expect(try parse(.setLogBase, log, files: 1) == .setLogBase(size: 8, offset: 9))
        let regions = TestMemory.table([(1, 2, 3, 4), (5, 6, 7, 8)])
        guard case .setMemoryTable(let table) = try parse(.setMemoryTable, regions, files: 2) else {
            Issue.record("not a memory table")
            return
        }
        #expect(table.map(\.guestStart) == [1, 5] && table.map(\.size) == [2, 6])
        #expect(table.map(\.userStart) == [3, 7] && table.map(\.fileOffset) == [4, 8])
        let address = state(1, 1) + [10, 20, 30, 40].flatMap { little(UInt64($0)) }
        guard case .setRingAddresses(1, let parts) = try parse(.setRingAddresses, address) else {
            Issue.record("not ring addresses")
            return
        }
        #expect(parts.descriptors == 10 && parts.deviceArea == 20 && parts.driverArea == 30)
    }

    /// Each request refuses each payload size that is not its own, and each number of descriptors.
    @Test(arguments: VhostRequestNumber.allCases)
    func sizesAndDescriptors(number: VhostRequestNumber) {
        let right: [VhostRequestNumber: (sizes: Set<Int>, files: Set<Int>)] = [
            .getFeatures: ([0], [0]), .setOwner: ([0], [0]), .resetOwner: ([0], [0]), .getStatus: ([0], [0]),
            .getProtocolFeatures: ([0], [0]), .getQueueCount: ([0], [0]), .setLogDescriptor: ([0, 8], [1]),
            .setLogBase: ([16], [1]), .setRingAddresses: ([40], [0]), .getInflight: ([20, 24], [0]),
            .setInflight: ([20, 24], [1]), .setMemoryTable: ([40], [1]), .setRingKick: ([8], [1]),
            .setRingCall: ([8], [1]), .setRingError: ([8], [1]), .advisePostCopy: ([0], [0]),
            .listenPostCopy: ([0], [0]), .endPostCopy: ([0], [0]),
        ]
        let (sizes, files) = right[number] ?? ([8], [0])
        for size in 0...80 {
            // Two as the first word: a queue, a count, a value that is allowed; then one region.
            var payload = [UInt8](repeating: 0, count: size)
            if size > 0 { payload[0] = number == .setMemoryTable ? 1 : number == .setMTU ? 200 : 2 }
            if number == .setRingSize, size > 4 { payload[4] = 2 }
            for count in 0...8 {
                let isRight = sizes.contains(size) && files.contains(count)
                let isTaken = (try? parse(number, payload, files: count)) != nil
                #expect(isTaken == isRight, "\(number) \(size) bytes, \(count) descriptors")
            }
        }
    }

    @Test func badValues() {
        let none: [UInt8] = []
        let cases: [(VhostRequestNumber, [UInt8], Int, VhostViolation)] = [
            (.setRingSize, state(0, 0), 0, .ringSize(queue: 0, 0)),
            (.setRingSize, state(0, 1), 0, .ringSize(queue: 0, 1)),
            (.setRingSize, state(0, 32769), 0, .ringSize(queue: 0, 32769)),
            (.setRingSize, state(0, .max), 0, .ringSize(queue: 0, Int(UInt32.max))),
            (.setRingSize, state(256, 64), 0, .queueIndex(256)),
            (.getRingBase, state(.max, 0), 0, .queueIndex(.max)),
            (.setRingEnabled, state(0, 2), 0, .value(request: 18, 2)),
            (.setRingKick, little(UInt64(0)), 0, .descriptors(request: 12, count: 0)),
            (.setRingCall, little(UInt64(0x100)), 1, .descriptors(request: 13, count: 1)),
            (.setRingCall, little(UInt64(0x200)), 1, .value(request: 13, 0x200)),
            (.setMTU, little(UInt64(67)), 0, .value(request: 20, 67)),
            (.setMTU, little(UInt64(65536)), 0, .value(request: 20, 65536)),
            (.announce, little(UInt64.max), 0, .value(request: 19, .max)),
            (.announce, little(UInt64(0)), 0, .value(request: 19, 0)),
            (.setStatus, little(UInt64(256)), 0, .value(request: 39, 256)),
            (.setMemoryTable, TestMemory.table([]), 0, .regionCount(0)),
            (.setMemoryTable, little(UInt32.max) + little(UInt32(0)), 0, .regionCount(Int(UInt32.max))),
            (.setMemoryTable, little(UInt64(2)) + none, 0, .payloadSize(request: 5, size: 8)),
        ]
        for (number, payload, files, violation) in cases {
            #expect(throws: violation, "\(number)") { try parse(number, payload, files: files) }
        }
    }

    @Test func unknownRequest() {
        let header = VhostMessageHeader(request: 200, payloadSize: 0)
        #expect(throws: VhostViolation.unknownRequest(200)) {
            try VhostRequest(header, payload: [], descriptors: 0)
        }
    }
}
