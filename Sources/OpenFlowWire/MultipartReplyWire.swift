import OpenFlow

/// Multipart replies (OpenFlow 1.3.5 §7.3.5).
extension Codec {
    func multipartReply(_ reader: inout WireReader) throws(OpenFlowError) -> Message {
        let (type, more) = try multipartHeader(&reader)
        return .multipartReply(try reply(type, &reader), more: more)
    }

    /// Entries up to the end.
    private func list<Entry>(
        _ reader: inout WireReader, _ entry: (inout WireReader) throws(OpenFlowError) -> Entry
    ) throws(OpenFlowError) -> [Entry] {
        var entries: [Entry] = []
        while !reader.isAtEnd { entries.append(try entry(&reader)) }
        return entries
    }

    private func reply(_ type: UInt16, _ reader: inout WireReader) throws(OpenFlowError) -> MultipartReply {
        switch type {
        case MultipartType.desc:
            return .desc(
                SwitchDescription(
                    manufacturer: try reader.text(256), hardware: try reader.text(256), software: try reader.text(256),
                    serialNumber: try reader.text(32), datapath: try reader.text(256)))
        case MultipartType.flow: return .flow(try list(&reader, flowStatistics), .standard)
        case MultipartType.aggregate: return .aggregate(try aggregate(&reader), .standard)
        case MultipartType.table: return .table(try list(&reader, tableStatistics))
        case MultipartType.portStats: return .portStats(try list(&reader, portStatistics))
        case MultipartType.queue: return .queue(try list(&reader, queueStatistics))
        case MultipartType.group: return .group(try list(&reader, groupStatistics))
        case MultipartType.groupDesc: return .groupDesc(try list(&reader, groupDescription))
        case MultipartType.groupFeatures: return .groupFeatures(try groupFeatures(&reader))
        case MultipartType.meter: return .meter(try list(&reader, meterStatistics))
        case MultipartType.meterConfig: return .meterConfig(try list(&reader, meterConfig))
        case MultipartType.meterFeatures: return .meterFeatures(try meterFeatures(&reader))
        case MultipartType.tableFeatures: return .tableFeatures(try tableFeatures(&reader))
        case MultipartType.portDesc: return .portDesc(try list(&reader, port))
        case MultipartType.tableDesc: return .tableDesc(try list(&reader, tableDescription))
        case MultipartType.queueDesc:
            return .queueDesc(try list(&reader) { (reader) throws(OpenFlowError) in try queue(&reader, of: .any) })
        case MultipartType.flowMonitor: return .flowMonitor(try list(&reader, flowUpdate))
        default: return try experimenterReply(&reader)
        }
    }

    private func experimenterReply(_ reader: inout WireReader) throws(OpenFlowError) -> MultipartReply {
        let (type, subtype) = try experimenterHeader(&reader)
        switch type {
        case MultipartType.flow: return .flow(try list(&reader, niciraFlowStatistics), .nicira)
        case MultipartType.aggregate: return .aggregate(try aggregate(&reader), .nicira)
        case let type?: return try reply(type, &reader)
        case nil: throw .badExperimenterType("the experimenter's reply \(subtype) is not known")
        }
    }

    // MARK: Writing

    func write(_ reply: MultipartReply, _ more: Bool, _ out: inout WireWriter) {
        writeHeader(of: reply, more, &out)
        switch reply {
        case .desc(let description): write(description, &out)
        case .aggregate(let counts, _): write(counts, &out)
        case .groupFeatures(let features): write(features, &out)
        case .meterFeatures(let features): write(features, &out)
        case .experimenter(let message): out.append(message.data)
        default: for index in 0..<reply.entryCount { writeEntry(index, of: reply, &out) }
        }
    }

    func writeHeader(of reply: MultipartReply, _ more: Bool, _ out: inout WireWriter) {
        switch reply {
        case .experimenter(let message): writeHeader(message.experimenter, message.type, more: more, &out)
        case .flow(_, let format), .aggregate(_, let format): writeHeader(reply.type, format, more: more, &out)
        default: writeHeader(reply.type, .nicira, more: more, &out)
        }
    }

    /// One entry of a reply that is a list.
    func writeEntry(_ index: Int, of reply: MultipartReply, _ out: inout WireWriter) {
        switch reply {
        case .flow(let flows, let format): write(flows[index], format, &out)
        case .table(let tables): write(tables[index], &out)
        case .portStats(let ports): write(ports[index], &out)
        case .queue(let queues): write(statistics: queues[index], &out)
        case .group(let groups): write(statistics: groups[index], &out)
        case .groupDesc(let groups): writeDescription(groups[index], &out)
        case .meter(let meters): write(meters[index], &out)
        case .meterConfig(let meters): writeConfig(meters[index], &out)
        case .tableFeatures(let tables): write(tables[index], &out)
        case .portDesc(let ports): write(ports[index], &out)
        case .tableDesc(let tables): writeDescription(tables[index], &out)
        case .queueDesc(let queues): write(queues[index], &out)
        case .flowMonitor(let updates): write(updates[index], &out)
        case .desc, .aggregate, .groupFeatures, .meterFeatures, .experimenter: break
        }
    }
}

extension MultipartReply {
    /// How many entries a list has; 0 for replies that are none.
    var entryCount: Int {
        switch self {
        case .flow(let list, _): list.count
        case .table(let list): list.count
        case .portStats(let list): list.count
        case .queue(let list): list.count
        case .group(let list): list.count
        case .groupDesc(let list): list.count
        case .meter(let list): list.count
        case .meterConfig(let list): list.count
        case .tableFeatures(let list): list.count
        case .portDesc(let list): list.count
        case .tableDesc(let list): list.count
        case .queueDesc(let list): list.count
        case .flowMonitor(let list): list.count
        case .desc, .aggregate, .groupFeatures, .meterFeatures, .experimenter: 0
        }
    }

    fileprivate var type: UInt16 {
        switch self {
        case .desc: MultipartType.desc
        case .flow: MultipartType.flow
        case .aggregate: MultipartType.aggregate
        case .table: MultipartType.table
        case .portStats: MultipartType.portStats
        case .queue: MultipartType.queue
        case .group: MultipartType.group
        case .groupDesc: MultipartType.groupDesc
        case .groupFeatures: MultipartType.groupFeatures
        case .meter: MultipartType.meter
        case .meterConfig: MultipartType.meterConfig
        case .meterFeatures: MultipartType.meterFeatures
        case .tableFeatures: MultipartType.tableFeatures
        case .portDesc: MultipartType.portDesc
        case .tableDesc: MultipartType.tableDesc
        case .queueDesc: MultipartType.queueDesc
        case .flowMonitor: MultipartType.flowMonitor
        case .experimenter: MultipartType.experimenter
        }
    }
}
