import Foundation
import OpenFlow
import OpenFlowWire
import TestSupport
import Testing

@testable import Control

extension Daemons {
    /// Controllers that come, go, and behave badly.
    @Suite struct OpenFlowPeerTests {
        /// Connections in plenty, most of which end in the middle of something; another is served as before.
        @Test func hundredComeAndVanish() throws {
            let (daemon, tool) = try OpenFlowSessionTests.start()
            let path = daemon.runDirectory + "/br0.mgmt"
            for number in 0..<100 {
                let controller = try PlainController(path: path)
                switch number % 4 {
                case 0: try controller.send(.featuresRequest)
                case 1: try controller.send([4, 14, 0, 200, 0, 0])
                case 2: try controller.send(OpenFlowSessionTests.flow("priority=\(number),actions=output:1"))
                default: break
                }
                if number % 10 == 0 { #expect(try tool.ask(.echoRequest([7])) == .echoReply([7])) }
            }
            try tool.barrier()
            #expect(daemon.process.isRunning)
        }

        /// Half a message from one, and nothing read by another, hold nobody up.
        @Test func halfMessagesAndDeafEars() throws {
            let (daemon, tool) = try OpenFlowSessionTests.start()
            let path = daemon.runDirectory + "/br0.mgmt"
            for number in 0..<200 { try tool.send(OpenFlowSessionTests.flow("priority=\(number),actions=output:1")) }
            try tool.barrier()
            let half = try PlainController(path: path)
            try half.send([4, 14, 0xff, 0xf0, 0, 0, 0, 1, 0])
            let deaf = try PlainController(path: path)
            let flags = fcntl(deaf.descriptor, F_GETFL)
            _ = fcntl(deaf.descriptor, F_SETFL, flags | O_NONBLOCK)
            let question = Codec(version: .v13).encode(
                .multipartRequest(.flow(FlowStatisticsRequest()), more: false), xid: 1)
            // Until the switch takes no more of its questions.
            var asked = 0
            while asked < 100_000, (try? deaf.send(question)) != nil { asked += 1 }
            #expect(asked < 100_000, "questions were taken without end")
            for _ in 0..<20 { #expect(try tool.ask(.barrierRequest) == .barrierReply) }
        }

        /// A controller that the switch connects to: again after it was lost, and within the bound.
        @Test func connectsAgain() throws {
            let (daemon, _) = try OpenFlowSessionTests.start()
            let listener = try PlainListener()
            let target = "tcp:127.0.0.1:\(listener.port)"
            try daemon.evs("controller", "add", "br0", target)
            for _ in 0..<3 {
                let controller = try listener.accept()
                guard case .featuresReply = try controller.ask(.featuresRequest) else {
                    Issue.record("no features")
                    return
                }
            }
            let last = try listener.accept()
            _ = try last.ask(.featuresRequest)
            let listed = try daemon.json(ControlReply.Controllers.self, "controller", "list", "br0").controllers
            #expect(listed.map(\.target) == [target] && listed[0].isConnected && listed[0].role == "equal")
            #expect(listed[0].version == "OpenFlow13" && listed[0].lastError == "closed by the peer")
            #expect(try daemon.evs("controller", "list", "br0").contains("OpenFlow13  equal  closed by the peer"))
            try daemon.evs("controller", "remove", "br0", target)
            #expect(throws: PlainController.Failure.self) { while true { _ = try last.next() } }
            // Nobody is there any more; the first attempt has failed when a reason is shown.
            let port = try PlainListener().port
            try daemon.evs("controller", "add", "br0", "tcp:127.0.0.1:\(port)")
            var left: [ControllerReport]
            repeat {
                left = try daemon.json(ControlReply.Controllers.self, "controller", "list", "br0").controllers
            } while left[0].lastError == nil
            let bad = "ptcp:\(port):192.0.2.1"
            #expect(try daemon.refused("controller", "add", "br0", bad).contains("'\(bad)' can't be listened at: "))
            left = try daemon.json(ControlReply.Controllers.self, "controller", "list", "br0").controllers
            #expect(left.map(\.target) == ["tcp:127.0.0.1:\(port)"] && left[0].lastError == "Connection refused")
            #expect(try daemon.refused("controller", "add", "br0", "tcp:").contains("the host is missing"))
            #expect(try daemon.refused("controller", "add", "br0", "ssl:127.0.0.1").contains("'tls'"))
            #expect(try daemon.refused("controller", "remove", "br0", target).contains("is no controller"))
        }

        /// What Open vSwitch's own tool makes of it.
        @Test(arguments: ["OpenFlow10", "OpenFlow13", "OpenFlow14"]) func ovsOfctl(version: String) throws {
            let (daemon, _) = try OpenFlowSessionTests.start()
            guard let run = OpenVSwitchTool(version, daemon) else { return }
            _ = try run("add-flow", "br0", "table=0,priority=7,tcp,nw_src=10.0.0.0/8,tp_dst=80,actions=output:2")
            _ = try run("add-flow", "br0", "priority=6,in_port=1,actions=mod_vlan_vid:9,output:2")
            let flow = "priority=7,tcp,nw_src=10.0.0.0/8,tp_dst=80 actions=output:2"
            #expect(try run("dump-flows", "br0").contains(flow))
            _ = try run("mod-flows", "br0", "tcp,actions=drop")
            #expect(try run("dump-flows", "br0", "tcp").contains("tp_dst=80 actions=drop"))
            _ = try run("del-flows", "br0", "tcp")
            #expect(try run("dump-aggregate", "br0").contains("flow_count=1"))
            // In 1.0 the table is an extension, and so is what follows.
            _ = try run("add-flow", "br0", "table=3,priority=0,actions=output:2")
            let learn = "learn(table=4,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])"
            _ = try run("add-flow", "br0", "table=0,priority=1,actions=\(learn),resubmit(,3)")
            let header = "ffffffffffff" + "020000000009" + "88b5" + String(repeating: "00", count: 46)
            _ = try run("packet-out", "br0", "in_port=2,packet=\(header),actions=resubmit(,0)")
            // The packet was gone before the next question came, and what it taught is in force.
            #expect(try run("dump-flows", "br0", "table=3").contains("n_packets=1"))
            #expect(try run("dump-flows", "br0", "table=4").contains("dl_dst=02:00:00:00:00:09 actions=output:2"))
            _ = try run("del-flows", "br0", "table=4")
            #expect(try run("dump-aggregate", "br0", "table=4").contains("flow_count=0"))
            #expect(try run("show", "br0").contains("(p1)"))
            #expect(try run("dump-ports", "br0").contains("2 ports"))
            // In 1.0 groups are Nicira's extension.
            _ = try run("add-group", "br0", "group_id=5,type=select,bucket=weight:3,output:1,bucket=weight:1,output:2")
            let described = try run("dump-groups", "br0")
            #expect(described.contains("group_id=5,type=select") && described.contains("weight:3,actions=output:"))
            _ = try run("mod-group", "br0", "group_id=5,type=all,bucket=output:2")
            #expect(try run("dump-groups", "br0", "5").contains("type=all"))
            #expect(try run("dump-group-stats", "br0").contains("group_id=5"))
            #expect(try run("dump-group-features", "br0").contains("max_groups"))
            _ = try run("add-flow", "br0", "table=5,actions=group:5")
            #expect(try run("dump-flows", "br0", "table=5").contains("actions=group:5"))
            _ = try run("del-groups", "br0")
            #expect(try run("dump-aggregate", "br0", "table=5").contains("flow_count=0"))
            _ = try run("mod-port", "br0", "p1", "no-forward")
            #expect(try run("show", "br0").contains("NO_FWD"))
        }

        /// How select groups choose, in the versions that can say it, and in one that can't.
        @Test(arguments: ["OpenFlow10", "OpenFlow15"]) func selectionMethods(version: String) throws {
            let (daemon, _) = try OpenFlowSessionTests.start()
            guard let run = OpenVSwitchTool(version, daemon), let older = OpenVSwitchTool("OpenFlow13", daemon) else {
                return
            }
            let selections = [
                "selection_method=dp_hash", "selection_method=dp_hash,selection_method_param=7",
                "selection_method=hash", "selection_method=hash,fields=ip_src",
                "selection_method=hash,fields=ip_dst=255.255.255.0",
                "selection_method=hash,selection_method_param=5,"
                    + "fields(in_port,eth_src,eth_dst,vlan_vid,ip_src,ipv6_src=ffff::,nw_proto,tcp_src,udp_dst=15)",
            ]
            for (index, selection) in selections.enumerated() {
                let group = "group_id=\(index + 1),type=select,\(selection),bucket="
                _ = try run("add-group", "br0", group + "output:1,bucket=weight:3,output:2")
                #expect(try run("dump-groups", "br0", "\(index + 1)").contains(group))
                let own = try daemon.json(ControlReply.Groups.self, "group", "list", "br0").groups.map(\.group)
                #expect(own.count == index + 1 && own[index].contains(selection.prefix { $0 != "(" }), "\(own)")
            }
            // By another name of the same bits.
            _ = try run("add-group", "br0", "group_id=8,type=select,selection_method=hash,fields=nw_tos,bucket=drop")
            #expect(try run("dump-groups", "br0", "8").contains("selection_method=hash,fields=ip_dscp,bucket="))
            let described = try older("dump-groups", "br0")
            #expect(described.contains("group_id=6,type=select,bucket=") && !described.contains("selection_method"))
            // What is printed can be given back.
            let own = try daemon.json(ControlReply.Groups.self, "group", "list", "br0", "group_id=6").groups
            _ = try run("mod-group", "br0", try #require(own.first).group)
            #expect(try run("dump-groups", "br0", "6").contains(selections[5]))
            _ = try run("mod-group", "br0", "group_id=6,type=select,bucket=output:1")
            #expect(try !run("dump-groups", "br0", "6").contains("selection_method"))
            let group = "group_id=9,bucket=output:1"
            #expect(
                try run.refused("add-group", "br0", "type=all,selection_method=hash,\(group)").contains("BAD_VALUE"))
            #expect(
                try run.refused("add-group", "br0", "type=select,selection_method=wrr,\(group)").contains("BAD_VALUE"))
        }

        /// Without its controllers a standalone bridge forwards by NORMAL, and a secure one by the flows that it has.
        @Test(arguments: [true, false]) func failsOpen(isStandalone: Bool) throws {
            let listener = try PlainListener()
            let daemon = try RunningDaemon(
                """
                bridges:
                  - name: br0
                    fail-mode: \(isStandalone ? "standalone" : "secure")
                    controllers: ["tcp:127.0.0.1:\(listener.port)"]
                    inactivity-probe-seconds: 0.2
                    ports:
                      - {name: p1, type: "null"}
                      - {name: p2, type: "null"}
                """)
            let tool = try PlainController(path: daemon.runDirectory + "/br0.mgmt")
            /// Whether a packet that no flow matches gets out.
            func isForwarded() throws -> Bool {
                func sent() throws -> UInt64 {
                    guard
                        case .multipartReply(.portStats(let ports), _) = try tool.ask(
                            .multipartRequest(.portStats(.any), more: false))
                    else { throw PlainController.Failure.closed }
                    return ports.reduce(0) { $0 + $1.sentPackets }
                }
                let before = try sent()
                let packet = [UInt8](repeating: 0xff, count: 6) + OpenFlowSessionTests.packet.dropFirst(6)
                try tool.send(
                    .packetOut(PacketOut(inPort: PortNumber(1), actions: [.output(.table)], data: packet)))
                return try sent() > before
            }
            func isOpen(within seconds: Double) throws -> Bool {
                let end = Date(timeIntervalSinceNow: seconds)
                while Date() < end { if try isForwarded() { return true } }
                return false
            }
            do {
                let controller = try listener.accept()
                #expect(try controller.ask(.barrierRequest) == .barrierReply)
                #expect(try !isForwarded(), "no flow but the controller's")
            }
            #expect(try isOpen(within: isStandalone ? 20 : 1) == isStandalone)
            while true {
                // Those that were taken up and lost meanwhile come first.
                let controller = try listener.accept()
                guard let answer = try? controller.ask(.barrierRequest) else { continue }
                #expect(answer == .barrierReply)
                #expect(try !isForwarded(), "the flows are in force again")
                break
            }
        }

        /// Connections under TLS: both ends are known by who signed for them, and a stranger gets nowhere.
        @Test func tls() throws {
            guard access("/usr/bin/openssl", X_OK) == 0, access("/usr/bin/ovs-ofctl", X_OK) == 0 else {
                print("skipped: TLS is tested with openssl and ovs-ofctl")
                return
            }
            let folder = try TemporaryFolder()
            func run(_ tool: String, _ arguments: [String]) throws -> (Int32, String) {
                let process = Process()
                let output = Pipe()
                process.executableURL = URL(fileURLWithPath: "/usr/bin/\(tool)")
                process.arguments = arguments
                process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
                process.standardOutput = output
                process.standardError = output
                try process.run()
                let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                process.waitUntilExit()
                return (process.terminationStatus, text)
            }
            for authority in ["ca", "other"] {
                _ = try run("openssl", [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=\(authority)",
                    "-keyout",
                    "\(authority).key", "-out", "\(authority).pem",
                ])
            }
            for (name, authority) in [("switch", "ca"), ("friend", "ca"), ("stranger", "other")] {
                _ = try run("openssl", [
                    "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\(name)", "-keyout", "\(name).key", "-out",
                    "\(name).csr",
                ])
                _ = try run("openssl", [
                    "x509", "-req", "-in", "\(name).csr", "-CA", "\(authority).pem", "-CAkey", "\(authority).key",
                    "-CAcreateserial", "-days", "2", "-out", "\(name).pem",
                ])
            }
            let port = try PlainListener().port
            let daemon = try RunningDaemon(
                OpenFlowSessionTests.ports + "    controllers: [\"pssl:\(port):127.0.0.1\"]\n"
                    + "tls: {certificate: \(folder.file("switch.pem")), private-key: \(folder.file("switch.key")), "
                    + "authority: \(folder.file("ca.pem"))}\n")
            func show(as name: String) throws -> (Int32, String) {
                try run("ovs-ofctl", [
                    "-O", "OpenFlow13", "--timeout=10", "-p", "\(name).key", "-c", "\(name).pem", "-C", "ca.pem",
                    "show",
                    "ssl:127.0.0.1:\(port)",
                ])
            }
            let friend = try show(as: "friend")
            #expect(friend.0 == 0 && friend.1.contains("(p1)"), "\(friend.1)")
            #expect(try show(as: "stranger").0 != 0)
            #expect(try daemon.evs("controller", "list", "br0").contains("is not signed by the authority that tls:"))
            let name = folder.file("switch.key")
            try FileManager.default.removeItem(atPath: name)
            let reason = "evs.yaml:8:6: the private key '\(name)' can't be read; does it exist, is it in PEM"
            #expect(try daemon.refused("reload").contains(reason))
            let again = try show(as: "friend")
            #expect(again.0 == 0, "nothing has changed: \(again.1)")
        }
    }
}
