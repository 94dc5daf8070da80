import Foundation
import OpenFlow
import Packet
import Testing

/// Groups, meters, statistics and single actions against ovs-ofctl: accepted and refused alike, and printed alike.
@Suite("Groups, meters, actions and statistics against ovs-ofctl")
struct OpenVSwitchAgreementTests {
    /// Actions for TCP packets that both print as they are written.
    private static let printed = [
        "meter:1,output:2", "group:1,set_queue:3,pop_queue", "enqueue:1:2", "enqueue:LOCAL:2", "dec_ttl(1,2)",
        "push_mpls:0x8847,set_mpls_ttl(5),dec_mpls_ttl,pop_mpls:0x0800", "push_mpls:0x8848", "exit",
        "controller(reason=invalid_ttl,max_len=9,id=3,userdata=01.02.ff,pause,meter_id=4)", "controller(id=5)",
        "output(port=1,max_len=64)", "output(port=LOCAL,max_len=14)", "conjunction(1,2/3)",
        "conjunction(4294967295,64/64),note:00.01.02.03.04.0a", "push:NXM_NX_REG0[0..3],pop:NXM_NX_REG1[]",
        "fin_timeout(idle_timeout=1,hard_timeout=2)", "fin_timeout()", "write_actions(group:3,set_queue:1,output:2)",
        "learn(table=1)", "learn(table=2,hard_timeout=10,NXM_OF_VLAN_TCI[0..11],output:NXM_OF_IN_PORT[])",
        "learn(table=1,NXM_OF_IN_PORT[],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0x5->NXM_NX_REG0[0..15])",
        "learn(table=1,eth_type=0x800,NXM_OF_IP_DST[]=NXM_OF_IP_SRC[],load:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[])",
        "learn(table=1,idle_timeout=3,fin_idle_timeout=1,fin_hard_timeout=2,priority=7,send_flow_rem,delete_learned,"
            + "cookie=0x12,limit=5,result_dst=NXM_NX_REG0[3],NXM_NX_REG1[0..3]=0x5,in_port=7)",
    ]

    @Test("Actions are printed alike", arguments: printed)
    func actions(text: String) throws {
        guard OpenVSwitch.isThere() else { return }
        // In OpenFlow 1.0, their first choice, there are neither meters nor action sets, but each other action.
        let isNewer = text.hasPrefix("meter") || text.hasPrefix("write_actions")
        let version = isNewer ? ["-O", "OpenFlow13"] : []
        let (output, succeeded) = try OpenVSwitch.run(version + ["parse-flow", "tcp actions=" + text])
        #expect(succeeded)
        let theirs = try #require(output.range(of: "actions="))
        let ours = try FlowText.parseFlow("tcp actions=" + text).instructions.description
        #expect(output[theirs.upperBound...].prefix { $0 != "\n" } == ours)
        #expect(ours == text)
    }

    /// Actions that both refuse.
    private static let refused = [
        "output:1,meter:1", "meter:1,meter:2", "write_actions(meter:1)", "output(port=1,max_len=13)",
        "output(port=ALL,max_len=64)", "controller(userdata=0)", "controller(reason=x)", "controller(bogus=1)",
        "conjunction(1,0/2)", "conjunction(1,3/2)", "conjunction(1,1/1)", "conjunction(1,1/65)",
        "conjunction(1,1/2),output:1", "note:0x01", "fin_timeout(idle=1)", "enqueue:1", "enqueue:p9:1", "group:x",
        "learn(bogus=1)", "learn(table=255)", "learn(result_dst=NXM_NX_REG0[0..1])", "learn(tcp)",
        "learn(NXM_OF_ETH_DST[]=NXM_OF_IN_PORT[])", "learn(NXM_OF_IP_DST[]=NXM_OF_IP_SRC[])",
        "learn(load:256->NXM_NX_REG0[0..7])", "learn(NXM_NX_REG0[0..7]=256)", "set_mpls_label:0x100000",
        "set_mpls_tc:8", "push:tcp_bogus", "pop:NXM_NX_TCP_FLAGS[]", "push:NXM_OF_UDP_SRC[]",
    ]

    @Test("Actions are refused alike", arguments: refused)
    func refusals(text: String) throws {
        guard OpenVSwitch.isThere() else { return }
        #expect(try !OpenVSwitch.run(["parse-flow", "tcp actions=" + text]).succeeded)
        #expect(throws: FlowTextError.self) { try FlowText.parseFlow("tcp actions=" + text) }
    }

    @Test("Groups are printed alike", arguments: [31, 32])
    func groups(seed: UInt64) throws {
        guard OpenVSwitch.isThere() else { return }
        var generator = RandomGroups(seed: seed, forOpenVSwitch: true)
        for index in 0..<100 {
            let group = generator.next()
            let (output, succeeded) = try OpenVSwitch.run(["-O", "OpenFlow13", "parse-group", group.description])
            try #require(succeeded, "seed \(seed), group \(index): \(group)")
            let theirs = try #require(output.range(of: "ADD "), "\(output)")
            #expect(
                output[theirs.upperBound...].prefix { $0 != "\n" } == group.description,
                "seed \(seed), group \(index)")
        }
    }

    /// Open vSwitch reads what is printed here, and what it prints means the same here; it has an order of its own.
    @Test("Selection methods are understood alike", arguments: [33])
    func selections(seed: UInt64) throws {
        guard OpenVSwitch.isThere() else { return }
        var generator = RandomGroups(seed: seed, forOpenVSwitch: true)
        var count = 0
        for index in 0..<150 {
            var group = Group(id: 1, kind: .select, buckets: [])
            // Those Open vSwitch lacks, or takes no number for.
            group.selection = generator.nextSelection(
                without: [.inPhyPort, .pbbISID, .pbbUCA, .ipv6ExtHdr, .ipFrag])
            let (output, succeeded) = try OpenVSwitch.run(["-O", "OpenFlow15", "parse-group", group.description])
            try #require(succeeded, "seed \(seed), group \(index): \(group)")
            let theirs = try #require(output.range(of: "ADD "), "\(output)")
            let line = String(output[theirs.upperBound...].prefix { $0 != "\n" })
            #expect(try GroupText.parse(line) == group, "seed \(seed), group \(index): \(line)")
            count += line.utf8.count == group.description.utf8.count ? 1 : 0
        }
        #expect(count > 140, "printed alike but for the order")
    }

    /// Groups that both refuse.
    private static let refusedGroups = [
        "type=all", "group_id=1", "group_id=0xffffff01,type=all", "group_id=1,type=some",
        "group_id=1,type=all,bogus=1", "group_id=1,type=all,bucket=", "group_id=1,type=all,bucket=weight:1,output:1",
        "group_id=1,type=select,bucket=weight:65536,drop", "group_id=1,type=ff,bucket=output:1",
        "group_id=1,type=ff,bucket=watch_port:FLOOD,drop", "group_id=1,type=select,fields=bogus",
        "group_id=1,type=indirect,bucket=drop,bucket=drop", "group_id=1,type=all,bucket=outptu:1",
        "group_id=1,type=select,selection_method=dp_hash,fields=ip_src",
        "group_id=1,type=select,selection_method=hash,fields(ip_src,nw_src)",
        "group_id=1,type=select,selection_method=hash,fields=ip_proto=6",
        "group_id=1,type=select,selection_method=hash,fields=ip_src=0.0.0.0",
        "group_id=1,type=select,selection_method_param=5",
        "group_id=1,type=all,bucket=output:1,drop", "group_id=1,type=all,bucket=goto_table:1",
    ]

    @Test("Groups are refused alike", arguments: refusedGroups)
    func groupRefusals(text: String) throws {
        guard OpenVSwitch.isThere() else { return }
        #expect(try !OpenVSwitch.run(["-O", "OpenFlow13", "parse-group", text]).succeeded)
        #expect(throws: FlowTextError.self) { try GroupText.parse(text) }
    }

    @Test("Meters are printed alike", arguments: [41])
    func meters(seed: UInt64) throws {
        guard OpenVSwitch.isThere() else { return }
        var generator = RandomGroups(seed: seed)
        for index in 0..<50 {
            let meter = generator.nextMeter()
            let output = try OpenVSwitch.text(of: Self.reply(to: 10, Self.bytes(of: meter)))
            let heading = try #require(output.firstIndex(of: "\n"))
            #expect(output[heading...].dropFirst() == meter.dump, "seed \(seed), meter \(index)")
        }
    }

    @Test("Statistics of flows are printed alike", arguments: [51])
    func statistics(seed: UInt64) throws {
        guard OpenVSwitch.isThere() else { return }
        var generator = SeededGenerator(seed: seed)
        for index in 0..<50 {
            func some(_ limit: UInt64) -> UInt64 { generator.next() % 3 == 0 ? 0 : generator.next() % limit }
            var flow = Flow()
            flow.table = UInt8(some(255))
            flow.priority = generator.next() % 3 == 0 ? Flow.defaultPriority : UInt16(some(65536))
            flow.cookie = some(.max)
            flow.idleTimeoutSeconds = UInt16(some(65536))
            flow.hardTimeoutSeconds = UInt16(some(65536))
            flow.flags = Flow.Flags(rawValue: UInt16(some(32)))
            if generator.next() % 2 == 0 { flow.match.set(.ethType, 0x0800) }
            let scale: [UInt64] = [1, 1000, 1_000_000]
            var counted = Flow.Statistics(
                durationSeconds: UInt32(some(100_000)), packets: some(.max), bytes: some(.max))
            counted.durationNanoseconds = UInt32(some(900) * scale[Int(generator.next() % 3)])
            let output = try OpenVSwitch.text(of: Self.reply(to: 1, Self.bytes(of: flow, counted)))
            let lines = output.split(separator: "\n")
            try #require(lines.count == 2, "seed \(seed), flow \(index): \(output)")
            #expect(lines[1].dropFirst() == flow.description(with: counted), "seed \(seed), flow \(index)")
        }
    }

    // MARK: Messages (OpenFlow 1.3.5 §7.3.5)

    private static func bytes(_ values: [(value: UInt64, count: Int)]) -> [UInt8] {
        values.flatMap { entry in
            (0..<entry.count).map { UInt8(truncatingIfNeeded: entry.value >> UInt64(8 * (entry.count - 1 - $0))) }
        }
    }

    private static func reply(to type: UInt64, _ body: [UInt8]) -> [UInt8] {
        bytes([(4, 1), (19, 1), (UInt64(16 + body.count), 2), (2, 4), (type, 2), (0, 6)]) + body
    }

    private static func bytes(of meter: Meter) -> [UInt8] {
        let bands = meter.bands.flatMap { band in
            let head = [(UInt64(band.rate), 4), (UInt64(band.burst), 4)]
            switch band.kind {
            case .drop: return bytes([(1, 2), (16, 2)] + head + [(0, 4)])
            case .remarkDSCP(let levels): return bytes([(2, 2), (16, 2)] + head + [(UInt64(levels), 1), (0, 3)])
            }
        }
        return bytes([(UInt64(8 + bands.count), 2), (UInt64(meter.flags.rawValue), 2), (UInt64(meter.id), 4)]) + bands
    }

    private static func bytes(of flow: Flow, _ counted: Flow.Statistics) -> [UInt8] {
        let match =
            flow.match == Match() ? bytes([(1, 2), (4, 2), (0, 4)])
            : bytes([(1, 2), (10, 2), (0x8000_0a02, 4), (0x0800, 2), (0, 6)])
        return bytes([
            (UInt64(48 + match.count), 2), (UInt64(flow.table), 1), (0, 1), (UInt64(counted.durationSeconds), 4),
            (UInt64(counted.durationNanoseconds), 4), (UInt64(flow.priority), 2), (UInt64(flow.idleTimeoutSeconds), 2),
            (UInt64(flow.hardTimeoutSeconds), 2), (UInt64(flow.flags.rawValue), 2), (0, 4), (flow.cookie, 8),
            (counted.packets ?? .max, 8), (counted.bytes ?? .max, 8),
        ]) + match
    }
}
