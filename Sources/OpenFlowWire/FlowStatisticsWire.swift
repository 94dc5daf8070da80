import OpenFlow
import Packet

/// Flows with their counts (OpenFlow 1.3.5 §7.3.5.2; 1.5.1 §7.3.5.2; NXST_FLOW).
extension Codec {
    func flowStatistics(_ reader: inout WireReader) throws(OpenFlowError) -> FlowStatistics {
        var (body, _) = try reader.entry()
        switch version {
        case .v10: return try flowStatistics10(&body)
        case .v15: return try flowStatistics15(&body)
        default: break
        }
        var flow = Flow()
        flow.table = try body.byte()
        try body.skip(1)
        let duration = try body.duration()
        flow.priority = try body.uint16()
        flow.idleTimeoutSeconds = try body.uint16()
        flow.hardTimeoutSeconds = try body.uint16()
        flow.flags = Flow.Flags(rawValue: try body.uint16())
        let importance = try body.uint16()
        if version >= .v14 { flow.importance = importance }
        try body.skip(2)
        flow.cookie = try body.uint64()
        let (packets, bytes) = (try body.uint64(), try body.uint64())
        flow.match = try body.match()
        flow.instructions = try body.instructions(version)
        return FlowStatistics(flow, duration: duration, packetCount: packets, byteCount: bytes)
    }

    private func flowStatistics10(_ body: inout WireReader) throws(OpenFlowError) -> FlowStatistics {
        var flow = Flow()
        flow.table = try body.byte()
        try body.skip(1)
        flow.match = try body.openFlow10Match()
        let duration = try body.duration()
        flow.priority = try body.uint16()
        flow.idleTimeoutSeconds = try body.uint16()
        flow.hardTimeoutSeconds = try body.uint16()
        try body.skip(6)
        flow.cookie = try body.uint64()
        let (packets, bytes) = (try body.uint64(), try body.uint64())
        flow.instructions = try body.instructions(version)
        return FlowStatistics(flow, duration: duration, packetCount: packets, byteCount: bytes)
    }

    private func flowStatistics15(_ body: inout WireReader) throws(OpenFlowError) -> FlowStatistics {
        try body.skip(2)
        var flow = Flow()
        flow.table = try body.byte()
        try body.skip(1)
        flow.priority = try body.uint16()
        flow.idleTimeoutSeconds = try body.uint16()
        flow.hardTimeoutSeconds = try body.uint16()
        flow.flags = Flow.Flags(rawValue: try body.uint16())
        flow.importance = try body.uint16()
        flow.cookie = try body.uint64()
        flow.match = try body.match()
        let counts = try body.flowCounts()
        flow.instructions = try body.instructions(version)
        return FlowStatistics(
            flow, duration: counts.duration, packetCount: counts.packets, byteCount: counts.bytes)
    }

    func niciraFlowStatistics(_ reader: inout WireReader) throws(OpenFlowError) -> FlowStatistics {
        var (body, _) = try reader.entry()
        var flow = Flow()
        flow.table = try body.byte()
        try body.skip(1)
        let duration = try body.duration()
        flow.priority = try body.uint16()
        flow.idleTimeoutSeconds = try body.uint16()
        flow.hardTimeoutSeconds = try body.uint16()
        let length = Int(try body.uint16())
        let (idleAge, hardAge) = (try body.uint16(), try body.uint16())
        flow.cookie = try body.uint64()
        let (packets, bytes) = (try body.uint64(), try body.uint64())
        flow.match = try body.niciraMatch(length: length).match
        flow.instructions = try body.instructions(version)
        var statistics = FlowStatistics(flow, duration: duration, packetCount: packets, byteCount: bytes)
        // Zero means that it isn't told; else one more than the seconds.
        statistics.idleAge = idleAge == 0 ? nil : idleAge - 1
        statistics.hardAge = hardAge == 0 ? nil : hardAge - 1
        return statistics
    }

    func write(_ statistics: FlowStatistics, _ format: StatisticsFormat, _ out: inout WireWriter) {
        let start = out.count
        let flow = statistics.flow
        out.uint16(0)
        switch version {
        case .v10 where format == .nicira: writeNicira(statistics, &out)
        case .v10:
            out.byte(flow.table)
            out.byte(0)
            out.openFlow10Match(flow.match)
            out.duration(statistics.duration)
            writePriorityAndTimeouts(flow, &out)
            out.zeros(6)
            writeCookieAndCounts(statistics, &out)
        case .v15:
            out.zeros(2)
            out.byte(flow.table)
            out.byte(0)
            writePriorityAndTimeouts(flow, &out)
            out.uint16(flow.flags.rawValue)
            out.uint16(flow.importance)
            out.uint64(flow.cookie)
            out.match(flow.match, version)
            out.flowCounts(
                FlowCounts(
                    duration: statistics.duration, packets: statistics.packetCount, bytes: statistics.byteCount))
        default:
            out.byte(flow.table)
            out.byte(0)
            out.duration(statistics.duration)
            writePriorityAndTimeouts(flow, &out)
            out.uint16(flow.flags.rawValue)
            out.uint16(version >= .v14 ? flow.importance : 0)
            out.zeros(2)
            writeCookieAndCounts(statistics, &out)
            out.match(flow.match, version)
        }
        out.instructions(flow.instructions, version, match: flow.match)
        out.patchLength(since: start, at: start)
    }

    private func writePriorityAndTimeouts(_ flow: Flow, _ out: inout WireWriter) {
        out.uint16(flow.priority)
        out.uint16(flow.idleTimeoutSeconds)
        out.uint16(flow.hardTimeoutSeconds)
    }

    private func writeCookieAndCounts(_ statistics: FlowStatistics, _ out: inout WireWriter) {
        out.uint64(statistics.flow.cookie)
        out.uint64(statistics.packetCount)
        out.uint64(statistics.byteCount)
    }

    private func writeNicira(_ statistics: FlowStatistics, _ out: inout WireWriter) {
        out.byte(statistics.flow.table)
        out.byte(0)
        out.duration(statistics.duration)
        writePriorityAndTimeouts(statistics.flow, &out)
        let length = out.count
        out.uint16(0)
        out.uint16(statistics.idleAge.map { min($0, .max - 1) + 1 } ?? 0)
        out.uint16(statistics.hardAge.map { min($0, .max - 1) + 1 } ?? 0)
        writeCookieAndCounts(statistics, &out)
        out.patch(out.niciraMatch(statistics.flow.match), at: length)
    }

    // MARK: Aggregates

    func aggregate(_ reader: inout WireReader) throws(OpenFlowError) -> AggregateStatistics {
        if version >= .v15 {
            let counts = try reader.flowCounts()
            return AggregateStatistics(
                packetCount: counts.packets, byteCount: counts.bytes, flowCount: counts.flows ?? 0)
        }
        let counts = AggregateStatistics(
            packetCount: try reader.uint64(), byteCount: try reader.uint64(), flowCount: try reader.uint32())
        try reader.skip(4)
        return counts
    }

    func write(_ counts: AggregateStatistics, _ out: inout WireWriter) {
        if version >= .v15 {
            let fields = FlowCounts(packets: counts.packetCount, bytes: counts.byteCount, flows: counts.flowCount)
            return out.flowCounts(fields)
        }
        out.uint64(counts.packetCount)
        out.uint64(counts.byteCount)
        out.uint32(counts.flowCount)
        out.zeros(4)
    }
}
