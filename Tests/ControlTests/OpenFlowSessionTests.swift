import Foundation
import OpenFlow
import OpenFlowWire
import Packet
import Switch
import TestSupport
import Testing

@testable import Control

extension Daemons {
    /// OpenFlow spoken with a running switch.
    @Suite struct OpenFlowSessionTests {
        static let ports = "bridges:\n  - name: br0\n    fail-mode: secure\n    ports:\n"
            + "      - {name: p1, type: \"null\"}\n      - {name: p2, type: \"null\"}\n"

        /// A running switch with one bridge, and a tool's connection to it.
        static func start(_ more: String = "") throws -> (daemon: RunningDaemon, tool: PlainController) {
            let daemon = try RunningDaemon(ports + more)
            let tool = try PlainController(path: daemon.runDirectory + "/br0.mgmt")
            tool.switchKeptAlive = daemon
            return (daemon, tool)
        }

        static func flow(_ text: String) throws -> Message { .flowMod(FlowMod(.add, try FlowText.parseFlow(text))) }

        static func flows(_ controller: PlainController) throws -> [OpenFlowWire.FlowStatistics] {
            guard case .multipartReply(.flow(let flows, _), _) = try controller.ask(
                .multipartRequest(.flow(FlowStatisticsRequest()), more: false))
            else { throw PlainController.Failure.closed }
            return flows
        }

        static let packet: [UInt8] = Array(repeating: 2, count: 12) + [0x08, 0x00] + Array(repeating: 0, count: 50)

        @Test(arguments: [OpenFlowVersion.v10, .v13, .v14, .v15]) func handshake(version: OpenFlowVersion) throws {
            let (daemon, _) = try Self.start()
            let tool = try PlainController(path: daemon.runDirectory + "/br0.mgmt", version: version)
            guard case .featuresReply(let features) = try tool.ask(.featuresRequest) else {
                Issue.record("no features")
                return
            }
            #expect(features.datapathID != 0 && features.tableCount == 255)
            #expect(try tool.ask(.echoRequest([1, 2, 3])) == .echoReply([1, 2, 3]))
            if version == .v10 { #expect(features.ports.map(\.name) == ["p1", "p2"]) }
        }

        /// What a barrier's reply promises: the packet sent after it meets the flow, and the count is exact at once.
        @Test func barrierMeansInForce() throws {
            let (_, tool) = try Self.start()
            for round in 1...20 {
                try tool.send(Self.flow("priority=\(round),ip,actions=output:2"))
                try tool.barrier()
                try tool.send(
                    .packetOut(
                        PacketOut(inPort: PortNumber(1), actions: [.output(.table)], data: Self.packet)))
                let newest = try #require(try Self.flows(tool).first { Int($0.flow.priority) == round })
                #expect(newest.packetCount == 1 && newest.byteCount == UInt64(Self.packet.count))
            }
        }

        @Test func errorsAreTheStandardsAndTheConnectionLives() throws {
            let (_, tool) = try Self.start()
            func refusal(_ bytes: [UInt8]) throws -> (UInt16, UInt16) {
                try tool.send(bytes)
                let error = try tool.next { if case .error(let error, _) = $0 { error } else { nil } }
                return (error.type, error.code)
            }
            #expect(try refusal([4, 99, 0, 8, 0, 0, 0, 1]) == (1, 1), "bad type")
            #expect(try refusal([9, 5, 0, 8, 0, 0, 0, 1]) == (1, 0), "bad version")
            #expect(try refusal([4, 14, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]) == (1, 6), "bad length")
            try tool.send(Self.flow("table=1,actions=group:7"))
            try tool.send(.groupMod(GroupMod(.modify, Group(id: 7, kind: .all, buckets: []))))
            try tool.send(.meterMod(MeterMod(.modify, Meter(id: 7, flags: [.packetsPerSecond], bands: []))))
            try tool.send(
                .packetOut(PacketOut(bufferID: 77, inPort: .controller, actions: [.output(PortNumber(1))], data: [])))
            #expect(try tool.barrier().map { [$0.type, $0.code] } == [[2, 9], [6, 8], [12, 3], [1, 8]])
            #expect(try Self.flows(tool).isEmpty)
        }

        /// Sends messages as one bundle; the errors that came back.
        private static func commit(
            _ id: UInt32, _ messages: [Message], on tool: PlainController
        ) throws -> [OpenFlowError] {
            try tool.send(.bundleControl(BundleControl(id: id, type: .openRequest, flags: [.atomic])))
            for message in messages {
                try tool.send { xid in
                    let frame = OpenFlowFrame(version: .v13, xid: xid, message: message)
                    return .bundleAdd(BundleAdd(id: id, flags: [.atomic], frame: frame))
                }
            }
            try tool.send(.bundleControl(BundleControl(id: id, type: .commitRequest, flags: [.atomic])))
            return try tool.barrier()
        }

        @Test func bundleIsAllOrNothing() throws {
            let (_, tool) = try Self.start()
            let first = try Self.flow("priority=1,actions=output:1")
            let second = try Self.flow("priority=2,actions=output:2")
            let refused = try Self.flow("priority=2,actions=group:9")
            #expect(try Self.commit(1, [first, refused], on: tool).count == 2)
            #expect(try Self.flows(tool).isEmpty)
            #expect(try Self.commit(2, [first, second], on: tool).isEmpty)
            #expect(try Self.flows(tool).map(\.flow.priority) == [2, 1])
        }

        /// A packet of a bundle goes through the tables as the bundle leaves them, or nowhere if it is refused.
        @Test func bundlesHoldPackets() throws {
            let (_, tool) = try Self.start()
            let packet = Message.packetOut(
                PacketOut(inPort: PortNumber(1), actions: [.output(.table)], data: Self.packet))
            let toNoGroup = Message.packetOut(PacketOut(inPort: PortNumber(1), actions: [.group(9)], data: Self.packet))
            let flow = try Self.flow("actions=output:2")
            #expect(try Self.commit(1, [packet, flow, toNoGroup], on: tool).count == 2)
            #expect(try Self.flows(tool).isEmpty)
            #expect(try Self.commit(2, [packet, flow, packet], on: tool).isEmpty)
            #expect(try Self.flows(tool).map(\.packetCount) == [2])
        }

        @Test func rolesAndGenerations() throws {
            let (daemon, _) = try Self.start()
            let one = try PlainController(path: daemon.runDirectory + "/br0.mgmt")
            let other = try PlainController(path: daemon.runDirectory + "/br0.mgmt")
            func claim(_ role: ControllerRole.Role, _ generation: UInt64, by: PlainController) throws -> Message {
                try by.ask(.roleRequest(ControllerRole(role, generationID: generation)))
            }
            #expect(try claim(.master, 5, by: one) == .roleReply(ControllerRole(.master, generationID: 5)))
            #expect(try claim(.master, 6, by: other) == .roleReply(ControllerRole(.master, generationID: 6)))
            #expect(try claim(.noChange, 0, by: one) == .roleReply(ControllerRole(.slave, generationID: 6)))
            try one.send(Self.flow("actions=output:1"))
            #expect(try one.barrier().map { [$0.type, $0.code] } == [[1, 10]], "a slave changes nothing")
            guard case .error(let stale, _) = try claim(.master, 4, by: one) else {
                Issue.record("an old generation was taken")
                return
            }
            #expect(stale.type == 11 && stale.code == 0)
            #expect(try Self.flows(other).isEmpty)
        }

        /// A flow that goes is told of with all that it counted.
        @Test func removedFlowsTellTheirCounts() throws {
            let (_, tool) = try Self.start()
            try tool.send(.setAsync(.standard))
            try tool.send(Self.flow("priority=3,send_flow_rem,cookie=0x77,ip,actions=output:2"))
            try tool.send(Self.flow("priority=2,send_flow_rem,hard_timeout=1,cookie=0x78,actions=output:2"))
            for _ in 0..<7 {
                try tool.send(
                    .packetOut(PacketOut(inPort: PortNumber(1), actions: [.output(.table)], data: Self.packet)))
            }
            var deletion = FlowMod(.delete, Flow(table: FlowMod.allTables, match: Match(), instructions: .init()))
            deletion.flow.cookie = 0x77
            deletion.cookieMask = .max
            try tool.send(.flowMod(deletion))
            func removed() throws -> FlowRemoved {
                try tool.next { if case .flowRemoved(let removed) = $0 { removed } else { nil } }
            }
            let first = try removed()
            #expect(first.cookie == 0x77 && first.packetCount == 7 && first.reason == .delete)
            let second = try removed()
            #expect(second.cookie == 0x78 && second.reason == .hardTimeout && second.duration.seconds >= 1)
        }

        @Test func packetsComeToControllers() throws {
            let (_, tool) = try Self.start()
            try tool.send(.setAsync(.standard))
            try tool.send(Self.flow("cookie=0x5,ip,actions=load:0x9->NXM_NX_REG0[],controller(max_len=20)"))
            try tool.barrier()
            try tool.send(
                .packetOut(PacketOut(inPort: PortNumber(1), actions: [.output(.table)], data: Self.packet)))
            let told = try tool.next { if case .packetIn(let packet) = $0 { packet } else { nil } }
            #expect(told.data == Array(Self.packet.prefix(20)) && told.totalLength == Self.packet.count)
            #expect(told.cookie == 5 && told.reason == .action && told.inPort == PortNumber(1))
            #expect(told.match.exactValue(of: .reg0) == 9)
            // The rest waits in the switch, for once.
            let buffer = try #require(told.bufferID)
            try tool.send(Self.flow("priority=9,actions=output:2"))
            try tool.send(
                .packetOut(PacketOut(bufferID: buffer, inPort: PortNumber(1), actions: [.output(.table)], data: [])))
            try tool.send(
                .packetOut(PacketOut(bufferID: buffer, inPort: PortNumber(1), actions: [.output(.table)], data: [])))
            #expect(try tool.barrier().map { [$0.type, $0.code] } == [[1, 8]])
        }
    }
}
