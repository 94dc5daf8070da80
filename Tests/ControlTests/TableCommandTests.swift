import Foundation
import OpenFlow
import Switch
import TestSupport
import Testing

@testable import Control

extension Daemons {
    /// `evs group`, `evs meter`, and flows that use them.
    @Suite struct TableCommandTests {
        private static let switchWithPorts = """
            bridges:
              - name: br0
                ports:
                  - {name: gen, type: dpdk, devargs: "net_null0,size=64"}
                  - {name: sink, type: "null"}
                  - {name: drain, type: "null"}
            """

        /// All that the tables hold, without what is counted.
        private func contents(_ daemon: RunningDaemon) throws -> [String] {
            try daemon.json(ControlReply.Flows.self, "flow", "list", "br0").flows.map(\.flow)
                + daemon.json(ControlReply.Groups.self, "group", "list", "br0").groups.map(\.group)
                + daemon.json(ControlReply.Meters.self, "meter", "list", "br0").meters.map(\.meter)
        }

        private func change(_ daemon: RunningDaemon, _ arguments: String...) throws -> [Int] {
            let result = try Product.run(arguments + ["--json"], environment: ["EVS_RUNDIR": daemon.runDirectory])
            try #require(result.status == 0, "\(arguments): \(result.errors)")
            let report = try JSONDecoder().decode(TableChangeReport.self, from: Data(result.output.utf8))
            return [report.added, report.modified, report.removed, report.removedFlows]
        }

        @Test func groups() throws {
            let daemon = try RunningDaemon(Self.switchWithPorts)
            let second = "group_id=2,type=indirect,bucket=actions=output:2"
            #expect(try change(daemon, "group", "add", "br0", "group_id=2,type=indirect,bucket=sink") == [1, 0, 0, 0])
            let file = try daemon.folder.write(
                "g", "group_id=3,type=all,bucket=output:3\nmodify group_id=3,type=all,bucket=output:2\n"
                    + "add_or_mod group_id=4,type=all,bucket=group:3\ndelete group_id=9\n")
            #expect(try daemon.evs("group", "add", "br0", "--file", file) == "2 groups added, 1 modified\n")
            #expect(try change(daemon, "flow", "add", "br0", "tcp actions=group:4") == [1, 0, 0, 0])
            #expect(try change(daemon, "flow", "add", "br0", "udp actions=write_actions(group:2)") == [1, 0, 0, 0])
            #expect(try contents(daemon) == [
                "tcp actions=group:4", "udp actions=write_actions(group:2)", "priority=0 actions=NORMAL", second,
                "group_id=3,type=all,bucket=actions=output:2", "group_id=4,type=all,bucket=actions=group:3",
            ])
            let used = try daemon.json(ControlReply.Groups.self, "group", "list", "br0", "group_id=3").groups
            #expect(used.map(\.references) == [1] && used[0].type == "all" && used[0].age >= 0)
            #expect(try change(daemon, "group", "modify", "br0", "group_id=2,type=ff,bucket=watch_port:2,output:2")
                == [0, 1, 0, 0])
            #expect(try change(daemon, "group", "del", "br0", "group_id=7") == [0, 0, 0, 0])
            #expect(try daemon.evs("group", "del", "br0", "group_id=4")
                == "1 groups removed, with 1 flows that used them\n")
            #expect(try change(daemon, "group", "delete", "br0") == [0, 0, 2, 1])
            #expect(try contents(daemon) == ["priority=0 actions=NORMAL"])
        }

        @Test func meters() throws {
            let daemon = try RunningDaemon(Self.switchWithPorts)
            let text = "meter=1 kbps burst stats bands=type=drop rate=1000 burst_size=100"
            #expect(try change(daemon, "meter", "add", "br0", text) == [1, 0, 0, 0])
            let file = try daemon.folder.write(
                "m", "meter=5 pktps bands=\ntype=drop rate=9\nadd meter=controller,pktps,bands=type=drop,rate=100\n")
            #expect(try daemon.evs("meter", "add", "br0", "--file", file) == "2 meters added\n")
            #expect(try change(daemon, "flow", "add", "br0", "tcp actions=meter:5,output:2") == [1, 0, 0, 0])
            #expect(try contents(daemon) == [
                "tcp actions=meter:5,output:2", "priority=0 actions=NORMAL", text,
                "meter=5 pktps bands=type=drop rate=9", "meter=controller pktps bands=type=drop rate=100",
            ])
            let used = try daemon.json(ControlReply.Meters.self, "meter", "list", "br0", "meter=5").meters
            #expect(used.map(\.references) == [1] && used[0].flags == ["pktps"])
            let changed = "meter=5,pktps,bands=type=dscp_remark,rate=3,prec_level=1"
            #expect(try change(daemon, "meter", "modify", "br0", changed) == [0, 1, 0, 0])
            #expect(try daemon.evs("meter", "del", "br0", "meter=5")
                == "1 meters removed, with 1 flows that used them\n")
            #expect(try change(daemon, "meter", "delete", "br0") == [0, 0, 2, 0])
            #expect(try contents(daemon) == ["priority=0 actions=NORMAL"])
        }

        /// What a list shows of packets, for the whole and for each part.
        @Test func counters() throws {
            let daemon = try RunningDaemon(Self.switchWithPorts)
            try daemon.evs("group", "add", "br0", "group_id=1,type=all,bucket=output:sink,bucket=output:drain")
            try daemon.evs("meter", "add", "br0", "meter=1,pktps,burst,bands=type=drop,rate=1,burst_size=1")
            try daemon.evs("flow", "add", "br0", "in_port=gen actions=meter:1,group:1")
            var group: GroupReport
            repeat {
                group = try daemon.json(ControlReply.Groups.self, "group", "list", "br0").groups[0]
            } while group.packets == 0
            let meter = try daemon.json(ControlReply.Meters.self, "meter", "list", "br0").meters[0]
            #expect(group.buckets.map(\.packets) == [group.packets, group.packets])
            #expect(group.bytes == group.packets * 64 && group.buckets.map(\.bytes) == [group.bytes, group.bytes])
            #expect(meter.packets > 0 && meter.bands[0].packets > 0)
            // While packets flow, what is read first is the smaller.
            try daemon.evs("flow", "modify", "br0", "in_port=gen actions=drop")
            let last = try daemon.json(ControlReply.Meters.self, "meter", "list", "br0").meters[0]
            #expect(last.packets >= last.bands[0].packets && last.packets >= meter.packets)
            #expect(last.bytes == last.packets * 64 && last.bands[0].bytes == last.bands[0].packets * 64)
            let lines = try daemon.evs("group", "list", "br0").split(separator: "\n")
            #expect(lines.count == 3 && lines[0].hasPrefix("n_packets=") && lines[0].hasSuffix("group_id=1,type=all"))
            #expect(lines[2].hasPrefix("    n_packets=") && lines[2].hasSuffix("bucket=actions=output:3"))
            #expect(try daemon.evs("meter", "list", "br0").hasSuffix(", type=drop rate=1 burst_size=1\n"))
        }

        /// Each refusal says what, where and how to mend it, and leaves everything as it was.
        @Test func refusals() throws {
            let daemon = try RunningDaemon(Self.switchWithPorts)
            try daemon.evs("group", "add", "br0", "group_id=1,type=indirect,bucket=output:2")
            try daemon.evs("group", "add", "br0", "group_id=2,type=indirect,bucket=group:1")
            try daemon.evs("meter", "add", "br0", "meter=1,kbps,bands=type=drop,rate=1000")
            try daemon.evs("flow", "add", "br0", "arp actions=meter:1,group:2")
            let before = try contents(daemon)
            let missing = try daemon.folder.write("f", "actions=drop\n# two\nip actions=group:9\n")
            let twice = try daemon.folder.write("g", "group_id=5,type=all\n\ngroup_id=5,type=all\n")
            let bands = try daemon.folder.write(
                "m", "meter=5 kbps bands=\ntype=drop rate=1\nmodify meter=6 kbps bands=\ntype=drop rate=1\n")
            let cases: [(arguments: [String], message: String)] = [
                (["flow", "add", "br0", "ip actions=group:9"], "1:1: there is no group 9: add it first"),
                (["flow", "add", "br0", "--file", missing], "\(missing):3:1: there is no group 9: add it first"),
                (["flow", "add", "br0", "ip actions=meter:9,output:1"], "1:1: there is no meter 9: add it first"),
                (["flow", "modify", "br0", "arp actions=group:9"], "1:1: there is no group 9: add it first"),
                (["flow", "add", "br9", "ip actions=drop"], "there is no bridge 'br9'; there are: br0"),
                (["group", "add", "br0", "group_id=1,type=all"], "1:1: there is a group 1 already: modify it, or"),
                (["group", "add", "br0", "--file", twice], "\(twice):3:1: there is a group 5 already"),
                (["group", "add", "br0", "group_id=3,type=al"], "1:17: there is no type “al”: write all, select"),
                (["group", "add", "br0", "group_id=3,type=all,bucket=group:8"], "1:1: there is no group 8: add it"),
                (["group", "add", "br0", "type=all"], "1:1: the group has no number: add group_id="),
                (["group", "add", "br0", ""], "a group was expected, such as group_id=1"),
                (["group", "add", "br9", "group_id=3,type=all"], "there is no bridge 'br9'; there are: br0"),
                (["group", "modify", "br0", "group_id=3,type=all"], "1:1: there is no group 3 to modify: add it"),
                (
                    ["group", "modify", "br0", "group_id=1,type=all,bucket=group:2"],
                    "1:1: group 1 would lead back to itself: let its buckets lead elsewhere"
                ),
                (["group", "add", "br0", "group_id=3,type=all,bucket=group:3"], "1:1: group 3 would lead back to"),
                (["group", "del", "br0", "group_id=1"], "group 2 leads to group 1: modify or delete that one first"),
                (["group", "del", "br0", "7"], "1:1: delete takes group_id= alone: leave out 7"),
                (["group", "del", "br0", "add group_id=7,type=all"], "names no group: write group_id=ID"),
                (["group", "list", "br0", "group_id=7"], "there is no group 7; there are: 1, 2"),
                (["meter", "add", "br0", "meter=1,kbps,bands=type=drop,rate=1"], "1:1: there is a meter 1 already"),
                (["meter", "add", "br0", "meter=2,bands=type=drop,rate=1"], "1:1: the meter has no unit: add kbps"),
                (["meter", "add", "br0", "meter=0,kbps,bands=type=drop,rate=1"], "1:7: meters are numbered from 1"),
                (["meter", "add", "br0", "--file", bands], "\(bands):3:1: there is no meter 6 to modify: add it"),
                (["meter", "modify", "br0", "meter=2,kbps,bands=type=drop,rate=1"], "there is no meter 2 to modify"),
                (["meter", "list", "br0", "meter=7"], "there is no meter 7; there are: 1"),
                (["meter", "del", "br9", "meter=1"], "there is no bridge 'br9'; there are: br0"),
            ]
            for (arguments, message) in cases {
                let result = try Product.run(arguments, environment: ["EVS_RUNDIR": daemon.runDirectory])
                #expect(
                    result.status == 1 && result.output.isEmpty && result.errors.contains(message),
                    "\(arguments): \(result)")
                #expect(try contents(daemon) == before, "\(arguments)")
            }
            let both = try Product.run(
                ["group", "add", "br0", "x", "--file", "y"], environment: ["EVS_RUNDIR": daemon.runDirectory])
            #expect(both.status == 64 && both.errors.contains("Give a group, or a file of groups with --file."))
        }

        /// Controllers hear of flows that go by these commands, and see the groups that came by them.
        @Test func controllersHear() throws {
            let (daemon, tool) = try OpenFlowSessionTests.start()
            try daemon.evs("group", "add", "br0", "group_id=1,type=indirect,bucket=output:2")
            try daemon.evs("flow", "add", "br0", "send_flow_rem,cookie=7,ip actions=group:1")
            let listener = try PlainListener()
            try daemon.evs("controller", "add", "br0", "tcp:127.0.0.1:\(listener.port)")
            let controller = try listener.accept()
            _ = try controller.ask(.featuresRequest)
            #expect(try OpenFlowSessionTests.flows(tool).map(\.flow.cookie) == [7])
            try daemon.evs("group", "del", "br0", "group_id=1")
            while true {
                guard case .flowRemoved(let removed) = try controller.next().message else { continue }
                #expect(removed.cookie == 7 && removed.reason == .groupDelete)
                break
            }
        }

        /// A bridge begins with what its files say; a group that is missing is found before anything is made.
        @Test func startingFiles() throws {
            let folder = try TemporaryFolder()
            let groups = try folder.write("g", "group_id=1,type=indirect,bucket=output:two\n")
            let meters = try folder.write("m", "meter=1,kbps,bands=type=drop,rate=1000\n")
            let flows = try folder.write("f", "ip actions=meter:1,group:1\n")
            let ports = "ports: [{name: one, type: \"null\"}, {name: two, type: \"null\"}]"
            let bridge = "bridges:\n  - {name: br0, flows: \(flows), meters: \(meters), \(ports)"
            let daemon = try RunningDaemon(bridge + ", groups: \(groups)}\n")
            #expect(try contents(daemon) == [
                "ip actions=meter:1,group:1", "group_id=1,type=indirect,bucket=actions=output:2",
                "meter=1 kbps bands=type=drop rate=1000",
            ])
            try daemon.replaceConfiguration(bridge + ", datapath-id: 5}\n")
            #expect(try daemon.refused("reload").contains("\(flows):1:1: there is no group 1: add it first"))
            try daemon.replaceConfiguration(bridge + ", datapath-id: 5, groups: /nosuch}\n")
            #expect(try daemon.refused("reload").contains("the group file '/nosuch' can't be read"))
            #expect(try contents(daemon).count == 3)
        }
    }
}
