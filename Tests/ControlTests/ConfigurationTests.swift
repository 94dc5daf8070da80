import Foundation
import Switch
import TestSupport
import Testing

@testable import Control

/// Configuration files: what is understood, and what is refused where and with what words.
@Suite struct ConfigurationTests {
    private func parse(_ text: String, folder: String = "/") throws -> SwitchConfiguration {
        try ConfigurationFile.parse(
            text, file: "evs.yaml", folder: folder, limits: ConfigurationLimits(cores: [0, 1, 2, 3]))
    }

    private func refusal(_ text: String, folder: String = "/") -> [String] {
        do {
            _ = try parse(text, folder: folder)
            return []
        } catch { return (error as? ConfigurationFileError)?.lines ?? ["\(error)"] }
    }

    @Test func emptyFileIsASwitchWithoutBridges() throws {
        #expect(try parse("") == SwitchConfiguration())
        #expect(try parse("bridges:\nworkers:\n") == SwitchConfiguration())
    }

    @Test func everything() throws {
        let folder = try TemporaryFolder()
        try folder.write("br0.flows", "in_port=vm1 actions=meter:1,group:1\n")
        try folder.write("br0.groups", "group_id=1,type=indirect,bucket=output:wire\n")
        try folder.write("br0.meters", "meter=1,kbps,bands=type=drop,rate=1\n")
        let text = """
            bridges:
              - name: br0
                datapath-id: 00:00:00:00:00:00:00:2a
                fail-mode: secure
                flows: br0.flows
                groups: br0.groups
                meters: br0.meters
                ports:
                  - {name: vm1, type: vhost-user-client, path: vm1.sock, queues: 4, number: 7, worker: 1}
                  - {name: vm2, type: dpdkvhostuser, path: vm2.sock, mode: 0660, group: "0", owner: root}
                  - {name: wire, type: dpdk, devargs: "net_null0,size=64"}
                  - {name: r1, type: ring, ring: loop}
                  - {name: p0, type: patch, peer: p1}
              - name: br1
                ports:
                  - {name: tap7, type: tap}
                  - {name: host, type: af-packet, interface: eth7}
                  - {name: br1, type: internal}
                  - {name: p1, type: patch, peer: p0}
                  - {name: hole, type: "null"}
            workers: {cores: "1-2,3", idle_sleep_us: 0}
            memory: {hugepages: yes, megabytes: 1024, packet-buffers: 65536}
            sockets: {run-directory: run, control: control.sock, group: "0", mode: 0600}
            mac-table: {capacity: 1000, ageing-seconds: 60}
            """
        #expect(try parse(text, folder: folder.path) == expectation(folder))
    }

    private func expectation(_ folder: TemporaryFolder) -> SwitchConfiguration {
        var expected = SwitchConfiguration()
        let client = VhostUserSettings(path: folder.file("vm1.sock"), queues: 4)
        var server = VhostUserSettings(path: folder.file("vm2.sock"))
        (server.mode, server.group, server.owner) = (0o660, "0", "root")
        expected.bridges = [
            BridgeSettings(
                name: "br0",
                ports: [
                    PortSettings(name: "vm1", number: 7, worker: 1, kind: .vhostUserClient(client)),
                    PortSettings(name: "vm2", kind: .vhostUser(server)),
                    PortSettings(name: "wire", kind: .dpdk(devargs: "net_null0,size=64")),
                    PortSettings(name: "r1", kind: .ring(name: "loop")),
                    PortSettings(name: "p0", kind: .patch(peer: "p1")),
                ]),
            BridgeSettings(
                name: "br1",
                ports: [
                    PortSettings(name: "tap7", kind: .tap(interface: "tap7")),
                    PortSettings(name: "host", kind: .afPacket(interface: "eth7")),
                    PortSettings(name: "br1", kind: .internal), PortSettings(name: "p1", kind: .patch(peer: "p0")),
                    PortSettings(name: "hole", kind: .null),
                ]),
        ]
        expected.bridges[0].datapathID = 42
        expected.bridges[0].failMode = .secure
        expected.bridges[0].flowFile = folder.file("br0.flows")
        expected.bridges[0].groupFile = folder.file("br0.groups")
        expected.bridges[0].meterFile = folder.file("br0.meters")
        expected.workers.cores = [1, 2, 3]
        expected.workers.idleSleepMicroseconds = 0
        (expected.memory.hugepages, expected.memory.megabytes, expected.memory.packetBuffers) = (.prefer, 1024, 65536)
        expected.sockets.runDirectory = folder.file("run")
        expected.sockets.control = folder.file("control.sock")
        (expected.sockets.group, expected.sockets.mode) = ("0", 0o600)
        (expected.macTable.capacity, expected.macTable.ageingSeconds) = (1000, 60)
        return expected
    }

    /// A bridge with one port, in whose place `port` stands: at line 4, column 9.
    private static func port(_ port: String) -> String {
        "bridges:\n  - name: br0\n    ports:\n      - \(port)\n"
    }

    private static let longPath = String(repeating: "x", count: 120)

    @Test(arguments: [
        ("bridges: [", "evs.yaml:2:1: no valid YAML: "),
        ("bridges:\n\t- name: br0", "evs.yaml:2:1: no valid YAML: "),
        ("just words", "evs.yaml:1:1: 'just words' stands where a mapping of keys to values was expected"),
        ("bridgs: []", "evs.yaml:1:1: unknown key 'bridgs'; did you mean 'bridges'?"),
        ("bridges: br0", "evs.yaml:1:10: 'br0' stands where a list was expected"),
        ("bridges: []\nbridges: []", "evs.yaml:1:1: a key stands twice"),
        ("bridges:\n  - fail-mode: secure", "evs.yaml:2:5: 'name' is missing: name: br0"),
        ("bridges:\n  - name: a b", "evs.yaml:2:11: 'a b' is no name for a bridge"),
        ("bridges:\n  - name: b\n  - name: b", "evs.yaml:3:11: there is a bridge 'b' already"),
        (
            "bridges:\n  - {name: b, fail-mode: secur}",
            "'secur' is no fail-mode: standalone, secure; did you mean 'secure'"
        ),
        ("bridges:\n  - {name: b, datapath-id: xyz}", "evs.yaml:2:28: 'xyz' is no datapath id"),
        (
            "bridges:\n  - {name: a, datapath-id: 1}\n  - {name: b, datapath-id: 01}",
            "evs.yaml:3:28: bridge 'a' has this datapath id already"
        ),
        ("bridges:\n  - name: b\n    flows: none.flows", "evs.yaml:3:12: the flow file '//none.flows' can't be read"),
        ("bridges:\n  - name: b\n    groups: x", "evs.yaml:3:13: the group file '//x' can't be read; does it exist"),
        ("bridges:\n  - name: b\n    meters: x", "evs.yaml:3:13: the meter file '//x' can't be read; does it exist"),
        ("bridges:\n  - {name: b, controllers: ['tcp:']}", "evs.yaml:2:29: 'tcp:' is no controller: the host is"),
        ("bridges:\n  - {name: b, controllers: ['ssl:x']}", "evs.yaml:2:29: 'ssl:x:6653' needs the files of 'tls'"),
        ("bridges:\n  - {name: b, controllers: ['tcp:x', 'tcp:x:6653']}", "evs.yaml:2:38: 'tcp:x:6653' stands twice"),
        ("bridges:\n  - {name: b, openflow-versions: [OpenFlow12]}", "'OpenFlow12' is no version: OpenFlow10, "),
        ("bridges:\n  - {name: b, openflow-versions: []}", "evs.yaml:2:34: at least one version is needed"),
        ("bridges:\n  - {name: b, inactivity-probe-seconds: -1}", "evs.yaml:2:41: '-1' is no number of seconds"),
        ("bridges:\n  - {name: b, maximum-backoff-ms: 0}", "evs.yaml:2:35: 0 is out of range: 1 to 3600000"),
        ("tls: {certificate: a, private-key: b}", "evs.yaml:1:6: 'authority' is missing: authority: ca.pem"),
        (port("{type: tap}"), "evs.yaml:4:9: 'name' is missing"),
        (port("{name: p}"), "evs.yaml:4:9: 'type' is missing: one of vhost-user-client, vhost-user, dpdk"),
        (port("{name: p, type: vhost-user-cleint}"), "evs.yaml:4:25: 'vhost-user-cleint' is no type of port; did"),
        (port("{name: p, type: afxdp}"), "evs.yaml:4:25: type afxdp is not supported; af-packet"),
        (port("{name: p, type: tap, path: x}"), "evs.yaml:4:30: unknown key 'path' for a port of type tap"),
        (port("{name: p, type: tap, quues: 1}"), "unknown key 'quues' for a port of type tap; there are: name"),
        (port("{name: p, type: vhost-user-client}"), "evs.yaml:4:9: 'path' is missing"),
        (port("{name: p, type: vhost-user, path: /no/such/x}"), "evs.yaml:4:43: there is no folder '/no/such'"),
        (port("{name: p, type: vhost-user-client, path: \(longPath)}"), "a socket's path has at most 107"),
        (port("{name: p, type: vhost-user-client, path: x, queues: 0}"), "evs.yaml:4:61: 0 queues; a port has 1 to 64"),
        (port("{name: p, type: vhost-user, path: /tmp/x, group: no-such-group}"), "there is no group 'no-such-group'"),
        (port("{name: p, type: vhost-user, path: /tmp/x, mode: 999}"), "'999' is no file mode; write it in octal"),
        (port("{name: p, type: dpdk}"), "'devargs' is missing"),
        (port("{name: p, type: tap, number: x}"), "evs.yaml:4:38: 'x' stands where a whole number was expected"),
        (port("{name: p, type: tap, number: 0}"), "evs.yaml:4:38: port number 0 is out of range: 1 to 4294967040"),
        (port("{name: p, type: tap, worker: 3}"), "evs.yaml:4:38: there is no worker 3: they are 0 to 2"),
        (port("{name: far-too-long-a-name, type: tap}"), "'far-too-long-a-name' is no interface name"),
        (port("{name: p, type: patch, peer: q}"), "evs.yaml:4:38: there is no port 'q'"),
        (port("{name: p, type: tap}\n      - {name: p, type: tap}"), "evs.yaml:5:16: there is a port 'p' already"),
        (
            port("{name: p, type: tap, number: 3}\n      - {name: q, type: tap, number: 3}"),
            "evs.yaml:5:38: port number 3 is taken by 'p'"
        ),
        (
            port("{name: p, type: tap, interface: i}\n      - {name: q, type: tap, interface: i}"),
            "evs.yaml:5:41: interface 'i' is taken by port 'p'"
        ),
        (port("{name: br0, type: internal, number: 3}"), "evs.yaml:4:45: the port named as its bridge is LOCAL"),
        ("workers: {cores: [9]}", "evs.yaml:1:19: there is no core 9 that evs may use; it may use 0-3"),
        ("workers: {cores: [1, 1]}", "evs.yaml:1:22: core 1 is named twice"),
        ("workers: {cores: []}", "evs.yaml:1:18: name at least one core"),
        ("workers: {cores: 2-1}", "evs.yaml:1:18: '2-1' names no cores"),
        ("workers: {idle-sleep-us: -1}", "evs.yaml:1:26: an idle worker sleeps 0 to 1000000 microseconds"),
        ("memory: {megabytes: 3}", "evs.yaml:1:21: 3 megabytes; DPDK needs 64"),
        ("memory: {hugepages: maybe}", "evs.yaml:1:21: 'maybe' is no hugepages: never, prefer, require"),
        ("memory: {megabytes: 64, packet-buffers: 1000000}", "1000000 packet buffers need about 2500 megabytes"),
        ("sockets: {group: no-such-group}", "evs.yaml:1:18: there is no group 'no-such-group'"),
        ("mac-table: {ageing-seconds: 1}", "evs.yaml:1:29: 1 seconds; 15 to 3600 are possible"),
    ])
    func refused(text: String, message: String) {
        let lines = refusal(text)
        #expect(lines.contains { $0.contains(message) }, "\(lines)")
    }

    @Test func faultInAFlowFileHasItsOwnPlace() throws {
        let folder = try TemporaryFolder()
        let flows = try folder.write("f", "actions=NORMAL\nin_port=1 actions=outptu:2\n")
        let lines = refusal("bridges:\n  - {name: b, flows: f}", folder: folder.path)
        #expect(lines.count == 1 && lines[0].hasPrefix("\(flows):2:19: "), "\(lines)")
    }

    @Test func controllers() throws {
        let text = """
            bridges:
              - name: br0
                controllers: ["tcp:10.0.0.1", "ssl:[::1]:7", ptcp:6654, "unix:/c"]
                openflow-versions: [OpenFlow13]
                inactivity-probe-seconds: 2.5
                maximum-backoff-ms: 300
            tls: {certificate: a.pem, private-key: /b.pem, authority: c.pem}
            """
        let configuration = try parse(text, folder: "/f")
        let controllers = configuration.bridges[0].controllers
        #expect(controllers.targets.map(\.description) == [
            "tcp:10.0.0.1:6653", "ssl:[::1]:7", "ptcp:6654", "unix:/c",
        ])
        #expect(controllers.versions == ["OpenFlow13"] && controllers.maximumBackoffMilliseconds == 300)
        #expect(controllers.inactivityProbeSeconds == 2.5)
        #expect(configuration.tls == TLSSettings(certificate: "/f/a.pem", privateKey: "/b.pem", authority: "/f/c.pem"))
    }

    /// What flows use must be in the files beside them.
    @Test func groupsAndMetersMustBeThere() throws {
        let folder = try TemporaryFolder()
        let flows = try folder.write("f", "# first\nactions=group:1\n")
        let groups = try folder.write("g", "group_id=1,type=all,bucket=output:two\n")
        func lines(_ more: String) -> [String] {
            refusal("bridges:\n  - {name: b, flows: f\(more)}", folder: folder.path)
        }
        #expect(lines("") == ["\(flows):2:1: there is no group 1: add it first"])
        #expect(lines(", groups: g").first?.hasPrefix("\(groups):1:35: there is no port named two") == true)
        #expect(lines(", groups: g, ports: [{name: two, type: tap}]").isEmpty)
    }

    @Test func flowsMayNamePorts() throws {
        let folder = try TemporaryFolder()
        try folder.write("f", "in_port=one actions=output:two\n")
        let bridge = "bridges:\n  - name: b\n    flows: f\n    ports:\n      - {name: one, type: tap}\n"
        _ = try parse(bridge + "      - {name: two, type: tap}", folder: folder.path)
        #expect(refusal(bridge, folder: folder.path).first?.contains("f:1:28: ") == true)
    }

    @Test func allProblemsAtOnceWithABound() {
        let ports = (0..<30).map { "      - {name: p\($0), type: tap, number: 0}\n" }.joined()
        let lines = refusal("bridges:\n  - name: b\n    ports:\n" + ports)
        #expect(lines.count == 21 && lines.last?.hasPrefix("evs.yaml: and ") == true)
    }

    /// Aliases of aliases: a few hundred bytes that stand for a billion values.
    @Test func aliasesDontExplode() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(refusal(text).first?.contains("the configuration is too large") == true)
    }

    /// What the project shows as examples can be run, but for the folder of guests' sockets.
    @Test func examples() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Examples").path
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        #expect(names.count >= 6)
        for name in names {
            let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            let lines = refusal(text, folder: folder).filter { !$0.contains("there is no folder '/run/vhost'") }
            #expect(lines.isEmpty, "\(name): \(lines)")
        }
    }
}
