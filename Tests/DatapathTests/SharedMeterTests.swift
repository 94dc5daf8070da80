import TestSupport
import Testing

@testable import Datapath

/// Meters against a clock of a thousand ticks a second.
struct SharedMeterTests {
    private static let clock = 1_000_000.0

    /// How many of the packets, one each `spacing` ticks, got each verdict.
    private static func count(
        _ meter: SharedMeter, _ packets: Int, length: Int, spacing: UInt64, from start: UInt64 = 1 << 40
    ) -> (passed: Int, dropped: Int, remarked: Int) {
        var result = (passed: 0, dropped: 0, remarked: 0)
        for number in 0..<packets {
            switch meter.state.pointee.measure(length: length, now: start + UInt64(number) * spacing) {
            case .pass: result.passed += 1
            case .drop: result.dropped += 1
            case .remark: result.remarked += 1
            }
        }
        return result
    }

    @Test(arguments: [1, 10, 100, 1000] as [UInt32])
    func packetsPerSecond(rate: UInt32) {
        let meter = SharedMeter(
            bands: [MeterBandSettings(rate: rate, burst: 5)], countsPackets: true, cyclesPerSecond: Self.clock)
        // Twice the rate for ten seconds.
        let spacing = UInt64(Self.clock) / UInt64(rate) / 2
        let count = Self.count(meter, Int(20 * rate), length: 100, spacing: spacing)
        #expect(abs(count.passed - Int(10 * rate)) <= 6, "\(count)")
        #expect(count.dropped == Int(20 * rate) - count.passed)
        #expect(meter.packets == UInt64(20 * rate) && meter.bytes == UInt64(2000 * rate))
        #expect(meter.bandCounts[0].packets == UInt64(count.dropped))
        #expect(meter.bandCounts[0].bytes == UInt64(100 * count.dropped))
    }

    @Test(arguments: [64, 1000, 1500])
    func kilobitsPerSecond(length: Int) {
        let meter = SharedMeter(
            bands: [MeterBandSettings(rate: 1000)], countsPackets: false, cyclesPerSecond: Self.clock)
        // 2 Mbit/s for twenty seconds.
        let spacing = UInt64(Self.clock * Double(length) * 8 / 2_000_000)
        let packets = Int(20 * 2_000_000 / (Double(length) * 8))
        let count = Self.count(meter, packets, length: length, spacing: spacing)
        let kilobits = Double(count.passed * length * 8) / 1000 / 20
        #expect(abs(kilobits - 1000) < 20, "\(kilobits)")
    }

    /// A burst passes whole after silence, and no more than that.
    @Test func burst() {
        let meter = SharedMeter(
            bands: [MeterBandSettings(rate: 100, burst: 40)], countsPackets: true, cyclesPerSecond: Self.clock)
        #expect(Self.count(meter, 100, length: 60, spacing: 0).passed == 40)
        // A tenth of a second later, ten more.
        #expect(Self.count(meter, 100, length: 60, spacing: 0, from: 1 << 40 + 100_000).passed == 10)
        // Days later, forty.
        #expect(Self.count(meter, 100, length: 60, spacing: 0, from: 1 << 50).passed == 40)
    }

    /// The band with the highest rate that is exceeded applies.
    @Test func bands() {
        let meter = SharedMeter(
            bands: [
                MeterBandSettings(rate: 200, burst: 2), MeterBandSettings(rate: 100, burst: 2, precedenceLevels: 1),
            ], countsPackets: true, cyclesPerSecond: Self.clock)
        // 300 packets a second for ten seconds.
        let count = Self.count(meter, 3000, length: 60, spacing: 3333)
        #expect(abs(count.passed - 1000) < 10 && abs(count.dropped - 1000) < 10 && abs(count.remarked - 1000) < 10)
    }

    /// A packet that is longer than the bucket passes a full one, and the rate is kept.
    @Test func longerThanTheBucket() {
        let meter = SharedMeter(
            bands: [MeterBandSettings(rate: 8, burst: 1)], countsPackets: false, cyclesPerSecond: Self.clock)
        // A thousand bytes a second may pass; 9,000 come each second.
        let count = Self.count(meter, 100, length: 9000, spacing: 1_000_000)
        #expect(count.passed == 12 || count.passed == 11, "\(count)")
    }

    @Test func rateZero() {
        let meter = SharedMeter(bands: [MeterBandSettings(rate: 0)], countsPackets: true)
        #expect(Self.count(meter, 10, length: 60, spacing: 1000).dropped == 10)
    }
}
