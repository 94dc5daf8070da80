import OpenFlow
import Packet
import Testing

@Suite("Changes of the flow tables as text")
struct FlowModTextTests {
    /// What is written, and how the same is printed.
    private static let mods: [(text: String, printed: String)] = [
        ("actions=1", "add actions=output:1"),
        ("add table=3,cookie=5,ip actions=drop", "add cookie=0x5, table=3, ip actions=drop"),
        ("delete", "delete"), ("delete table=255", "delete"), ("delete table=3,ip", "delete table=3, ip"),
        ("delete out_port=LOCAL,out_group=7 tcp,tp_dst=80", "delete out_port=LOCAL, out_group=7, tcp,tcp_dst=80"),
        ("delete cookie=0x12/-1", "delete cookie=0x12/0xffffffffffffffff"),
        ("delete cookie=0x12/0x10", "delete cookie=0x10/0x10"),
        ("delete_strict priority=7", "delete_strict priority=7"), ("delete out_port=ANY", "delete"),
        ("modify cookie=5,idle_timeout=3,ip actions=2", "modify cookie=0x5, idle_timeout=3, ip actions=output:2"),
        ("modify cookie=5/7 actions=2", "modify cookie=0x5/0x7, actions=output:2"),
        (
            "modify_strict table=1,priority=9,ip,actions=dec_ttl,goto_table:2",
            "modify_strict table=1, priority=9,ip actions=dec_ttl,goto_table:2"
        ),
    ]

    @Test("A change is read", arguments: mods)
    func reads(text: String, printed: String) throws {
        let read = try FlowText.parseFlowMods(text)
        #expect(read.map(\.description) == [printed])
        #expect(try FlowText.parseFlowMods(printed) == read)
    }

    @Test("A change has the values that are written")
    func values() throws {
        let read = try FlowText.parseFlowMods(
            "delete cookie=5/7,out_port=3,out_group=4\nmodify cookie=5 actions=drop\nadd actions=drop\n"
                + "delete_strict table=2,priority=3")
        var deletion = FlowMod(.delete, Flow())
        deletion.flow.table = FlowMod.allTables
        (deletion.flow.cookie, deletion.cookieMask) = (5, 7)
        (deletion.outputPort, deletion.outputGroup) = (PortNumber(3), 4)
        var modification = FlowMod(.modify, Flow())
        (modification.flow.cookie, modification.setsCookie) = (5, true)
        var strict = FlowMod(.deleteStrict, Flow())
        (strict.flow.table, strict.flow.priority) = (2, 3)
        #expect(read == [deletion, modification, FlowMod(.add, Flow()), strict])
    }

    /// What is written, the column of the fault, and a part of the message.
    private static let refused: [(text: String, column: Int, message: String)] = [
        ("delete actions=drop", 8, "delete takes no actions"), ("modify ip", 10, "the flow has no actions"),
        ("delete priority=1", 8, "delete takes no priority"), ("delete idle_timeout=1", 8, "takes no idle_timeout"),
        ("delete send_flow_rem", 8, "takes no send_flow_rem"), ("modify importance=1 actions=drop", 8, "no importance"),
        ("delete cookie=5", 15, "cookie=5/-1"), ("add cookie=5/1 actions=drop", 13, "a cookie mask"),
        ("modify out_port=1 actions=drop", 8, "chooses flows to delete"), ("delete out_port", 16, "needs a value"),
        ("delete out_group=all", 18, "needs a number"), ("delete out_port=p9", 17, "no port named p9"),
        ("add table=255 actions=drop", 11, "254 at most"), ("delete table=256", 14, "255 at most"),
        ("delete tcp_dst=1", 8, "needs tcp or tcp6"), ("delete_all", 1, "there is no field"),
        ("delete cookie=5/x", 17, "cookie's mask"),
    ]

    @Test("A change is refused, with the place and the reason", arguments: refused)
    func refuses(text: String, column: Int, message: String) {
        let error = #expect(throws: FlowTextError.self) { try FlowText.parseFlowMods(text, file: "a.flows") }
        #expect(error?.column == column, "\(error?.message ?? "")")
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test("What is printed reads back as the same change", arguments: [2, 20_262])
    func roundTrip(seed: UInt64) throws {
        var flows = RandomFlows(seed: seed)
        for index in 0..<2000 {
            let mod = Self.mod(FlowMod.Command.allCases[index % 5], &flows)
            let text = mod.description
            let again = try FlowText.parseFlowMods(text)
            try #require(again == [mod], "seed \(seed), change \(index): \(text) became \(again)")
        }
    }

    private static func mod(_ command: FlowMod.Command, _ flows: inout RandomFlows) -> FlowMod {
        let flow = flows.next()
        var mod = FlowMod(command, flow)
        if command == .add { return mod }
        mod.flow.importance = 0
        if flows.chance(50) {
            mod.cookieMask = UInt64(flows.bits(64)) | 1
            mod.flow.cookie &= mod.cookieMask
        } else if command == .modify || command == .modifyStrict {
            mod.setsCookie = flows.chance(50)
            if !mod.setsCookie { mod.flow.cookie = 0 }
        }
        guard command == .delete || command == .deleteStrict else { return mod }
        mod.flow = Flow(
            table: flows.chance(50) ? flow.table : FlowMod.allTables,
            priority: command == .delete ? Flow.defaultPriority : flow.priority, match: flow.match,
            instructions: InstructionSet())
        if mod.cookieMask != 0 { mod.flow.cookie = flow.cookie & mod.cookieMask }
        if flows.chance(50) { mod.outputPort = flows.port() }
        if flows.chance(50) { mod.outputGroup = UInt32(flows.bits(31)) }
        return mod
    }

    @Test("A flow with what is counted for it")
    func statistics() throws {
        var flow = try FlowText.parseFlow(
            "cookie=0x12,table=3,idle_timeout=10,hard_timeout=20,send_flow_rem,reset_counts,importance=4,priority=7,ip "
                + "actions=output:2")
        var counted = Flow.Statistics(durationSeconds: 5, durationNanoseconds: 20_000_000, packets: 3, bytes: 180)
        (counted.idleAgeSeconds, counted.hardAgeSeconds) = (1, 4)
        #expect(
            flow.description(with: counted)
                == "cookie=0x12, duration=5.020s, table=3, n_packets=3, n_bytes=180, idle_timeout=10, hard_timeout=20, "
                + "send_flow_rem reset_counts importance=4, idle_age=1, hard_age=4, priority=7,ip actions=output:2")
        #expect(try FlowText.parseFlow(flow.description(with: counted)) == flow)
        flow = try FlowText.parseFlow("actions=NORMAL")
        counted = Flow.Statistics(durationSeconds: 4, packets: nil, bytes: nil)
        counted.hardAgeSeconds = 4
        #expect(
            flow.description(with: counted)
                == "cookie=0x0, duration=4s, table=0, n_packets=?, n_bytes=?, actions=NORMAL")
        counted.durationNanoseconds = 1_200
        #expect(flow.description(with: counted).contains("duration=4.0000012s"))
    }
}
