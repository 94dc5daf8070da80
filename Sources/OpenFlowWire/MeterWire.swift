import OpenFlow

/// Meters (OpenFlow 1.3.5 §7.3.4.4).
extension Codec {
    private enum BandType {
        static let drop: UInt16 = 1
        static let remarkDSCP: UInt16 = 2
        static let size = 16
    }

    func meterMod(_ reader: inout WireReader) throws(OpenFlowError) -> MeterMod {
        let (number, flags) = (try reader.uint16(), try reader.uint16())
        let id = try reader.uint32()
        guard let command = MeterMod.Command(rawValue: number) else {
            throw .meterModFailed(.badCommand, "a meter mod has no command \(number)")
        }
        if command == .delete {
            _ = reader.rest()
            return MeterMod(command, Meter(id: id, flags: [], bands: []))
        }
        let both: Meter.Flags = [.kilobitsPerSecond, .packetsPerSecond]
        if flags & ~0xf != 0 || both.isSubset(of: Meter.Flags(rawValue: flags)) {
            throw .meterModFailed(.badFlags, "a meter can't have the flags \(flags)")
        }
        return MeterMod(command, Meter(id: id, flags: .init(rawValue: flags), bands: try bands(&reader)))
    }

    func write(_ mod: MeterMod, _ out: inout WireWriter) {
        out.uint16(mod.command.rawValue)
        out.uint16(mod.meter.flags.rawValue)
        out.uint32(mod.meter.id)
        writeBands(mod.meter, &out)
    }

    private func bands(_ reader: inout WireReader) throws(OpenFlowError) -> [Meter.Band] {
        var bands: [Meter.Band] = []
        while !reader.isAtEnd {
            let (type, length) = (try reader.uint16(), Int(try reader.uint16()))
            if length < 12 || length - 4 > reader.remaining { throw .badLength("a band has the length \(length)") }
            guard type == BandType.drop || type == BandType.remarkDSCP else {
                throw .meterModFailed(.badBand, "there is no kind of bands \(type)")
            }
            if length != BandType.size { throw .badLength("a meter band has the length \(length)") }
            let (rate, burst) = (try reader.uint32(), try reader.uint32())
            let level = try reader.byte()
            try reader.skip(3)
            let kind: Meter.Band.Kind = type == BandType.drop ? .drop : .remarkDSCP(precedenceLevels: level)
            bands.append(Meter.Band(kind, rate: rate, burst: burst))
        }
        return bands
    }

    private func writeBands(_ meter: Meter, _ out: inout WireWriter) {
        for band in meter.bands {
            var (type, level) = (BandType.drop, UInt8(0))
            if case .remarkDSCP(let levels) = band.kind { (type, level) = (BandType.remarkDSCP, levels) }
            out.uint16(type)
            out.uint16(UInt16(BandType.size))
            out.uint32(band.rate)
            out.uint32(band.burst)
            out.byte(level)
            out.zeros(3)
        }
    }

    // MARK: Multipart

    func meterConfig(_ reader: inout WireReader) throws(OpenFlowError) -> Meter {
        var (body, _) = try reader.entry()
        let (flags, id) = (try body.uint16(), try body.uint32())
        return Meter(id: id, flags: .init(rawValue: flags), bands: try bands(&body))
    }

    func writeConfig(_ meter: Meter, _ out: inout WireWriter) {
        let start = out.count
        out.uint16(0)
        out.uint16(meter.flags.rawValue)
        out.uint32(meter.id)
        writeBands(meter, &out)
        out.patchLength(since: start, at: start)
    }

    func meterStatistics(_ reader: inout WireReader) throws(OpenFlowError) -> MeterStatistics {
        let id = try reader.uint32()
        let length = Int(try reader.uint16())
        if length < 40 { throw .badLength("a meter's statistics have the length \(length)") }
        var body = try reader.part(length - 6)
        try body.skip(6)
        var meter = MeterStatistics(
            meter: id, flowCount: try body.uint32(), packetCount: try body.uint64(), byteCount: try body.uint64(),
            duration: try body.duration(), bands: [])
        while !body.isAtEnd { meter.bands.append(Count(packets: try body.uint64(), bytes: try body.uint64())) }
        return meter
    }

    func write(_ meter: MeterStatistics, _ out: inout WireWriter) {
        let start = out.count
        out.uint32(meter.meter)
        out.zeros(8)
        out.uint32(meter.flowCount)
        out.uint64(meter.packetCount)
        out.uint64(meter.byteCount)
        out.duration(meter.duration)
        for band in meter.bands {
            out.uint64(band.packets)
            out.uint64(band.bytes)
        }
        out.patchLength(since: start, at: start + 4)
    }

    func meterFeatures(_ reader: inout WireReader) throws(OpenFlowError) -> MeterFeatures {
        let (meters, bands) = (try reader.uint32(), try reader.uint32())
        let capabilities = try reader.uint32()
        let (maximumBands, colour) = (try reader.byte(), try reader.byte())
        _ = reader.rest()
        return MeterFeatures(
            maximumMeters: meters, bandTypes: bands,
            capabilities: .init(rawValue: UInt16(truncatingIfNeeded: capabilities)), maximumBands: maximumBands,
            maximumColour: colour)
    }

    func write(_ features: MeterFeatures, _ out: inout WireWriter) {
        out.uint32(features.maximumMeters)
        out.uint32(features.bandTypes)
        out.uint32(UInt32(features.capabilities.rawValue))
        out.byte(features.maximumBands)
        out.byte(features.maximumColour)
        out.zeros(2)
    }
}
