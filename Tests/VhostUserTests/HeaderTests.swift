import TestSupport
import Testing
import VhostUser

struct HeaderTests {
    private static let bytes: [UInt8] = [1, 0x81, 54, 0, 0xa8, 5, 34, 0, 16, 0, 0xee, 0xee]

    private func expected() -> VirtioNetHeader {
        var header = VirtioNetHeader()
        header.flags = VirtioNetHeader.needsChecksum
        header.segmentationType = VirtioNetHeader.tcp4 | VirtioNetHeader.ecn
        header.headerLength = 54
        header.segmentSize = 1448
        header.checksumStart = 34
        header.checksumOffset = 16
        return header
    }

    /// However the guest cuts header and frame into buffers, they are the same.
    @Test(arguments: [[72], [12, 60], [10, 62], [1, 11, 60], [5, 5, 5, 57], [11, 1, 1, 59]])
    func cutAnywhere(pieces: [Int]) {
        let bench = RingBench(size: 16, features: VirtioFeatures.version1 | VirtioFeatures.checksum)
        var rest = HeaderTests.bytes + (0..<60 as Range<UInt8>)
        var buffers: [GuestRing.Buffer] = []
        for piece in pieces {
            buffers.append(.init(bench.memory.put(Array(rest.prefix(piece))), piece))
            rest.removeFirst(piece)
        }
        _ = bench.ring.post(buffers, writable: false)
        #expect(bench.queue.pointee.take(into: bench.frames, limit: 32) == 1)
        #expect(bench.frames[0].header == expected())
        #expect(bench.frames[0].length == 60)
        #expect(!bench.frames[0].header.isPlain)
        bench.queue.pointee.undoTake()
        #expect(bench.receive() == [Array(0..<60)])
    }

    /// A guest that has not negotiated checksum offload has nothing to say in a header.
    @Test func ignoredWithoutNegotiation() {
        let bench = RingBench(size: 16, features: VirtioFeatures.version1)
        _ = bench.ring.post([.init(bench.memory.put(HeaderTests.bytes + [1]), 13)], writable: false)
        #expect(bench.queue.pointee.take(into: bench.frames, limit: 32) == 1)
        #expect(bench.frames[0].header.isPlain)
    }
}
