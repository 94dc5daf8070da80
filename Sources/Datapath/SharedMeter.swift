// Hot path: meters (OpenFlow 1.3.5 §5.7).
import DPDK
import Synchronization

/// What becomes of packets above one rate of a meter.
public struct MeterBandSettings: Sendable, Hashable {
    /// Kilobits or packets a second; 0: nothing is within the rate.
    public var rate: UInt32
    /// Kilobits or packets that may come at once; 0: a fifth of what the rate allows in a second.
    public var burst: UInt32
    /// Levels by which the drop precedence in DSCP is raised; `nil`: packets are dropped.
    public var precedenceLevels: UInt8?

    public init(rate: UInt32, burst: UInt32 = 0, precedenceLevels: UInt8? = nil) {
        self.rate = rate
        self.burst = burst
        self.precedenceLevels = precedenceLevels
    }
}

/// A meter as all workers share it, without locks: a few atomic words at a fixed address, which programs name.
// Safe: what the pointers lead to is constant or atomic, and freed with the last owner.
public final class SharedMeter: @unchecked Sendable {
    let state: UnsafeMutablePointer<MeterState>

    // Slow path: made by the control side.
    /// - Parameters:
    ///   - countsPackets: whether rates are in packets a second, not kilobits.
    ///   - cyclesPerSecond: of the clock that workers read.
    public init(
        bands: [MeterBandSettings], countsPackets: Bool, cyclesPerSecond: Double = Environment.cyclesPerSecond
    ) {
        state = .allocate(capacity: 1)
        let places = UnsafeMutablePointer<MeterBand>.allocate(capacity: max(bands.count, 1))
        for (index, band) in bands.enumerated() {
            (places + index).initialize(to: MeterBand(band, countsPackets, cyclesPerSecond))
        }
        state.initialize(to: MeterState(bands: places, bandCount: bands.count, countsPackets: countsPackets))
    }

    // Slow path: as above.
    deinit {
        state.pointee.bands.deinitialize(count: state.pointee.bandCount)
        state.pointee.bands.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    // Slow path: part of a translation.
    /// The `value` of a `meter` instruction. The meter must outlive the programs that have it.
    public var address: UInt64 { UInt64(UInt(bitPattern: state)) }

    // Slow path: for reports.
    public var packets: UInt64 { state.pointee.packets.load(ordering: .relaxed) }
    // Slow path: for reports.
    public var bytes: UInt64 { state.pointee.bytes.load(ordering: .relaxed) }
    // Slow path: for reports.
    /// Packets and bytes that each band applied to.
    public var bandCounts: [(packets: UInt64, bytes: UInt64)] {
        (0..<state.pointee.bandCount).map {
            let band = state.pointee.bands + $0
            return (band.pointee.packets.load(ordering: .relaxed), band.pointee.bytes.load(ordering: .relaxed))
        }
    }
}

/// What a meter says of a packet.
enum MeterVerdict: BitwiseCopyable {
    case pass
    case drop
    case remark(levels: UInt8)
}

/// A meter's words.
struct MeterState: ~Copyable {
    let bands: UnsafeMutablePointer<MeterBand>
    let bandCount: Int
    let countsPackets: Bool
    let packets = Atomic<UInt64>(0)
    let bytes = Atomic<UInt64>(0)

    init(bands: UnsafeMutablePointer<MeterBand>, bandCount: Int, countsPackets: Bool) {
        self.bands = bands
        self.bandCount = bandCount
        self.countsPackets = countsPackets
    }

    /// Counts a packet. Of the bands whose rate it exceeds, the one with the highest rate applies.
    @inline(never) @_noLocks
    func measure(length: Int, now cycles: UInt64) -> MeterVerdict {
        let length = UInt64(truncatingIfNeeded: length)
        packets.wrappingAdd(1, ordering: .relaxed)
        bytes.wrappingAdd(length, ordering: .relaxed)
        let units = countsPackets ? 1 : length
        var applying = -1
        var index = 0
        while index < bandCount {
            let isExceeded = bands[index].isExceeded(by: units, now: cycles)
            if isExceeded, applying < 0 || bands[index].rate > bands[applying].rate { applying = index }
            index &+= 1
        }
        if applying < 0 { return .pass }
        let band = bands + applying
        band.pointee.packets.wrappingAdd(1, ordering: .relaxed)
        band.pointee.bytes.wrappingAdd(length, ordering: .relaxed)
        return band.pointee.drops ? .drop : .remark(levels: band.pointee.precedenceLevels)
    }
}

/// One rate of a meter: a token bucket as a point in time, the one at which the bucket will be full again. So one
/// atomic word is all of it (the generic cell rate algorithm, ITU-T I.371 annex A).
struct MeterBand: ~Copyable {
    let rate: UInt32
    let drops: Bool
    let precedenceLevels: UInt8
    /// Sixteenths of a cycle that one packet or byte takes, times 65536.
    private let cost: UInt64
    /// Sixteenths of a cycle that fill the empty bucket.
    private let burst: Int64
    private let fullAt = Atomic<Int64>(.min / 4)
    let packets = Atomic<UInt64>(0)
    let bytes = Atomic<UInt64>(0)

    // Slow path: made by the control side.
    init(_ settings: MeterBandSettings, _ countsPackets: Bool, _ cyclesPerSecond: Double) {
        rate = settings.rate
        drops = settings.precedenceLevels == nil
        precedenceLevels = settings.precedenceLevels ?? 0
        // A second's worth of kilobits is 125 bytes for each.
        let unitsPerSecond = Double(settings.rate) * (countsPackets ? 1 : 125)
        let ticksPerUnit = rate == 0 ? 0 : 16 * cyclesPerSecond / unitsPerSecond
        // A packet has less than 65,536 bytes, so that a price stays below 2⁶³.
        cost = UInt64(min(ticksPerUnit * 65536, countsPackets ? 0x1p62 : 0x1p47))
        let seconds = settings.burst == 0 || rate == 0 ? 0.2 : Double(settings.burst) / Double(settings.rate)
        // Even of a low rate a packet may use up the bucket, and at least one packet must fit.
        let atLeast = ticksPerUnit * (countsPackets ? 1 : 1500)
        burst = Int64(min(max(seconds * 16 * cyclesPerSecond, atLeast, 1), 0x1p60))
    }

    /// Takes `units` out of the bucket if it has them.
    ///
    /// A packet larger than the bucket may pass when it is full, and the rate is kept over time.
    @inline(__always) @_noLocks
    func isExceeded(by units: UInt64, now cycles: UInt64) -> Bool {
        if rate == 0 { return true }
        let now = Int64(truncatingIfNeeded: cycles << 4)
        let price = Int64(truncatingIfNeeded: units &* cost >> 16)
        var full = fullAt.load(ordering: .relaxed)
        while true {
            let start = max(full, now &- burst)
            if start &+ min(price, burst) > now { return true }
            let (exchanged, original) = fullAt.weakCompareExchange(
                expected: full, desired: start &+ price, ordering: .relaxed)
            if exchanged { return false }
            full = original
        }
    }
}
