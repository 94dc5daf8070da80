import Foundation
import Packet
import TestSupport
import Testing

@testable import Datapath

struct BucketChoiceTests {
    private static func choose(_ hash: UInt64, _ buckets: [(key: UInt64, weight: UInt16)]) -> UInt64 {
        buckets.max {
            BucketChoice.score(hash, $0.key, weight: $0.weight) < BucketChoice.score(hash, $1.key, weight: $1.weight)
        }!.key
    }

    @Test func logarithm() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<20000 {
            let number = random.next() >> UInt64(random.below(50)) | 1
            let exact = 64 - log2(Double(number))
            #expect(abs(BucketChoice.negativeLogarithm(number) - exact) < 1e-4, "\(number)")
        }
        #expect(BucketChoice.negativeLogarithm(.max) > 0)
        #expect(BucketChoice.negativeLogarithm(0) > 60)
    }

    /// In proportion to the weights.
    @Test(arguments: [[1, 1], [1, 2], [1, 10, 100], [5, 5, 5, 1], [65535, 1]])
    func shares(weights: [UInt16]) {
        var random = SeededGenerator(seed: 11)
        let buckets = weights.enumerated().map { (key: UInt64($0) &* 0x1234_5678_9abc, weight: $1) }
        var counts = [UInt64: Double]()
        let draws = 40000.0
        for _ in 0..<Int(draws) { counts[Self.choose(random.next(), buckets), default: 0] += 1 }
        let sum = weights.reduce(0.0) { $0 + Double($1) }
        for bucket in buckets {
            let expected = draws * Double(bucket.weight) / sum
            // Five standard deviations.
            #expect(abs(counts[bucket.key, default: 0] - expected) < 5 * sqrt(expected) + 1, "\(weights): \(counts)")
        }
    }

    /// A bucket that goes gives up its packets and moves no other.
    @Test func stable() {
        var random = SeededGenerator(seed: 12)
        let buckets = (1...8).map { (key: UInt64($0), weight: UInt16($0)) }
        for _ in 0..<5000 {
            let hash = random.next()
            let before = Self.choose(hash, buckets)
            let after = Self.choose(hash, buckets.filter { $0.key != 5 })
            if before != 5 { #expect(after == before) }
        }
    }

    /// Each header field that tells flows apart tells them apart here too; what changes on the way does not.
    @Test func fields() {
        func hash(_ change: (inout FlowKey) -> Void) -> UInt64 {
            var key = FlowKey()
            key[.ethType] = 0x0800
            key[.ipProto] = 6
            change(&key)
            return withUnsafePointer(to: key) { BucketChoice.hash($0, 99) }
        }
        let plain = hash { _ in }
        let fields: [FieldID] = [
            .ethDst, .ethSrc, .ethType, .vlanVID, .ipv4Src, .ipv4Dst, .ipv6Src, .ipv6Dst, .ipProto, .tcpSrc, .tcpDst,
            .mplsLabel,
        ]
        for field in fields { #expect(hash { $0[field] = 5 } != plain, "\(field)") }
        for field in [FieldID.ipTTL, .tcpFlags, .ipDSCP, .inPort, .mplsTTL] {
            #expect(hash { $0[field] = 5 } == plain, "\(field)")
        }
    }
}
