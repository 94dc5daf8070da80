import OpenFlow
import Packet

/// Groups and meters that are valid, made at random, the same for the same seed.
struct RandomGroups {
    private var flows: RandomFlows

    init(seed: UInt64, forOpenVSwitch: Bool = false) {
        flows = RandomFlows(seed: seed, forOpenVSwitch: forOpenVSwitch)
    }

    mutating func next() -> Group {
        let kind = flows.pick(Group.Kind.allCases)
        var group = Group(id: UInt32(flows.bits(32)) % (Group.lastID + 1), kind: kind, buckets: [])
        if kind == .select && !flows.forOpenVSwitch { group.selection = nextSelection() }
        let count = kind == .indirect ? 1 : Int(flows.bits(2))
        for index in 0..<count {
            var bucket = Group.Bucket(weight: kind == .select ? 1 : 0, actions: [])
            if kind == .select && flows.chance(50) { bucket.weight = UInt16(flows.bits(16)) }
            let mayWatch = kind == .select || kind == .fastFailover
            if kind == .fastFailover || mayWatch && flows.chance(30) {
                bucket.watchPort = PortNumber(UInt32(flows.bits(15)))
            }
            if mayWatch && flows.chance(30) { bucket.watchGroup = UInt32(flows.bits(31)) }
            if !flows.forOpenVSwitch && flows.chance(30) { bucket.id = UInt32(index) }
            bucket.actions = (0..<Int(flows.bits(2))).map { _ in flows.newerActionOfSet() }
            group.buckets.append(bucket)
        }
        return group
    }

    /// - Parameter without: fields that are left out.
    mutating func nextSelection(without excluded: Set<FieldID> = []) -> Group.Selection? {
        if flows.chance(30) { return nil }
        let parameter = flows.chance(50) ? UInt64(flows.bits(64)) : 0
        if flows.chance(20) { return .datapathHash(parameter: parameter) }
        var fields: [FieldID: UInt128] = [:]
        let percentage = Int(flows.bits(4))
        for id in FieldID.allCases where !excluded.contains(id) && flows.chance(percentage) {
            let field = Field[id]
            let isWhole = field.masks == .exactOnly || flows.chance(50)
            fields[id] = isWhole ? field.allOnes : max(1, flows.bits(field.width))
        }
        return .hash(of: fields, parameter: parameter)
    }

    mutating func nextMeter() -> Meter {
        var meter = Meter(
            id: UInt32.random(in: 1...Meter.lastID, using: &flows.generator),
            flags: flows.chance(50) ? .kilobitsPerSecond : .packetsPerSecond, bands: [])
        if flows.chance(10) { meter.id = flows.pick([Meter.controller, Meter.slowPath]) }
        if flows.chance(50) { meter.flags.insert(.burst) }
        if flows.chance(50) { meter.flags.insert(.statistics) }
        for _ in 0...flows.bits(2) {
            let kind: Meter.Band.Kind =
                flows.chance(50) ? .drop : .remarkDSCP(precedenceLevels: UInt8(flows.bits(7)) + 1)
            meter.bands.append(
                Meter.Band(
                    kind, rate: UInt32(flows.bits(31)) + 1,
                    burst: meter.flags.contains(.burst) ? UInt32(flows.bits(31)) + 1 : 0))
        }
        return meter
    }
}
