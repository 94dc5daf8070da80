import Foundation
import Switch
import TestSupport
import Testing

@testable import Control

extension Daemons {
    /// From one configuration to another: only what differs, all or nothing.
    @Suite struct ReloadTests {
        private static func file(_ ports: [String], more: String = "") -> String {
            "bridges:\n  - name: br0\n    ports:\n" + ports.map { "      - {\($0)}\n" }.joined() + more
        }

        private static let generator = "name: gen, type: dpdk, devargs: \"net_null0,size=64\""

        @Test func onlyDifferencesChange() throws {
            let daemon = try RunningDaemon(
                Self.file([Self.generator, "name: a, type: \"null\"", "name: r, type: ring, ring: one"]))
            let before = try daemon.ports()
            try daemon.replaceConfiguration(
                Self.file(
                    [Self.generator, "name: r, type: ring, ring: two", "name: b, type: \"null\", number: 7"],
                    more: "  - name: br1\n    fail-mode: secure\n"))
            let changes = try daemon.json(ControlReply.Changes.self, "reload").changes
            #expect(changes == [
                "port r removed from br0", "bridge br1 added", "port r added to br0", "port b added to br0",
                "port a removed from br0",
            ])
            let after = try daemon.ports()
            #expect(after.map(\.name) == ["gen", "r", "b"] && after.map(\.number) == [1, 3, 7])
            // The generator's port is the same one: it went on counting.
            #expect(after[0].received >= before[0].received && before[0].number == after[0].number)
            #expect(try daemon.json(ControlReply.Changes.self, "reload").changes.isEmpty)
        }

        @Test func whatWasAddedByHandStays() throws {
            let daemon = try RunningDaemon(Self.file(["name: a, type: \"null\""]))
            try daemon.evs("port", "add", "br0", "hand", "--type", "null", "--number", "5")
            try daemon.evs("bridge", "add", "by-hand")
            try daemon.replaceConfiguration(Self.file(["name: b, type: \"null\""]))
            try daemon.evs("reload")
            #expect(try daemon.ports().map(\.name) == ["b", "hand"])
            let bridges = try daemon.json(ControlReply.Bridges.self, "bridge", "list").bridges
            #expect(bridges.map(\.name) == ["br0", "by-hand"])
            try daemon.replaceConfiguration(Self.file(["name: b, type: \"null\", number: 5"]))
            #expect(try daemon.refused("reload").contains("port number 5 is taken by 'b'"))
            try daemon.replaceConfiguration("bridges: [{name: other}]")
            #expect(try daemon.refused("reload").contains("port 'hand', which was added with evs port add"))
            #expect(try daemon.ports().map(\.name) == ["b", "hand"])
        }

        @Test func failureTakesEverythingBack() throws {
            let first = Self.file([Self.generator, "name: a, type: \"null\", number: 4", "name: c, type: \"null\""])
            let daemon = try RunningDaemon(first)
            try daemon.evs("flow", "add", "br0", "in_port=1 actions=output:4")
            let before = try daemon.ports()
            let bridges = try daemon.json(ControlReply.Bridges.self, "bridge", "list").bridges.map(\.name)
            // A new bridge, a port in the place of another, one that goes, and last one that DPDK refuses.
            try daemon.replaceConfiguration(
                Self.file(
                    [Self.generator, "name: b, type: \"null\", number: 4"],
                    more: """
                          - name: br1
                            ports:
                              - {name: d, type: "null"}
                              - {name: e, type: dpdk, devargs: net_nothing0}

                        """))
            #expect(try daemon.refused("reload").contains("port 'e': device 'net_nothing0' was refused"))
            let after = try daemon.ports()
            #expect(after.map(\.name) == before.map(\.name) && after.map(\.number) == before.map(\.number))
            #expect(after[0].received >= before[0].received)
            #expect(try daemon.json(ControlReply.Bridges.self, "bridge", "list").bridges.map(\.name) == bridges)
            #expect(try daemon.evs("flow", "list", "br0").contains("in_port=1 actions=output:4"))
            try daemon.replaceConfiguration(first)
            #expect(try daemon.json(ControlReply.Changes.self, "reload").changes.isEmpty)
        }

        @Test func invalidFileChangesNothingAndSaysWhy() throws {
            let daemon = try RunningDaemon(Self.file(["name: a, type: \"null\""]))
            try daemon.replaceConfiguration(Self.file(["name: b, type: \"null\", nubmer: 3"]))
            #expect(try daemon.refused("reload").contains("evs.yaml:4:33: unknown key 'nubmer'"))
            kill(daemon.process.processIdentifier, SIGHUP)
            try daemon.notify.wait(for: "RELOADING=1")
            try daemon.notify.wait(for: "READY=1")
            #expect(try daemon.log().contains("the configuration was refused; nothing has changed"))
            #expect(try daemon.log().contains("evs.yaml:4:33: unknown key 'nubmer'"))
            #expect(try daemon.ports().map(\.name) == ["a"])
        }

        @Test func hangupReloads() throws {
            let daemon = try RunningDaemon(Self.file(["name: a, type: \"null\""]))
            try daemon.replaceConfiguration(
                Self.file(
                    ["name: a, type: \"null\"", "name: b, type: \"null\""], more: "workers: {idle-sleep-us: 99}\n"))
            kill(daemon.process.processIdentifier, SIGHUP)
            try daemon.notify.wait(for: "RELOADING=1")
            try daemon.notify.wait(for: "READY=1")
            #expect(try daemon.ports().map(\.name) == ["a", "b"])
            #expect(try daemon.log().contains("workers differs in the file; it is taken when evs is started again"))
        }

        @Test func bridgeStartsWithItsFlows() throws {
            let folder = try TemporaryFolder()
            let flows = try folder.write("f", "in_port=a actions=output:b\n")
            let daemon = try RunningDaemon(
                "bridges:\n  - name: br0\n    flows: \(flows)\n    ports:\n      - {name: b, type: \"null\"}\n"
                    + "      - {name: a, type: \"null\"}\n")
            #expect(try daemon.evs("flow", "list", "br0").contains("in_port=2 actions=output:1"))
            // A running bridge keeps its flows, whatever the file says by now.
            try folder.write("f", "actions=drop\n")
            try daemon.evs("reload")
            #expect(try daemon.evs("flow", "list", "br0").contains("in_port=2 actions=output:1"))
        }
    }
}
