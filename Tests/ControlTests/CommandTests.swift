import Foundation
import Switch
import TestSupport
import Testing

@testable import Control

extension Daemons {
    /// What the commands do and answer.
    @Suite struct ControlCommandTests {
        private static let traffic = """
            bridges:
              - name: br0
                ports:
                  - {name: gen, type: dpdk, devargs: "net_null0,size=64"}
                  - {name: sink, type: "null"}
            """

        @Test func ports() throws {
            let daemon = try RunningDaemon()
            let added = try daemon.json(ControlReply.OnePort.self, "port", "add", "br0", "a", "--type", "null").port
            #expect(added.name == "a" && added.number == 1 && added.type == "null" && added.isAdded)
            try daemon.evs("port", "add", "br0", "b", "--type", "ring", "--ring", "r", "--number", "9")
            #expect(try daemon.evs("port", "add", "br0", "c", "--type", "null").contains("as number 2"))
            #expect(try daemon.ports().map(\.number) == [1, 9, 2])
            #expect(try daemon.evs("port", "show", "br0", "b").contains("ring=r"))
            try daemon.evs("port", "remove", "br0", "a")
            try daemon.evs("port", "add", "br0", "d", "--type", "null")
            #expect(try daemon.ports().map(\.name) == ["b", "c", "d"])
            #expect(try daemon.ports().map(\.number) == [9, 2, 1])
            #expect(try daemon.evs("port", "list").split(separator: "\n").count == 4)
        }

        /// Either end may go and come back, and the pool is not used up by it.
        @Test func ringEndsComeAndGo() throws {
            let daemon = try RunningDaemon()
            for _ in 0..<3 {
                try daemon.evs("port", "add", "br0", "a", "--type", "ring", "--ring", "r")
                try daemon.evs("port", "add", "br0", "b", "--type", "ring", "--ring", "r")
                let third = try daemon.refused("port", "add", "br0", "c", "--type", "ring", "--ring", "r")
                #expect(third.contains("two ends"))
                try daemon.evs("port", "remove", "br0", "a")
                try daemon.evs("port", "add", "br0", "a", "--type", "ring", "--ring", "r")
                for name in ["b", "a"] { try daemon.evs("port", "remove", "br0", name) }
            }
            #expect(try daemon.ports().isEmpty)
        }

        @Test func refusedRequestsChangeNothing() throws {
            let daemon = try RunningDaemon(Self.traffic)
            let before = try daemon.ports().map(\.name)
            let cases: [(arguments: [String], message: String)] = [
                (["br0", "gen", "--type", "null"], "there is a port 'gen' already in bridge 'br0'"),
                (["br9", "x", "--type", "null"], "there is no bridge 'br9'; there are: br0"),
                (["br0", "x", "--type", "nul"], "'nul' is no type of port; did you mean 'null'?"),
                (["br0", "x", "--type", "null", "--number", "1"], "port number 1 is taken by 'gen'"),
                (["br0", "x", "--type", "null", "--worker", "99"], "there is no worker 99"),
                (["br0", "x", "--type", "null", "--path", "/x"], "unknown key 'path' for a port of type null"),
                (["br0", "x", "--type", "dpdk", "--devargs", "net_nothing0"], "device 'net_nothing0' was refused"),
                (["br0", "x", "--type", "dpdk", "--devargs", "net_null0"], "device 'net_null0' is taken by port 'gen'"),
                (["br0", "x", "--type", "dpdk", "--devargs", "0000:99:00.0"], "PCI devices are looked for at start"),
                (["br0", "x", "--type", "vhost-user-client"], "'path' is missing"),
            ]
            for (arguments, message) in cases {
                let result = try Product.run(
                    ["port", "add"] + arguments, environment: ["EVS_RUNDIR": daemon.runDirectory])
                #expect(result.status == 1 && result.errors.contains(message), "\(arguments): \(result)")
            }
            #expect(try daemon.refused("port", "remove", "br0", "x").contains("there is no port 'x' in bridge 'br0'"))
            #expect(try daemon.refused("bridge", "add", "br0").contains("there is a bridge 'br0' already"))
            #expect(try daemon.refused("bridge", "remove", "br7").contains("there is no bridge 'br7'"))
            #expect(try daemon.ports().map(\.name) == before)
            #expect(try daemon.json(ControlReply.Bridges.self, "bridge", "list").bridges.count == 1)
        }

        @Test func guestPorts() throws {
            let daemon = try RunningDaemon()
            let path = daemon.folder.file("vm.sock")
            try daemon.evs("port", "add", "br0", "vm", "--type", "vhost-user", "--path", path, "--queues", "2")
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.type] as? FileAttributeType == .typeSocket)
            try daemon.evs("port", "add", "br0", "vm2", "--type", "dpdkvhostuserclient", "--path", path + "2")
            let ports = try daemon.ports()
            #expect(ports.map(\.type) == ["vhost-user", "vhost-user-client"])
            #expect(ports.allSatisfy { $0.guest?.isConnected == false })
            #expect(try daemon.evs("port", "show", "br0", "vm").contains("guest      absent"))
            let second = try daemon.refused("port", "add", "br0", "x", "--type", "vhost-user", "--path", path)
            #expect(second.contains("taken"))
            try daemon.evs("port", "remove", "br0", "vm")
            #expect(!FileManager.default.fileExists(atPath: path))
            try daemon.evs("port", "add", "br0", "vm", "--type", "vhost-user", "--path", path)
            try daemon.evs("quit")
            #expect(daemon.waitForEnd() == 0)
            #expect(daemon.folder.contents == ["log", "notify"])
        }

        @Test func bridges() throws {
            let daemon = try RunningDaemon()
            let bridge = try daemon.json(
                ControlReply.OneBridge.self, "bridge", "add", "br1", "--datapath-id", "2a", "--fail-mode", "secure"
            ).bridge
            #expect(bridge.datapathID == "000000000000002a" && bridge.failMode == "secure" && bridge.flows == 0)
            try daemon.evs("port", "add", "br0", "left", "--type", "patch", "--peer", "right")
            try daemon.evs("port", "add", "br1", "right", "--type", "patch", "--peer", "left")
            let third = try daemon.refused("port", "add", "br1", "x", "--type", "patch", "--peer", "left")
            #expect(third.contains("make it one"))
            try daemon.evs("bridge", "remove", "br1")
            #expect(try daemon.evs("bridge", "list").split(separator: "\n").count == 2)
        }

        @Test func flows() throws {
            let daemon = try RunningDaemon(Self.traffic)
            func flows() throws -> [FlowReport] {
                try daemon.json(ControlReply.Flows.self, "flow", "list", "br0").flows
            }
            let file = try daemon.folder.write("f", "in_port=gen actions=output:sink\ntable=1,tcp actions=drop\n")
            #expect(try daemon.evs("flow", "add", "br0", "--file", file).contains("2 flows added"))
            try daemon.evs("flow", "add", "br0", "cookie=0x5,table=2,udp actions=output:2")
            #expect(try flows().map(\.flow) == [
                "in_port=1 actions=output:2", "priority=0 actions=NORMAL", "table=1, tcp actions=drop",
                "cookie=0x5, table=2, udp actions=output:2",
            ])
            let bad = try daemon.folder.write("g", "in_port=1 actions=NORMAL\nactions=outptu:1\n")
            #expect(try daemon.refused("flow", "add", "br0", "--file", bad).contains("\(bad):2:"))
            #expect(try daemon.refused("flow", "add", "br0", "tcp_dst=80 actions=drop").contains("1:"))
            #expect(try daemon.refused("flow", "del", "br0", "priority=5").contains("--strict"))
            #expect(try flows().count == 4)
            #expect(try daemon.evs("flow", "del", "br0", "--strict", "table=1,ip").contains("0 flows removed"))
            #expect(try daemon.evs("flow", "del", "br0", "table=1,ip").contains("1 flows removed"))
            #expect(try daemon.evs("flow", "del", "br0", "cookie=5/-1").contains("1 flows removed"))
            #expect(try daemon.evs("flow", "del", "br0", "--strict", "in_port=gen").contains("1 flows removed"))
            #expect(try daemon.evs("flow", "del", "br0").contains("1 flows removed"))
            #expect(try flows().isEmpty)
        }

        @Test func countersAddUp() throws {
            let daemon = try RunningDaemon(Self.traffic)
            try daemon.evs("flow", "add", "br0", "in_port=gen actions=output:sink")
            // The generator never rests: what has been counted grows from one look to the next.
            var delivered: UInt64 = 0
            while delivered == 0 { delivered = try daemon.ports()[1].delivered }
            let stats = try daemon.json(StatisticsReport.self, "stats")
            #expect(stats.ports.count == 2 && stats.ports[1].delivered >= delivered && stats.nanoseconds > 0)
            #expect(stats.workers.reduce(0) { $0 + $1.received } > 0)
            try daemon.evs("flow", "add", "br0", "priority=40000,in_port=gen actions=drop")
            var drops = try daemon.json(DropReport.self, "drops")
            while drops.total["flow-action"] == nil { drops = try daemon.json(DropReport.self, "drops") }
            #expect(drops.ports.map(\.name) == ["gen"] && drops.ports[0].dropped["flow-action"] != nil)
            #expect(try daemon.evs("drops").contains("flow-action"))
            #expect(try daemon.evs("stats").contains("received ="))
            let workers = try daemon.json(ControlReply.Workers.self, "worker", "list").workers
            #expect(workers.map(\.worker) == Array(0..<workers.count))
            #expect(try daemon.evs("worker", "list").contains("cycles/packet"))
            let flow = try daemon.json(ControlReply.Flows.self, "flow", "list", "br0", "in_port=1").flows
            #expect(flow.count == 2 && flow.allSatisfy { $0.packets > 0 && $0.bytes == $0.packets * 64 })
        }

        @Test func addresses() throws {
            let daemon = try RunningDaemon(Self.traffic)
            func macs() throws -> [MACReport] { try daemon.json(ControlReply.MACs.self, "mac", "list", "br0").macs }
            var learned = try macs()
            while learned.isEmpty { learned = try macs() }
            #expect(learned.map(\.address) == ["00:00:00:00:00:00"] && learned[0].port == "gen" && learned[0].vlan == 0)
            // Nothing is learned any more, so that what is forgotten stays so.
            try daemon.evs("flow", "add", "br0", "priority=9,in_port=gen actions=drop")
            try daemon.evs("mac", "flush", "br0")
            #expect(try macs().isEmpty)
            #expect(try daemon.refused("mac", "list", "nowhere").contains("there is no bridge 'nowhere'"))
        }
    }
}
