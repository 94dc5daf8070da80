import Packet

/// Flows as text, in the syntax of ovs-ofctl(8), ovs-fields(7) and ovs-actions(7).
///
/// It is stricter than ovs-ofctl where ovs-ofctl would silently do something else than what stands there: a field given
/// twice, fields that contradict each other, a missing prerequisite, numbers with a leading zero (octal there) and
/// values too large are errors. Bits of a value outside its mask (`nw_src=10.0.0.1/8`) are ignored, as ovs-ofctl does.
///
/// `portNames` maps the names of ports to their numbers; numbers and reserved names (`LOCAL`) need no entry.
public enum FlowText {
    /// One flow, such as `table=1,priority=100,ip,nw_src=10.0.0.0/8 actions=output:2`.
    public static func parseFlow(
        _ text: String, portNames: [String: UInt32] = [:]
    ) throws(FlowTextError) -> Flow {
        let reader = FlowTextReader(text, portNames: portNames)
        var lines = FlowTextLines(reader)
        guard let line = lines.next() else {
            throw reader.error(at: 0, "a flow was expected, such as in_port=1 actions=output:2")
        }
        let flow = try FlowTextFlowParser(reader).parse(line)
        if let extra = lines.next() {
            throw reader.error(at: extra.lowerBound, "only one flow was expected; here begins another")
        }
        return flow
    }

    /// A file of flows, one a line.
    ///
    /// Blank lines, comments (`#` to the end of the line) and the headings of `ovs-ofctl dump-flows` are skipped; what
    /// that command adds to a flow (`duration=`, `n_packets=`, …) is ignored.
    ///
    /// - Parameter file: the name to put into errors.
    public static func parseFlows(
        _ contents: String, file: String? = nil, portNames: [String: UInt32] = [:]
    ) throws(FlowTextError) -> [Flow] {
        let reader = FlowTextReader(contents, file: file, portNames: portNames)
        let parser = FlowTextFlowParser(reader)
        var lines = FlowTextLines(reader)
        var flows: [Flow] = []
        while let line = lines.next() {
            flows.append(try parser.parse(line))
        }
        return flows
    }

    /// A file of changes of the flow tables, one a line, in the order in which they are to be made: a flow, with `add`,
    /// `modify`, `modify_strict`, `delete` or `delete_strict` before it, or nothing, which means `add`.
    ///
    /// Deletions have no actions; they may have `out_port=PORT` and `out_group=ID`, and mean every table unless they
    /// name one. `cookie=COOKIE/MASK` chooses the flows to delete or to modify. Lines are skipped as in
    /// ``parseFlows(_:file:portNames:)``.
    ///
    /// - Parameter command: what is meant by a line without a command.
    public static func parseFlowMods(
        _ contents: String, as command: FlowMod.Command = .add, file: String? = nil, portNames: [String: UInt32] = [:]
    ) throws(FlowTextError) -> [FlowMod] {
        let reader = FlowTextReader(contents, file: file, portNames: portNames)
        let parser = FlowTextFlowParser(reader)
        var lines = FlowTextLines(reader)
        var mods: [FlowMod] = []
        while let line = lines.next() {
            mods.append(try parser.parseMod(line, unlessNamed: command))
        }
        return mods
    }

    /// What stands before the actions, such as `tcp,tcp_dst=80`. An empty text matches every packet.
    public static func parseMatch(
        _ text: String, portNames: [String: UInt32] = [:]
    ) throws(FlowTextError) -> Match {
        let reader = FlowTextReader(text, portNames: portNames)
        var parser = FlowTextMatchParser(reader)
        var position = 0
        while let item = try reader.nextItem(from: &position, to: reader.bytes.count) {
            if try parser.take(item) != nil {
                throw reader.error(
                    at: item.key.lowerBound, "\(reader.text(item.key)) belongs to a flow, not to a match")
            }
        }
        return try parser.finish()
    }

    /// What stands after `actions=`, such as `push_vlan:0x8100,set_field:0x1005->vlan_vid,output:2`.
    ///
    /// - Parameters:
    ///   - match: what the packets are known to be; fields can only be set where their prerequisites hold.
    ///     `nil` leaves prerequisites unchecked.
    ///   - table: the flow's table, which `goto_table` must lie behind; `nil` leaves that unchecked.
    public static func parseActions(
        _ text: String, match: Match? = nil, table: UInt8? = nil, portNames: [String: UInt32] = [:]
    ) throws(FlowTextError) -> InstructionSet {
        let reader = FlowTextReader(text, portNames: portNames)
        return try FlowTextActionParser.parse(0..<reader.bytes.count, with: reader, match: match, table: table)
    }
}
