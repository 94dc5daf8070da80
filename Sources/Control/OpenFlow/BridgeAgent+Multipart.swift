import DPDK
import Datapath
import FlowTable
import OpenFlow
import OpenFlowWire
import Switch

/// Answers to questions for the switch's state (OpenFlow 1.3.5 §7.3.5).
extension BridgeAgent {
    func answer(
        _ request: MultipartRequest, more: Bool, xid: UInt32, on connection: ControllerConnection
    ) throws(OpenFlowError) {
        if case .tableFeatures(let features) = request {
            let (begun, before) = connection.partialTableFeatures
            let all = begun == xid ? before + features : features
            connection.partialTableFeatures = (xid, [])
            if all.count > TableAbilities.requestLimit {
                throw .multipartBufferOverflow("a request for more tables than there are")
            }
            if more { return connection.partialTableFeatures.tables = all }
            try setTableFeatures(all)
            return connection.reply(.multipartReply(.tableFeatures(tableFeatures()), more: false), xid: xid)
        }
        if case .flowMonitor(let requests) = request {
            let updates = try monitor(requests, on: connection)
            return connection.reply(.multipartReply(.flowMonitor(updates), more: false), xid: xid)
        }
        // Questions in several parts are for tables only; the others fit in one.
        if more { throw .badMultipart("a question in several parts, which only table features may be") }
        connection.reply(.multipartReply(try answer(request), more: false), xid: xid)
    }

    private func answer(_ request: MultipartRequest) throws(OpenFlowError) -> MultipartReply {
        switch request {
        case .desc: return .desc(description())
        case .flow(let request): return .flow(try flows(request), request.format)
        case .aggregate(let request): return .aggregate(try aggregate(request), request.format)
        case .table: return .table(tableStatistics())
        case .portStats(let port): return .portStats(try portStatistics(port))
        case .queue(let port, let queue): return .queue(try queueStatistics(port, queue: queue))
        case .group(let id): return .group(groupStatistics(id))
        case .groupDesc(let id): return .groupDesc(groups(id).map(\.group))
        case .groupFeatures: return .groupFeatures(groupFeatures())
        case .meter(let id): return .meter(try meterStatistics(id))
        case .meterConfig(let id): return .meterConfig(try meters(id).map(\.meter))
        case .meterFeatures: return .meterFeatures(meterFeatures())
        case .portDesc(.any): return .portDesc(portDescriptions())
        case .portDesc(let number): return .portDesc([description(of: try port(number))])
        case .tableDesc: return .tableDesc(tableDescriptions())
        case .queueDesc(let port, _): return .queueDesc(try queues(of: port))
        case .tableFeatures, .flowMonitor: throw .badMultipart("answered elsewhere")
        case .experimenter: throw .badExperimenter("an experimenter that is not known here")
        }
    }

    // MARK: Flows

    private func entries(_ request: FlowStatisticsRequest) throws(OpenFlowError) -> [FlowEntry] {
        if request.table > Flow.lastTable, request.table != FlowMod.allTables {
            throw .badRequestTable("there is no table \(request.table)")
        }
        var selection = FlowSelection(
            table: request.table == FlowMod.allTables ? nil : request.table, match: request.match)
        selection.cookie = request.cookie
        selection.cookieMask = request.cookieMask
        if request.outputPort != .any { selection.outputPort = request.outputPort }
        if request.outputGroup != Group.any { selection.outputGroup = request.outputGroup }
        return bridge.flowsWithCounters(selection)
    }

    private func flows(_ request: FlowStatisticsRequest) throws(OpenFlowError) -> [OpenFlowWire.FlowStatistics] {
        let now = MonotonicClock.nanoseconds
        return try entries(request).map { entry in
            var result = OpenFlowWire.FlowStatistics(
                entry.flow, duration: WireDuration(nanoseconds: entry.duration(at: now)),
                packetCount: entry.shownPacketCount, byteCount: entry.shownByteCount)
            result.idleAge = UInt16(clamping: entry.idleNanoseconds(at: now) / 1_000_000_000)
            result.hardAge = UInt16(clamping: entry.duration(at: now) / 1_000_000_000)
            return result
        }
    }

    private func aggregate(_ request: FlowStatisticsRequest) throws(OpenFlowError) -> AggregateStatistics {
        let chosen = try entries(request)
        // What isn't counted is told as all ones, and has no place in a sum.
        return AggregateStatistics(
            packetCount: chosen.reduce(0) { $1.flow.flags.contains(.noPacketCounts) ? $0 : $0 + $1.packetCount },
            byteCount: chosen.reduce(0) { $1.flow.flags.contains(.noByteCounts) ? $0 : $0 + $1.byteCount },
            flowCount: UInt32(chosen.count))
    }

    private func tableStatistics() -> [TableStatistics] {
        bridge.creditCounters()
        return (0...Flow.lastTable).map { table in
            let lookups = bridge.statistics.lookups(in: table)
            let settings = bridge.tables.settings(of: table)
            return TableStatistics(
                table: table, activeCount: UInt32(bridge.tables.count(in: table)), lookupCount: lookups.looked,
                matchedCount: lookups.matched, name: settings.name,
                maximumEntries: UInt32(clamping: settings.maxEntries ?? bridge.tables.flowLimit))
        }
    }

    private func tableDescriptions() -> [TableMod] {
        (0...Flow.lastTable).map { TableMod(table: $0, config: bridge.tables.settings(of: $0).evicts ? 4 : 0) }
    }

    // MARK: Groups

    private func groups(_ id: UInt32) -> [GroupEntry] {
        if id != Group.all { return bridge.groups.entries[id].map { [$0] } ?? [] }
        return bridge.groups.entries.values.sorted { $0.group.id < $1.group.id }
    }

    private func groupStatistics(_ id: UInt32) -> [OpenFlowWire.GroupStatistics] {
        let chosen = id == Group.all ? bridge.groupStatistics() : [bridge.statistics(ofGroup: id)].compactMap(\.self)
        return chosen.map { group in
            OpenFlowWire.GroupStatistics(
                group: group.id, referenceCount: UInt32(group.references), packetCount: group.packets,
                byteCount: group.bytes, duration: WireDuration(group.age),
                buckets: group.buckets.map { Count(packets: $0.packets, bytes: $0.bytes) })
        }
    }

    private func groupFeatures() -> GroupFeatures {
        GroupFeatures(
            kinds: 0xf, capabilities: [.selectWeight, .selectLiveness, .chaining, .chainingChecks],
            maximumGroups: Array(repeating: UInt32(GroupTable.limit), count: 4),
            actions: Array(repeating: TableAbilities.actions.reduce(0) { $0 | 1 << UInt32($1) }, count: 4))
    }

    // MARK: Meters

    private func meters(_ id: UInt32) throws(OpenFlowError) -> [MeterEntry] {
        if id == Meter.all { return bridge.meters.entries.values.sorted { $0.meter.id < $1.meter.id } }
        guard let entry = bridge.meters.entries[id] else {
            throw .meterModFailed(.unknownMeter, "there is no meter \(id)")
        }
        return [entry]
    }

    private func meterStatistics(_ id: UInt32) throws(OpenFlowError) -> [OpenFlowWire.MeterStatistics] {
        _ = try meters(id)
        let chosen = id == Meter.all ? bridge.meterStatistics() : [bridge.statistics(ofMeter: id)].compactMap(\.self)
        return chosen.map { meter in
            OpenFlowWire.MeterStatistics(
                meter: meter.id, flowCount: UInt32(meter.flows), packetCount: meter.packets, byteCount: meter.bytes,
                duration: WireDuration(meter.age),
                bands: meter.bands.map { Count(packets: $0.packets, bytes: $0.bytes) })
        }
    }

    private func meterFeatures() -> MeterFeatures {
        MeterFeatures(
            maximumMeters: UInt32(MeterTable.limit), bandTypes: 1 << 1 | 1 << 2,
            capabilities: [.kilobitsPerSecond, .packetsPerSecond, .burst, .statistics],
            maximumBands: UInt8(MeterTable.bandLimit))
    }
}

extension FlowEntry {
    /// As statistics tell it: all ones when it isn't counted (OpenFlow 1.3.5 §7.3.4.1, OFPFF_NO_PKT_COUNTS).
    var shownPacketCount: UInt64 { flow.flags.contains(.noPacketCounts) ? .max : packetCount }
    var shownByteCount: UInt64 { flow.flags.contains(.noByteCounts) ? .max : byteCount }

    /// How long ago a packet came, or the flow was added.
    func idleNanoseconds(at now: UInt64) -> UInt64 {
        let last = max(counters.lastUsedNanoseconds, createdNanoseconds)
        return now > last ? now - last : 0
    }
}
