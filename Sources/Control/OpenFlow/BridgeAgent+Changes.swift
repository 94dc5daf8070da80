import FlowTable
import OpenFlow
import OpenFlowWire
import Switch

/// Changes of flows, and those who hear of them.
extension BridgeAgent {
    /// Notes what a change did, for those who are to hear of it once it is in force.
    func note(_ outcome: FlowModOutcome, xid: UInt32?, by connection: ControllerConnection?) {
        removals += outcome.removed.filter { $0.entry.flow.flags.contains(.sendFlowRemoved) }
        if connections.values.contains(where: { !$0.monitors.isEmpty }) {
            updates.append(outcome, xid: xid, by: connection?.session.id)
        }
    }

    /// Flows whose time is over go.
    func expire() {
        guard let due = bridge.nextExpiry, due <= MonotonicTime.now else { return }
        var outcome = FlowModOutcome()
        outcome.removed = bridge.expire()
        note(outcome, xid: nil, by: nil)
        settle()
    }

    func tellRemovals() {
        if removals.isEmpty { return }
        for removal in removals {
            let flow = removal.entry.flow
            let message = Message.flowRemoved(
                FlowRemoved(
                    table: flow.table, priority: flow.priority, cookie: flow.cookie, match: flow.match,
                    reason: removal.reason, duration: WireDuration(nanoseconds: removal.durationNanoseconds),
                    idleTimeoutSeconds: flow.idleTimeoutSeconds, hardTimeoutSeconds: flow.hardTimeoutSeconds,
                    packetCount: removal.entry.shownPacketCount, byteCount: removal.entry.shownByteCount))
            for connection in connections.values
            where connection.wants(removal.reason) {
                _ = connection.offer(message)
            }
        }
        removals.removeAll()
    }

    // MARK: Monitors

    /// Begins, changes or ends monitors; the flows that there are, for those that ask for them.
    func monitor(
        _ requests: [FlowMonitorRequest], on connection: ControllerConnection
    ) throws(OpenFlowError) -> [FlowUpdate] {
        var initial: [FlowUpdate] = []
        for request in requests {
            switch request.command {
            case .add:
                if connection.monitors[request.id] != nil {
                    throw OpenFlowError(type: 16, code: 1, "there is a flow monitor \(request.id) already")
                }
                connection.monitors[request.id] = request
            case .modify:
                if connection.monitors[request.id] == nil {
                    throw OpenFlowError(type: 16, code: 3, "there is no flow monitor \(request.id)")
                }
                connection.monitors[request.id] = request
            case .delete:
                if connection.monitors.removeValue(forKey: request.id) == nil {
                    throw OpenFlowError(type: 16, code: 3, "there is no flow monitor \(request.id)")
                }
                continue
            }
            guard request.flags.contains(.initial) else { continue }
            for entry in bridge.tables.flows(FlowSelection()) where request.includes(entry.flow) {
                let change = request.shown(entry.flow)
                initial.append(connection.version >= .v14 ? .initial(change) : .added(change))
            }
        }
        return initial
    }

    /// Tells monitors of what has changed.
    func tellUpdates() {
        if updates.isEmpty { return }
        for connection in connections.values where !connection.monitors.isEmpty {
            let told = updates.told(to: connection)
            if told.isEmpty { continue }
            // An update's xid is zero, as nobody asked for it now.
            connection.replies.insert(
                OpenFlowFrame(
                    version: connection.version, xid: 0, message: .multipartReply(.flowMonitor(told), more: false)),
                at: 0)
        }
        updates = FlowUpdates()
    }
}

/// Changes of flows that monitors have not been told of yet.
struct FlowUpdates {
    fileprivate enum Kind { case added, modified, removed(FlowRemovedReason) }

    private struct Update {
        let kind: Kind
        let flow: Flow
        let xid: UInt32?
        let origin: UInt64?
    }

    private var updates: [Update] = []

    var isEmpty: Bool { updates.isEmpty }

    mutating func append(_ outcome: FlowModOutcome, xid: UInt32?, by origin: UInt64?) {
        for removal in outcome.removed {
            updates.append(
                Update(kind: .removed(removal.reason), flow: removal.entry.flow, xid: xid, origin: origin))
        }
        for entry in outcome.added { updates.append(Update(kind: .added, flow: entry.flow, xid: xid, origin: origin)) }
        for change in outcome.modified {
            updates.append(Update(kind: .modified, flow: change.after.flow, xid: xid, origin: origin))
        }
    }

    /// What one connection is told: its own changes in short, unless it wants them whole.
    func told(to connection: ControllerConnection) -> [FlowUpdate] {
        var result: [FlowUpdate] = []
        var abbreviated: Set<UInt32> = []
        for update in updates {
            let isOwn = update.origin == connection.session.id
            let wanted = connection.monitors.values.filter { $0.includes(update.flow) && $0.wants(update.kind.flag) }
            guard let monitor = wanted.first(where: { isOwn || !$0.flags.contains(.onlyOwn) }) else { continue }
            if isOwn, let xid = update.xid, !monitor.flags.contains(.noAbbreviation) {
                if abbreviated.insert(xid).inserted { result.append(.abbreviated(xid: xid)) }
                continue
            }
            let change = monitor.shown(update.flow)
            switch update.kind {
            case .added: result.append(.added(change))
            case .modified: result.append(.modified(change))
            case .removed(let reason): result.append(.removed(change, reason))
            }
        }
        return result
    }
}

extension FlowUpdates.Kind {
    fileprivate var flag: FlowMonitorRequest.Flags {
        switch self {
        case .added: .add
        case .modified: .modify
        case .removed: .removed
        }
    }
}

extension FlowMonitorRequest {
    func wants(_ flag: Flags) -> Bool { flags.contains(flag) }

    /// Whether it is about a flow.
    func includes(_ flow: Flow) -> Bool {
        var selection = FlowSelection(table: table == FlowMod.allTables ? nil : table, match: match)
        if outputPort != .any { selection.outputPort = outputPort }
        if outputGroup != Group.any { selection.outputGroup = outputGroup }
        return selection.includes(flow)
    }

    func shown(_ flow: Flow) -> FlowUpdate.Change {
        var flow = flow
        if !flags.contains(.instructions) { flow.instructions = InstructionSet() }
        return FlowUpdate.Change(flow)
    }
}
