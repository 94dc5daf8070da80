import Packet

/// Reads one line, and those that go on with it, as a change of the meters.
struct MeterTextParser {
    private let reader: FlowTextReader

    init(_ reader: FlowTextReader) { self.reader = reader }

    /// A band, before all of it is read.
    private struct Band {
        let place: Int
        let isRemark: Bool
        var rate: UInt32?
        var burst: UInt32?
        var levels: UInt8?
    }

    /// What has been said so far.
    private struct Reading {
        let command: MeterMod.Command
        var id: UInt32?
        var flags: Meter.Flags = []
        var hasBands = false
        var bands: [Band] = []
    }

    /// - Parameter usual: the command that is meant where none stands.
    func parse(_ lines: [Range<Int>], unlessNamed usual: MeterMod.Command) throws(FlowTextError) -> MeterMod {
        var start = lines[0].lowerBound
        let command = try MeterMod.Command.flowText.read(reader, from: &start, lines[0])
        var reading = Reading(command: command ?? usual)
        for (index, line) in lines.enumerated() {
            var position = index == 0 ? start : line.lowerBound
            while let item = try reader.nextItem(from: &position, to: line.upperBound) {
                if reader.matches(item.key, "bands") || reader.matches(item.key, "band") {
                    try beginBands(item, &reading)
                    position = item.value.lowerBound
                } else if reading.hasBands {
                    try takeIntoBands(item, &reading)
                } else {
                    try take(item, into: &reading)
                }
            }
        }
        return try finish(reading, lines[0].lowerBound, lines[lines.count - 1].upperBound)
    }

    private func beginBands(_ item: FlowTextItem, _ reading: inout Reading) throws(FlowTextError) {
        if reading.command == .delete {
            throw reader.error(at: item.key.lowerBound, "delete takes no bands: leave them out")
        }
        if reading.hasBands { throw second(item) }
        if item.delimiter != Ascii.equals {
            throw reader.error(at: item.key.upperBound, "write bands=… without a space before “=”")
        }
        reading.hasBands = true
    }

    private func take(_ item: FlowTextItem, into reading: inout Reading) throws(FlowTextError) {
        let name = reader.text(item.key)
        if name == "meter" {
            if reading.id != nil { throw second(item) }
            try requireValue(item)
            reading.id = try meter(item.value, reading.command)
        } else if reading.command == .delete {
            throw reader.error(at: item.key.lowerBound, "delete takes meter= alone: leave out \(name)")
        } else if let flag = Meter.Flags.names.first(where: { $0.name == name })?.flag {
            if item.delimiter != nil { throw reader.error(at: item.key.upperBound, "\(name) takes no value") }
            if !reading.flags.insert(flag).inserted { throw second(item) }
            if reading.flags.contains([.kilobitsPerSecond, .packetsPerSecond]) {
                throw reader.error(at: item.key.lowerBound, "a meter counts either kbps or pktps: leave one out")
            }
        } else {
            throw reader.error(
                at: item.key.lowerBound,
                "a meter has meter=, kbps or pktps, burst, stats and bands=…; there is no “\(name)”")
        }
    }

    private func meter(_ range: Range<Int>, _ command: MeterMod.Command) throws(FlowTextError) -> UInt32 {
        if let named = Meter.names.first(where: { reader.matches(range, $0.name) }) {
            if named.id == Meter.all && command != .delete {
                throw reader.error(at: range.lowerBound, "only delete means all meters: give the meter's number")
            }
            return named.id
        }
        let id = UInt32(try reader.number(range, maximum: UInt128(Meter.lastID), for: "meter"))
        if id == 0 { throw reader.error(at: range.lowerBound, "meters are numbered from 1") }
        return id
    }

    private func takeIntoBands(_ item: FlowTextItem, _ reading: inout Reading) throws(FlowTextError) {
        try requireValue(item)
        let name = reader.text(item.key)
        let property = MeterTextBandProperty(rawValue: name)
        let last = reading.bands.count - 1
        if last < 0 && property != .kind {
            throw reader.error(at: item.key.lowerBound, "a band begins with type=drop or type=dscp_remark")
        }
        switch property {
        case .kind:
            let isRemark = reader.matches(item.value, "dscp_remark")
            if !isRemark && !reader.matches(item.value, "drop") {
                throw reader.error(
                    at: item.value.lowerBound,
                    "there is no type of band “\(reader.text(item.value))”: write drop or dscp_remark")
            }
            reading.bands.append(Band(place: item.key.lowerBound, isRemark: isRemark))
        case .rate: try set(&reading.bands[last].rate, item)
        case .burst:
            if !reading.flags.contains(.burst) {
                throw reader.error(at: item.key.lowerBound, "burst_size needs the word burst before bands=")
            }
            try set(&reading.bands[last].burst, item)
        case .precedenceLevels:
            if !reading.bands[last].isRemark {
                throw reader.error(at: item.key.lowerBound, "only a band of type=dscp_remark has a prec_level")
            }
            try set(&reading.bands[last].levels, item)
        case nil:
            throw reader.error(
                at: item.key.lowerBound, "a band has type=, rate=, burst_size= and prec_level=; there is no “\(name)”")
        }
    }

    /// A number above zero, given once.
    private func set<Value: FixedWidthInteger & UnsignedInteger>(
        _ value: inout Value?, _ item: FlowTextItem
    ) throws(FlowTextError) {
        if value != nil { throw second(item) }
        let name = reader.text(item.key)
        let number = try reader.number(item.value, as: Value.self, for: name)
        if number == 0 { throw reader.error(at: item.value.lowerBound, "\(name) must be above zero") }
        value = number
    }

    private func second(_ item: FlowTextItem) -> FlowTextError {
        reader.error(at: item.key.lowerBound, "\(reader.text(item.key)) stands here a second time")
    }

    private func requireValue(_ item: FlowTextItem) throws(FlowTextError) {
        let name = reader.text(item.key)
        if item.delimiter != Ascii.equals || item.value.isEmpty {
            throw reader.error(at: item.key.upperBound, "\(name) needs a value: write \(name)=… without spaces")
        }
    }

    private func finish(_ reading: Reading, _ start: Int, _ end: Int) throws(FlowTextError) -> MeterMod {
        if reading.command == .delete {
            return MeterMod(.delete, Meter(id: reading.id ?? Meter.all, flags: [], bands: []))
        }
        guard let id = reading.id else {
            throw reader.error(at: start, "the meter has no number: add meter=…")
        }
        if reading.flags.isDisjoint(with: [.kilobitsPerSecond, .packetsPerSecond]) {
            throw reader.error(at: start, "the meter has no unit: add kbps or pktps")
        }
        if reading.bands.isEmpty {
            throw reader.error(at: end, "the meter has no bands: add bands=type=drop,rate=…")
        }
        var bands: [Meter.Band] = []
        for band in reading.bands {
            guard let rate = band.rate else { throw reader.error(at: band.place, "the band has no rate: add rate=…") }
            if reading.flags.contains(.burst) && band.burst == nil {
                throw reader.error(at: band.place, "the band has no burst_size, which the word burst asks for")
            }
            if band.isRemark && band.levels == nil {
                throw reader.error(at: band.place, "the band has no prec_level, by which it raises the DSCP")
            }
            let kind: Meter.Band.Kind = band.levels.map { .remarkDSCP(precedenceLevels: $0) } ?? .drop
            bands.append(Meter.Band(kind, rate: rate, burst: band.burst ?? 0))
        }
        return MeterMod(reading.command, Meter(id: id, flags: reading.flags, bands: bands))
    }
}

/// What a meter's band has.
enum MeterTextBandProperty: String, CaseIterable {
    case kind = "type"
    case rate
    case burst = "burst_size"
    case precedenceLevels = "prec_level"
}
