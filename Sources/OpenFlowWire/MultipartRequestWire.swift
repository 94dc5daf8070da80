import OpenFlow

/// Multipart requests (OpenFlow 1.3.5 §7.3.5); 1.0's statistics requests.
extension Codec {
    /// Type and flags; `more` is bit 0 of these.
    func multipartHeader(_ reader: inout WireReader) throws(OpenFlowError) -> (type: UInt16, more: Bool) {
        let (type, flags) = (try reader.uint16(), try reader.uint16())
        if version != .v10 { try reader.skip(4) }
        if !MultipartType.isKnown(type, version) { throw .badMultipart("there is no multipart message \(type)") }
        return (type, flags & 1 != 0)
    }

    /// - Parameter format: that of flows, and aggregates; else Nicira's. What the version has in that from an
    ///   experimenter only is told as the experimenter's.
    func writeHeader(_ type: UInt16, _ format: StatisticsFormat, more: Bool, _ out: inout WireWriter) {
        let known = MultipartType.extensions.first { $0.version == version && $0.type == type }
        guard format == .nicira, let known else { return writeHeader(type, more: more, &out) }
        writeHeader(known.experimenter, known.subtype, more: more, &out)
    }

    private func writeHeader(_ type: UInt16, more: Bool, _ out: inout WireWriter) {
        out.uint16(type)
        out.uint16(more ? 1 : 0)
        if version != .v10 { out.zeros(4) }
    }

    func writeHeader(_ experimenter: UInt32, _ type: UInt32, more: Bool, _ out: inout WireWriter) {
        writeHeader(MultipartType.experimenter, more: more, &out)
        out.uint32(experimenter)
        out.uint32(type)
        if version == .v10 { out.zeros(4) }
    }

    func multipartRequest(_ reader: inout WireReader) throws(OpenFlowError) -> Message {
        let (type, more) = try multipartHeader(&reader)
        return .multipartRequest(try request(type, &reader), more: more)
    }

    private func request(_ type: UInt16, _ reader: inout WireReader) throws(OpenFlowError) -> MultipartRequest {
        switch type {
        case MultipartType.desc: return .desc
        case MultipartType.flow: return .flow(try flowRequest(&reader))
        case MultipartType.aggregate: return .aggregate(try flowRequest(&reader))
        case MultipartType.table: return .table
        case MultipartType.portStats:
            let port = try reader.port(version)
            try reader.skip(version == .v10 ? 6 : 4)
            return .portStats(port)
        case MultipartType.queue:
            var port = try reader.port(version)
            if version == .v10 {
                try reader.skip(2)
                // 1.0 asks for all ports by OFPP_ALL.
                if port == .all { port = .any }
            }
            return .queue(port, queue: try reader.uint32())
        case MultipartType.group: return .group(try number(&reader))
        case MultipartType.groupDesc: return .groupDesc(hasGroupsOf15 ? try number(&reader) : Group.all)
        case MultipartType.groupFeatures: return .groupFeatures
        case MultipartType.meter: return .meter(try number(&reader))
        case MultipartType.meterConfig: return .meterConfig(try number(&reader))
        case MultipartType.meterFeatures: return .meterFeatures
        case MultipartType.tableFeatures: return .tableFeatures(try tableFeatures(&reader))
        case MultipartType.portDesc: return .portDesc(version >= .v15 ? PortNumber(try number(&reader)) : .any)
        case MultipartType.tableDesc: return .tableDesc
        case MultipartType.queueDesc:
            return .queueDesc(PortNumber(try reader.uint32()), queue: try reader.uint32())
        case MultipartType.flowMonitor: return .flowMonitor(try flowMonitors(&reader))
        default: return try experimenterRequest(&reader)
        }
    }

    /// A number and four bytes of padding.
    private func number(_ reader: inout WireReader) throws(OpenFlowError) -> UInt32 {
        let number = try reader.uint32()
        try reader.skip(4)
        return number
    }

    private func experimenterRequest(_ reader: inout WireReader) throws(OpenFlowError) -> MultipartRequest {
        let (type, subtype) = try experimenterHeader(&reader)
        switch type {
        case MultipartType.flow: return .flow(try niciraFlowRequest(&reader))
        case MultipartType.aggregate: return .aggregate(try niciraFlowRequest(&reader))
        case let type?: return try request(type, &reader)
        case nil: throw .badExperimenterType("the experimenter's request \(subtype) is not known")
        }
    }

    /// What an experimenter's message is in other versions; `nil`: nothing known.
    func experimenterHeader(
        _ reader: inout WireReader
    ) throws(OpenFlowError) -> (type: UInt16?, subtype: UInt32) {
        let (experimenter, subtype) = (try reader.uint32(), try reader.uint32())
        if experimenter != Experimenter.nicira && experimenter != Experimenter.onf {
            throw .badExperimenter("no messages of experimenter \(experimenter) are known")
        }
        if version == .v10 { try reader.skip(4) }
        let known = MultipartType.extensions.first {
            $0.version == version && $0.experimenter == experimenter && $0.subtype == subtype
        }
        return (known?.type, subtype)
    }

    // MARK: Flows

    private func flowRequest(_ reader: inout WireReader) throws(OpenFlowError) -> FlowStatisticsRequest {
        if version == .v10 {
            let match = try reader.openFlow10Match()
            let table = try reader.byte()
            try reader.skip(1)
            let port = PortNumber(openFlow10: try reader.uint16())
            return FlowStatisticsRequest(table: table, outputPort: port, match: match)
        }
        let table = try reader.byte()
        try reader.skip(3)
        let (port, group) = (PortNumber(try reader.uint32()), try reader.uint32())
        try reader.skip(4)
        let (cookie, mask) = (try reader.uint64(), try reader.uint64())
        return FlowStatisticsRequest(
            table: table, outputPort: port, outputGroup: group, cookie: cookie, cookieMask: mask,
            match: try reader.match())
    }

    private func niciraFlowRequest(_ reader: inout WireReader) throws(OpenFlowError) -> FlowStatisticsRequest {
        let port = PortNumber(openFlow10: try reader.uint16())
        let length = Int(try reader.uint16())
        let table = try reader.byte()
        try reader.skip(3)
        let match = try reader.niciraMatch(length: length, takesCookie: true)
        return FlowStatisticsRequest(
            table: table, outputPort: port, cookie: match.cookie, cookieMask: match.cookieMask, match: match.match,
            format: .nicira)
    }

    private func write(_ request: FlowStatisticsRequest, _ out: inout WireWriter) {
        if version == .v10 && request.format == .nicira {
            out.uint16(request.outputPort.openFlow10)
            let length = out.count
            out.uint16(0)
            out.byte(request.table)
            out.zeros(3)
            let size = out.niciraMatch(request.match, cookie: request.cookie, cookieMask: request.cookieMask)
            out.patch(size, at: length)
        } else if version == .v10 {
            out.openFlow10Match(request.match)
            out.byte(request.table)
            out.byte(0)
            out.uint16(request.outputPort.openFlow10)
        } else {
            out.byte(request.table)
            out.zeros(3)
            out.uint32(request.outputPort.rawValue)
            out.uint32(request.outputGroup)
            out.zeros(4)
            out.uint64(request.cookie)
            out.uint64(request.cookieMask)
            out.match(request.match, version)
        }
    }

    // MARK: Writing

    func write(_ request: MultipartRequest, _ more: Bool, _ out: inout WireWriter) {
        switch request {
        case .experimenter(let message): writeHeader(message.experimenter, message.type, more: more, &out)
        case .flow(let flow), .aggregate(let flow): writeHeader(request.type, flow.format, more: more, &out)
        default: writeHeader(request.type, .nicira, more: more, &out)
        }
        writeBody(request, &out)
    }

    private func writeBody(_ request: MultipartRequest, _ out: inout WireWriter) {
        switch request {
        case .flow(let flow), .aggregate(let flow): write(flow, &out)
        case .portStats(let port):
            out.port(port, version)
            out.zeros(version == .v10 ? 6 : 4)
        case .queue(let port, let queue):
            out.port(version == .v10 && port == .any ? .all : port, version)
            if version == .v10 { out.zeros(2) }
            out.uint32(queue)
        case .group(let id), .meter(let id), .meterConfig(let id):
            out.uint32(id)
            out.zeros(4)
        case .groupDesc(let id) where hasGroupsOf15:
            out.uint32(id)
            out.zeros(4)
        case .portDesc(let port) where version >= .v15:
            out.uint32(port.rawValue)
            out.zeros(4)
        case .queueDesc(let port, let queue):
            out.uint32(port.rawValue)
            out.uint32(queue)
        case .tableFeatures(let tables): for table in tables { write(table, &out) }
        case .flowMonitor(let monitors): for monitor in monitors { write(monitor, &out) }
        case .experimenter(let message): out.append(message.data)
        default: break
        }
    }
}

extension MultipartRequest {
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
