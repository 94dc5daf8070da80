import OpenFlow
import Packet

extension Codec {
    func flowRemoved(_ reader: inout WireReader) throws(OpenFlowError) -> FlowRemoved {
        switch version {
        case .v10: return try flowRemoved10(&reader)
        case .v15: return try flowRemoved15(&reader)
        default: break
        }
        let cookie = try reader.uint64()
        let priority = try reader.uint16()
        let (reason, table) = (try Self.removal(try reader.byte()), try reader.byte())
        let duration = try reader.duration()
        let (idle, hard) = (try reader.uint16(), try reader.uint16())
        let (packets, bytes) = (try reader.uint64(), try reader.uint64())
        return FlowRemoved(
            table: table, priority: priority, cookie: cookie, match: try reader.match(), reason: reason,
            duration: duration, idleTimeoutSeconds: idle, hardTimeoutSeconds: hard, packetCount: packets,
            byteCount: bytes)
    }

    static func removal(_ number: UInt8) throws(OpenFlowError) -> FlowRemovedReason {
        guard let reason = FlowRemovedReason(rawValue: number) else {
            throw .badLength("there is no reason \(number) for a flow's removal")
        }
        return reason
    }

    func number(_ reason: FlowRemovedReason) -> UInt8 { reason.shown(in: version).rawValue }

    private func flowRemoved10(_ reader: inout WireReader) throws(OpenFlowError) -> FlowRemoved {
        let match = try reader.openFlow10Match()
        let (cookie, priority) = (try reader.uint64(), try reader.uint16())
        let reason = try Self.removal(try reader.byte())
        try reader.skip(1)
        let (duration, idle) = (try reader.duration(), try reader.uint16())
        try reader.skip(2)
        return FlowRemoved(
            table: 0, priority: priority, cookie: cookie, match: match, reason: reason, duration: duration,
            idleTimeoutSeconds: idle, hardTimeoutSeconds: 0, packetCount: try reader.uint64(),
            byteCount: try reader.uint64())
    }

    private func flowRemoved15(_ reader: inout WireReader) throws(OpenFlowError) -> FlowRemoved {
        let table = try reader.byte()
        let reason = try Self.removal(try reader.byte())
        let (priority, idle, hard) = (try reader.uint16(), try reader.uint16(), try reader.uint16())
        let cookie = try reader.uint64()
        let match = try reader.match()
        let counts = try reader.flowCounts()
        return FlowRemoved(
            table: table, priority: priority, cookie: cookie, match: match, reason: reason, duration: counts.duration,
            idleTimeoutSeconds: idle, hardTimeoutSeconds: hard, packetCount: counts.packets, byteCount: counts.bytes)
    }

    /// NXT_FLOW_REMOVED, in which the table counts from one and zero means that it isn't told.
    func niciraFlowRemoved(_ reader: inout WireReader) throws(OpenFlowError) -> FlowRemoved {
        let (cookie, priority) = (try reader.uint64(), try reader.uint16())
        let reason = try Self.removal(try reader.byte())
        let table = try reader.byte()
        let (duration, idle) = (try reader.duration(), try reader.uint16())
        let length = Int(try reader.uint16())
        let (packets, bytes) = (try reader.uint64(), try reader.uint64())
        return FlowRemoved(
            table: table &- 1, priority: priority, cookie: cookie, match: try reader.niciraMatch(length: length).match,
            reason: reason, duration: duration, idleTimeoutSeconds: idle, hardTimeoutSeconds: 0, packetCount: packets,
            byteCount: bytes)
    }

    func write(_ flow: FlowRemoved, _ out: inout WireWriter) {
        switch version {
        case .v10:
            out.openFlow10Match(flow.match)
            out.uint64(flow.cookie)
            out.uint16(flow.priority)
            out.byte(number(flow.reason))
            out.byte(0)
            out.duration(flow.duration)
            out.uint16(flow.idleTimeoutSeconds)
            out.zeros(2)
            out.uint64(flow.packetCount)
            out.uint64(flow.byteCount)
        case .v15:
            out.byte(flow.table)
            out.byte(number(flow.reason))
            out.uint16(flow.priority)
            out.uint16(flow.idleTimeoutSeconds)
            out.uint16(flow.hardTimeoutSeconds)
            out.uint64(flow.cookie)
            out.match(flow.match, version)
            out.flowCounts(FlowCounts(duration: flow.duration, packets: flow.packetCount, bytes: flow.byteCount))
        default:
            out.uint64(flow.cookie)
            out.uint16(flow.priority)
            out.byte(number(flow.reason))
            out.byte(flow.table)
            out.duration(flow.duration)
            out.uint16(flow.idleTimeoutSeconds)
            out.uint16(flow.hardTimeoutSeconds)
            out.uint64(flow.packetCount)
            out.uint64(flow.byteCount)
            out.match(flow.match, version)
        }
    }

    func writeNicira(_ flow: FlowRemoved, _ out: inout WireWriter) {
        out.uint64(flow.cookie)
        out.uint16(flow.priority)
        out.byte(number(flow.reason))
        out.byte(flow.table &+ 1)
        out.duration(flow.duration)
        out.uint16(flow.idleTimeoutSeconds)
        let length = out.count
        out.uint16(0)
        out.uint64(flow.packetCount)
        out.uint64(flow.byteCount)
        out.patch(out.niciraMatch(flow.match), at: length)
    }
}

/// What 1.5 tells of a flow in extensible statistics (OpenFlow 1.5.1 §7.2.4).
struct FlowCounts {
    var duration = WireDuration()
    var packets: UInt64 = 0
    var bytes: UInt64 = 0
    var flows: UInt32?

    static let classBasic: UInt32 = 0x8002
    static let durationField: UInt32 = 0
    static let flowsField: UInt32 = 3
    static let packetsField: UInt32 = 4
    static let bytesField: UInt32 = 5
}

extension WireReader {
    /// struct ofp_stats.
    mutating func flowCounts() throws(OpenFlowError) -> FlowCounts {
        try skip(2)
        let length = Int(try uint16())
        if length < 4 { throw .badLength("statistics have the length \(length)") }
        var fields = try part(length - 4)
        try skip(min(-length & 7, remaining))
        var counts = FlowCounts()
        while !fields.isAtEnd {
            let header = try fields.uint32()
            var value = try fields.part(Int(header & 0xff))
            guard header >> 16 == FlowCounts.classBasic else { continue }
            switch header >> 9 & 0x7f {
            case FlowCounts.durationField: counts.duration = try value.duration()
            case FlowCounts.flowsField: counts.flows = try value.uint32()
            case FlowCounts.packetsField: counts.packets = try value.uint64()
            case FlowCounts.bytesField: counts.bytes = try value.uint64()
            default: continue
            }
        }
        return counts
    }
}

extension WireWriter {
    /// struct ofp_stats. Aggregates have a count of flows, and no duration.
    mutating func flowCounts(_ counts: FlowCounts) {
        let start = count
        func header(_ field: UInt32, _ length: UInt32) -> UInt32 { FlowCounts.classBasic << 16 | field << 9 | length }
        zeros(4)
        if let flows = counts.flows {
            uint32(header(FlowCounts.flowsField, 4))
            uint32(flows)
        } else {
            uint32(header(FlowCounts.durationField, 8))
            duration(counts.duration)
        }
        uint32(header(FlowCounts.packetsField, 8))
        uint64(counts.packets)
        uint32(header(FlowCounts.bytesField, 8))
        uint64(counts.bytes)
        patchLength(since: start, at: start + 2)
        pad(since: start)
    }
}

extension FlowRemovedReason {
    /// The reason as a version tells it: those that it lacks are "delete".
    public func shown(in version: OpenFlowVersion) -> FlowRemovedReason {
        let last: FlowRemovedReason = version == .v10 ? .delete : version < .v14 ? .groupDelete : .eviction
        return rawValue > last.rawValue ? .delete : self
    }
}
