import FlowTable
import OpenFlow

extension SwitchManager {
    /// Changes flows as a text says, one change a line, in ovs-ofctl's syntax; all of them or none.
    ///
    /// - Parameters:
    ///   - command: what is meant by a line without a command.
    ///   - file: the name to put into errors.
    /// - Throws: ``FlowTextError`` for a line that can't be read or done; then nothing has changed.
    public func changeFlows(
        _ text: String, as command: FlowMod.Command = .add, file: String? = nil, of bridge: String
    ) throws -> TableOutcome {
        let bridge = try self.bridge(bridge)
        let text = try TableText<FlowMod>(text, as: command, file: file, portNames: bridge.portNames)
        if text.changes.isEmpty { throw SwitchError("a flow was expected, such as in_port=1 actions=output:2") }
        return try bridge.change(text) { (mod, report) throws(OpenFlowError) in
            let outcome = try bridge.apply(mod)
            report.added += outcome.added.count
            report.modified += outcome.modified.count
            report.removed += outcome.removed.count
            return outcome
        }
    }

    /// Removes flows.
    ///
    /// - Parameters:
    ///   - selection: as ovs-ofctl's del-flows has it: `table=1,tcp`; empty for all.
    ///   - isStrict: only the flow with just this match and priority, not those with a narrower match.
    public func removeFlows(_ selection: String, isStrict: Bool, from bridge: String) throws -> TableOutcome {
        let bridge = try self.bridge(bridge)
        let selection = try FlowSelection(text: selection, isStrict: isStrict, portNames: bridge.portNames)
        var outcome = TableOutcome()
        outcome.flows = try bridge.apply(FlowMod(deleting: selection))
        outcome.report.removed = outcome.flows.removed.count
        bridge.publishChanges()
        return outcome
    }

    /// Flows with their counters, by table, best first.
    ///
    /// - Parameter selection: as for ``removeFlows(_:isStrict:from:)``.
    public func flows(_ selection: String = "", of bridge: String) throws -> [FlowReport] {
        let bridge = try self.bridge(bridge)
        let selection = try FlowSelection(text: selection, isStrict: false, portNames: bridge.portNames)
        return bridge.flowsWithCounters().filter { selection.includes($0.flow) }.map { entry in
            let flow = entry.flow
            return FlowReport(
                table: flow.table, priority: flow.priority, cookie: "0x" + String(flow.cookie, radix: 16),
                match: flow.match.description, actions: flow.instructions.description, packets: entry.packetCount,
                bytes: entry.byteCount, flow: flow.description)
        }
    }
}

extension Bridge {
    /// The numbers of ports by name, for flow texts.
    var portNames: [String: UInt32] { Dictionary(ports.map { ($0.name, $0.number) }) { first, _ in first } }
}

extension FlowMod {
    /// The deletion of all flows that a selection means.
    fileprivate init(deleting selection: FlowSelection) {
        let flow = Flow(
            table: selection.table ?? FlowMod.allTables, priority: selection.strictPriority ?? Flow.defaultPriority,
            match: selection.match, instructions: InstructionSet())
        self.init(selection.strictPriority == nil ? .delete : .deleteStrict, flow)
        (self.flow.cookie, cookieMask) = (selection.cookie, selection.cookieMask)
        outputPort = selection.outputPort ?? .any
        outputGroup = selection.outputGroup ?? Group.any
    }
}

extension FlowSelection {
    /// What stands before `actions=` in a flow, with `out_port=`, `out_group=` and a masked cookie besides.
    ///
    /// - Throws: ``FlowTextError`` for the match, ``SwitchError`` for the rest.
    init(text: String, isStrict: Bool, portNames: [String: UInt32]) throws {
        var rest: [Substring] = []
        var values: [Substring: String] = [:]
        for item in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            let parts = item.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, ["table", "priority", "cookie", "out_port", "out_group"].contains(parts[0]) else {
                rest.append(item)
                continue
            }
            if values.updateValue(String(parts[1]), forKey: parts[0]) != nil {
                throw SwitchError("\(parts[0]) is given twice")
            }
        }
        let match = try FlowText.parseMatch(rest.joined(separator: ","), portNames: portNames)
        let table = try values["table"].map { try FlowSelection.number($0, of: "table") as UInt8 }
        if isStrict {
            let priority = try values["priority"].map { try FlowSelection.number($0, of: "priority") as UInt16 }
            self.init(table: table, strictly: match, priority: priority ?? Flow.defaultPriority)
        } else {
            if values["priority"] != nil { throw SwitchError("a priority selects flows only with --strict") }
            self.init(table: table, match: match)
        }
        if let value = values["cookie"] {
            let parts = value.split(separator: "/", maxSplits: 1).map(String.init)
            cookie = try FlowSelection.number(parts.first ?? "", of: "cookie")
            cookieMask = try parts.count == 2 && parts[1] != "-1" ? FlowSelection.number(parts[1], of: "cookie") : .max
        }
        if let value = values["out_port"] {
            let number = try portNames[value] ?? FlowSelection.port(value)
            outputPort = PortNumber(number)
        }
        outputGroup = try values["out_group"].map { try FlowSelection.number($0, of: "out_group") }
    }

    private static func port(_ text: String) throws(SwitchError) -> UInt32 {
        if let reserved = PortNumber.reservedNames.first(where: { $0.name == text.uppercased() }) {
            return reserved.port.rawValue
        }
        return try number(text, of: "out_port")
    }

    private static func number<Number: FixedWidthInteger>(
        _ text: String, of what: String
    ) throws(SwitchError) -> Number {
        let number = text.hasPrefix("0x") ? Number(text.dropFirst(2), radix: 16) : Number(text)
        guard let number else { throw SwitchError("\(what)=\(text): a number up to \(Number.max) was expected") }
        return number
    }
}
