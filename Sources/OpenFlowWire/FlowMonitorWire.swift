import OpenFlow
import Packet

/// Flow monitors: NXST_FLOW_MONITOR on 1.0, ONF's on 1.3, OpenFlow's own from 1.4 on (1.4 §7.3.5.18).
extension Codec {
    /// Whatever asks for no kind of change is refused, as are flags that the version lacks.
    private func flags(_ bits: UInt16) throws(OpenFlowError) -> FlowMonitorRequest.Flags {
        let known: UInt16 = version >= .v14 ? 0x7f : 0x3f
        if bits & 0xe == 0 || bits & ~known != 0 {
            throw .flowMonitorFailed(.badFlags, "a flow monitor can't have the flags \(bits)")
        }
        return FlowMonitorRequest.Flags(rawValue: bits)
    }

    func flowMonitors(_ reader: inout WireReader) throws(OpenFlowError) -> [FlowMonitorRequest] {
        var monitors: [FlowMonitorRequest] = []
        while !reader.isAtEnd {
            try reader.require(16, .badLength("a flow monitor is cut short"))
            let id = try reader.uint32()
            switch version {
            case .v10: monitors.append(try niciraMonitor(id, &reader))
            case .v13: monitors.append(try onfMonitor(id, &reader))
            default: monitors.append(try monitor(id, &reader))
            }
        }
        return monitors
    }

    private func niciraMonitor(_ id: UInt32, _ reader: inout WireReader) throws(OpenFlowError) -> FlowMonitorRequest {
        let flags = try flags(try reader.uint16())
        let port = PortNumber(openFlow10: try reader.uint16())
        let length = Int(try reader.uint16())
        let table = try reader.byte()
        try reader.skip(5)
        let match = try reader.niciraMatch(length: length).match
        return FlowMonitorRequest(id: id, flags: flags, outputPort: port, table: table, match: match)
    }

    private func onfMonitor(_ id: UInt32, _ reader: inout WireReader) throws(OpenFlowError) -> FlowMonitorRequest {
        let flags = try flags(try reader.uint16())
        try reader.skip(2)
        let port = PortNumber(try reader.uint32())
        let table = try reader.byte()
        try reader.skip(3)
        return FlowMonitorRequest(id: id, flags: flags, outputPort: port, table: table, match: try reader.match())
    }

    private func monitor(_ id: UInt32, _ reader: inout WireReader) throws(OpenFlowError) -> FlowMonitorRequest {
        let (port, group) = (PortNumber(try reader.uint32()), try reader.uint32())
        let bits = try reader.uint16()
        let (table, number) = (try reader.byte(), try reader.byte())
        guard let command = FlowMonitorRequest.Command(rawValue: number) else {
            throw .flowMonitorFailed(.badCommand, "a flow monitor has no command \(number)")
        }
        // A deletion names the monitor, and no more counts.
        let flags: FlowMonitorRequest.Flags = command == .delete ? .init(rawValue: bits) : try flags(bits)
        return FlowMonitorRequest(
            id: id, command: command, flags: flags, outputPort: port, outputGroup: group, table: table,
            match: try reader.match())
    }

    func write(_ monitor: FlowMonitorRequest, _ out: inout WireWriter) {
        out.uint32(monitor.id)
        switch version {
        case .v10:
            out.uint16(monitor.flags.rawValue & 0x3f)
            out.uint16(monitor.outputPort.openFlow10)
            let length = out.count
            out.uint16(0)
            out.byte(monitor.table)
            out.zeros(5)
            out.patch(out.niciraMatch(monitor.match), at: length)
        case .v13:
            out.uint16(monitor.flags.rawValue & 0x3f)
            let length = out.count
            out.uint16(0)
            out.uint32(monitor.outputPort.rawValue)
            out.byte(monitor.table)
            out.zeros(3)
            let start = out.count
            out.match(monitor.match, version)
            out.patchLength(since: start, at: length)
        default:
            out.uint32(monitor.outputPort.rawValue)
            out.uint32(monitor.outputGroup)
            out.uint16(monitor.flags.rawValue)
            out.byte(monitor.table)
            out.byte(monitor.command.rawValue)
            out.match(monitor.match, version)
        }
    }

    // MARK: Updates

    /// The numbers of events from 1.4 on; before, `added` is 0, and `initial` isn't told apart from it.
    private enum Event {
        static let initial: UInt16 = 0
        static let added: UInt16 = 1
        static let removed: UInt16 = 2
        static let modified: UInt16 = 3
        static let abbreviated: UInt16 = 4
        static let paused: UInt16 = 5
        static let resumed: UInt16 = 6
    }

    func flowUpdate(_ reader: inout WireReader) throws(OpenFlowError) -> FlowUpdate {
        var (body, length) = try reader.entry()
        let number = try body.uint16()
        let event = version >= .v14 ? number : number &+ 1
        if length % 8 != 0 || event > Event.resumed || (version < .v14 && event > Event.abbreviated) {
            throw .badLength("there is no flow update \(number) of \(length) bytes")
        }
        switch event {
        case Event.abbreviated: return .abbreviated(xid: try body.uint32())
        case Event.paused: return .paused
        case Event.resumed: return .resumed
        default: break
        }
        let (change, reason) = try version >= .v14 ? change14(&body) : change(&body)
        switch event {
        case Event.initial: return .initial(change)
        case Event.added: return .added(change)
        case Event.modified: return .modified(change)
        default: return .removed(change, try Self.removal(reason))
        }
    }

    private func change14(_ body: inout WireReader) throws(OpenFlowError) -> (FlowUpdate.Change, UInt8) {
        var flow = Flow()
        flow.table = try body.byte()
        let reason = try body.byte()
        flow.idleTimeoutSeconds = try body.uint16()
        flow.hardTimeoutSeconds = try body.uint16()
        flow.priority = try body.uint16()
        try body.skip(4)
        flow.cookie = try body.uint64()
        flow.match = try body.match()
        flow.instructions = try body.instructions(version)
        return (FlowUpdate.Change(flow), reason)
    }

    private func change(_ body: inout WireReader) throws(OpenFlowError) -> (FlowUpdate.Change, UInt8) {
        var flow = Flow()
        let reason = try body.uint16()
        flow.priority = try body.uint16()
        flow.idleTimeoutSeconds = try body.uint16()
        flow.hardTimeoutSeconds = try body.uint16()
        let length = Int(try body.uint16())
        flow.table = try body.byte()
        try body.skip(1)
        flow.cookie = try body.uint64()
        flow.match = try version == .v10 ? body.niciraMatch(length: length).match : body.match()
        flow.instructions = try body.instructions(version)
        return (FlowUpdate.Change(flow), UInt8(truncatingIfNeeded: reason))
    }

    func write(_ update: FlowUpdate, _ out: inout WireWriter) {
        let start = out.count
        out.uint16(0)
        let shift: UInt16 = version >= .v14 ? 0 : 1
        switch update {
        case .initial(let change): write(change, version >= .v14 ? Event.initial : 0, 0, &out)
        case .added(let change): write(change, Event.added - shift, 0, &out)
        case .removed(let change, let reason): write(change, Event.removed - shift, number(reason), &out)
        case .modified(let change): write(change, Event.modified - shift, 0, &out)
        case .abbreviated(let xid):
            out.uint16(Event.abbreviated - shift)
            out.uint32(xid)
        case .paused, .resumed:
            out.uint16(update == .paused ? Event.paused : Event.resumed)
            out.zeros(4)
        }
        out.patchLength(since: start, at: start)
    }

    private func write(_ change: FlowUpdate.Change, _ event: UInt16, _ reason: UInt8, _ out: inout WireWriter) {
        let flow = change.flow
        out.uint16(event)
        if version >= .v14 {
            out.byte(flow.table)
            out.byte(reason)
            out.uint16(flow.idleTimeoutSeconds)
            out.uint16(flow.hardTimeoutSeconds)
            out.uint16(flow.priority)
            out.zeros(4)
            out.uint64(flow.cookie)
            out.match(flow.match, version)
        } else {
            out.uint16(UInt16(reason))
            out.uint16(flow.priority)
            out.uint16(flow.idleTimeoutSeconds)
            out.uint16(flow.hardTimeoutSeconds)
            let length = out.count
            out.uint16(0)
            out.byte(flow.table)
            out.byte(0)
            out.uint64(flow.cookie)
            let start = out.count
            if version == .v10 {
                out.patch(out.niciraMatch(flow.match), at: length)
            } else {
                out.match(flow.match, version)
                out.patchLength(since: start, at: length)
            }
        }
        out.instructions(flow.instructions, version, match: flow.match)
    }
}
