import DPDK
import Datapath
import OpenFlow

/// A meter as it stands in a bridge. It never changes but for its counters: modifying a meter makes another.
public final class MeterEntry: Sendable {
    public let meter: Meter
    /// What workers share: the buckets of tokens and the counters.
    public let shared: SharedMeter
    /// When the meter was added; modifying it changes nothing of that.
    public let created: ContinuousClock.Instant

    init(_ meter: Meter, created: ContinuousClock.Instant) {
        self.meter = meter
        self.created = created
        let bands = meter.bands.map { band in
            var settings = MeterBandSettings(
                rate: band.rate, burst: meter.flags.contains(.burst) ? band.burst : 0)
            if case .remarkDSCP(let levels) = band.kind { settings.precedenceLevels = levels }
            return settings
        }
        shared = SharedMeter(bands: bands, countsPackets: meter.flags.contains(.packetsPerSecond))
    }

    /// Whether it drops packets, and whether it changes them.
    var drops: Bool { meter.bands.contains { $0.kind == .drop } }
    var remarks: Bool { meter.bands.contains { $0.kind != .drop } }
}

/// The meters of a bridge as the control side changes them (OpenFlow 1.3.5 §5.7, §6.6). A value.
public struct MeterTable: Sendable {
    /// Meters that a bridge may have (OpenFlow 1.3.5 §7.3.5.14, max_meter).
    public static let limit = 65536
    /// Bands that a meter may have.
    public static let bandLimit = 16

    /// By number.
    public private(set) var entries: [UInt32: MeterEntry] = [:]

    public init() {}

    /// Makes a change, all of it or nothing.
    ///
    /// - Returns: the meters that are gone. Flows that use them are the caller's to remove (OpenFlow 1.3.5 §6.6).
    @discardableResult
    public mutating func apply(
        _ mod: MeterMod, at now: ContinuousClock.Instant = .now
    ) throws(OpenFlowError) -> [UInt32] {
        let id = mod.meter.id
        switch mod.command {
        case .add:
            if entries[id] != nil {
                throw .meterModFailed(.meterExists, "there is a meter \(id) already: modify it, or delete it first")
            }
            if entries.count >= Self.limit {
                throw .meterModFailed(.outOfMeters, "a bridge has at most \(Self.limit) meters")
            }
            try check(mod.meter)
            entries[id] = MeterEntry(mod.meter, created: now)
            return []
        case .modify:
            try checkNumber(id)
            guard let old = entries[id] else {
                throw .meterModFailed(.unknownMeter, "there is no meter \(id) to modify: add it")
            }
            try check(mod.meter)
            entries[id] = MeterEntry(mod.meter, created: old.created)
            return []
        case .delete:
            if id == Meter.all {
                let removed = entries.keys.sorted()
                entries.removeAll()
                return removed
            }
            // Deleting a meter that is not there is no error.
            try checkNumber(id)
            return entries.removeValue(forKey: id) == nil ? [] : [id]
        }
    }

    private func checkNumber(_ id: UInt32) throws(OpenFlowError) {
        let isVirtual = id == Meter.controller || id == Meter.slowPath
        if id == 0 || id > Meter.lastID && !isVirtual {
            throw .meterModFailed(.invalidMeter, "\(id) is no number of a meter: 1 to \(Meter.lastID)")
        }
    }

    private func check(_ meter: Meter) throws(OpenFlowError) {
        try checkNumber(meter.id)
        if meter.flags.isSuperset(of: [.kilobitsPerSecond, .packetsPerSecond]) {
            throw .meterModFailed(.badFlags, "a meter counts kilobits or packets, not both")
        }
        if meter.flags.rawValue & ~0xf != 0 { throw .meterModFailed(.badFlags, "flags that mean nothing") }
        if meter.bands.count > Self.bandLimit {
            throw .meterModFailed(.outOfBands, "a meter has at most \(Self.bandLimit) bands")
        }
    }
}
