import Foundation
import OpenFlow
import OpenFlowWire
import Switch
import TestSupport
import Testing

@testable import Control

extension Daemons {
    /// Rules of the standard that controllers and their test suites look at, one by one.
    @Suite struct OpenFlowRuleTests {
        private typealias Sessions = OpenFlowSessionTests

        private static func refusals(_ errors: [OpenFlowError]) -> [[UInt16]] { errors.map { [$0.type, $0.code] } }

        /// OpenFlow 1.3.5 §7.3.4.1: in deletions the buffer means nothing, whatever number stands there.
        @Test(arguments: [OpenFlowVersion.v10, .v13]) func deletionsNameNoBuffer(version: OpenFlowVersion) throws {
            let (daemon, _) = try Sessions.start()
            let tool = try PlainController(path: daemon.runDirectory + "/br0.mgmt", version: version)
            for command in [FlowMod.Command.delete, .deleteStrict] {
                var deletion = FlowMod(command, Flow(table: 0, match: Match(), instructions: .init()))
                deletion.bufferID = 0
                try tool.send(.flowMod(deletion))
            }
            #expect(try tool.barrier().isEmpty)
        }

        /// OpenFlow 1.3.5 §7.3.10: masks name reasons as 1.3 numbers them, where a group's packets are "action".
        @Test func reasonsAreThoseOfTheVersion() throws {
            let (_, tool) = try Sessions.start()
            try tool.send(
                .setAsync(
                    AsyncConfig(packetIn: .init(master: 7), portStatus: .init(), flowRemoved: .init(master: 0xf))))
            let bucket = Group.Bucket(weight: 0, actions: [.output(.controller)])
            try tool.send(.groupMod(GroupMod(.add, Group(id: 1, kind: .all, buckets: [bucket]))))
            try tool.send(.meterMod(MeterMod(.add, Meter(id: 1, flags: [.packetsPerSecond], bands: []))))
            try tool.send(Sessions.flow("actions=group:1"))
            try tool.send(Sessions.flow("priority=1,cookie=0x9,send_flow_rem,actions=meter:1"))
            try tool.send(
                .packetOut(PacketOut(inPort: PortNumber(1), actions: [.output(.table)], data: Sessions.packet)))
            let told = try tool.next { if case .packetIn(let packet) = $0 { packet } else { nil } }
            #expect(told.reason == .action && told.data.starts(with: Sessions.packet.prefix(told.data.count)))
            try tool.send(.meterMod(MeterMod(.delete, Meter(id: 1, flags: [], bands: []))))
            let removed = try tool.next { if case .flowRemoved(let removed) = $0 { removed } else { nil } }
            #expect(removed.cookie == 9 && removed.reason == .delete)
        }

        /// OpenFlow 1.4 §7.3.10: masks that a request doesn't name stay as they were.
        @Test func asynchronousMasksChangeOneByOne() throws {
            let (daemon, _) = try Sessions.start()
            let tool = try PlainController(path: daemon.runDirectory + "/br0.mgmt", version: .v14)
            var wanted = AsyncConfig.standard
            try tool.send(.setAsync(wanted))
            wanted.packetIn.master = 3
            // Packet-in's masks have the numbers 0 (slaves) and 1.
            try tool.send(.setAsync(wanted, only: .init(rawValue: 1 << 1)))
            #expect(try tool.ask(.getAsyncRequest) == .getAsyncReply(wanted))
            wanted.portStatus.slave = 0x80
            try tool.send(.setAsync(wanted))
            #expect(try Self.refusals(tool.barrier()) == [[15, 0]])
        }

        /// OpenFlow 1.0.0 §3.4: what no flow matches goes to the controller, as much of it as that has asked for; a
        /// match without wildcards goes before all others.
        @Test func missesGoToControllersOf10() throws {
            let (daemon, tool) = try Sessions.start()
            try tool.send(.setAsync(.standard))
            try tool.barrier()
            let old = try PlainController(path: daemon.runDirectory + "/br0.mgmt", version: .v10)
            func table() throws {
                try old.send(
                    .packetOut(PacketOut(inPort: PortNumber(1), actions: [.output(.table)], data: Sessions.packet)))
            }
            func packet() throws -> OpenFlowWire.PacketIn {
                try old.next { if case .packetIn(let packet) = $0 { packet } else { nil } }
            }
            try old.send(.setConfig(SwitchConfig(missSendLength: 20)))
            try table()
            let missed = try packet()
            #expect(missed.reason == .noMatch && missed.data == Array(Sessions.packet.prefix(20)))
            #expect(missed.bufferID != nil && missed.inPort == PortNumber(1))
            // A flow for all packets is one like others in 1.0.
            try old.send(Sessions.flow("priority=0,actions=controller"))
            try table()
            #expect(try packet().reason == .action)
            // The 40 bytes of struct ofp_match: no wildcards, port 1, untagged, a type that has no more fields.
            var match = [UInt8](repeating: 0, count: 40)
            let addresses = [UInt8](repeating: 2, count: 12)
            match.replaceSubrange(4..<24, with: [0, 1] + addresses + [0xff, 0xff, 0, 0, 0x88, 0xb5])
            let body = match + [UInt8](repeating: 0, count: 14) + [0, 5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0]
            try old.send([1, 14, 0, UInt8(8 + body.count + 8), 0, 0, 0, 9] + body + [0, 0, 0, 8, 0, 2, 0, 0])
            let flows = try Sessions.flows(old)
            #expect(flows.map(\.flow.priority) == [.max, 0])
            // By the cookie they are modified in all tables, as 1.0 has no place for one.
            // NXT_FLOW_MOD: modify, NXM_NX_COOKIE 0, no actions.
            let ones = [UInt8](repeating: 0xff, count: 8)
            let command: [UInt8] = [0, 1, 0, 0, 0, 0, 0x80, 0, 255, 255, 255, 255, 255, 255, 0, 0, 0, 12]
            try old.send(
                [1, 4, 0, 64, 0, 0, 0, 11, 0, 0, 0x23, 0x20, 0, 0, 0, 13] + ones + command
                    + [UInt8](repeating: 0, count: 6) + [0, 1, 0x3c, 8] + [UInt8](repeating: 0, count: 12))
            #expect(try old.barrier().isEmpty)
            #expect(try Sessions.flows(old).allSatisfy { $0.flow.instructions.apply.isEmpty })
            // OFPFF_EMERG with a timeout: OFPFMFC_BAD_EMERG_TIMEOUT.
            let emergency = [UInt8](repeating: 0, count: 10) + [0, 5, 0, 0, 0, 1, 255, 255, 255, 255, 255, 255, 0, 4]
            try old.send([1, 14, 0, 72, 0, 0, 0, 10] + match + emergency)
            let refused = try old.next { if case .error(let error, _) = $0 { error } else { nil } }
            #expect(refused.type == 5 && refused.code == 5)
            #expect(try tool.barrier().isEmpty)
        }

        @Test func packetsOutNameWhatIsThere() throws {
            let (_, tool) = try Sessions.start()
            for action in [Action.group(7), .meter(7)] {
                let actions = [Action.output(PortNumber(1)), action]
                try tool.send(.packetOut(PacketOut(inPort: .controller, actions: actions, data: Sessions.packet)))
            }
            #expect(try Self.refusals(tool.barrier()).first == [2, 9])
        }

        /// A bundle that is refused has changed no port, and nobody is told that it had.
        @Test func bundlesTakeBackPorts() throws {
            let (_, tool) = try Sessions.start()
            try tool.send(.setAsync(.standard))
            func ports() throws -> [PortDescription] {
                guard case .multipartReply(.portDesc(let ports), _) = try tool.ask(
                    .multipartRequest(.portDesc(.any), more: false))
                else { throw PlainController.Failure.closed }
                return ports
            }
            let port = try ports()[0]
            let mod = PortMod(
                port: port.number, hardwareAddress: port.hardwareAddress, config: [.down], mask: [.down])
            for (id, last) in [(UInt32(1), "actions=group:9"), (2, "actions=drop")] {
                for message in [Message.portMod(mod), try Sessions.flow(last)] {
                    try tool.send { xid in
                        let frame = OpenFlowFrame(version: .v13, xid: xid, message: message)
                        return .bundleAdd(BundleAdd(id: id, flags: [.atomic, .ordered], frame: frame))
                    }
                }
                try tool.send(
                    .bundleControl(BundleControl(id: id, type: .commitRequest, flags: [.atomic, .ordered])))
                var heard: [Message] = []
                let barrier = try tool.send(.barrierRequest)
                var frame = try tool.next()
                while frame.xid != barrier {
                    heard.append(frame.message)
                    frame = try tool.next()
                }
                let statuses = heard.filter { if case .portStatus = $0 { true } else { false } }
                #expect(statuses.count == (id == 1 ? 0 : 1), "\(heard)")
                if id == 1 {
                    // The error shows the message that was refused, a flow mod.
                    let shown = heard.compactMap { if case .error(_, let data) = $0 { data } else { nil } }
                    #expect(shown.contains { $0.starts(with: [4, 14]) })
                }
                #expect(try ports()[0].config == (id == 1 ? [] : [.down]))
            }
            // OFPBFC_BAD_FLAGS.
            try tool.send(
                .bundleControl(BundleControl(id: 3, type: .openRequest, flags: BundleFlags(rawValue: 0x80))))
            #expect(try Self.refusals(tool.barrier()) == [[17, 7]])
        }

        /// OpenFlow 1.3.5 §7.3.2: how fragments are treated is the switch's, whoever set it, and is done.
        @Test func fragmentsAreDroppedWhereThatIsAskedFor() throws {
            let (daemon, tool) = try Sessions.start()
            let other = try PlainController(path: daemon.runDirectory + "/br0.mgmt")
            try tool.send(Sessions.flow("priority=2,udp,tp_dst=9,actions=output:1"))
            try tool.send(Sessions.flow("priority=1,ip,actions=output:2"))
            // IPv4, the first fragment of a UDP packet to port 9.
            let header: [UInt8] = [0x45, 0, 0, 46, 0, 1, 0x20, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
            let fragment = Array(Sessions.packet[..<14]) + header + [0, 9, 0, 9, 0, 26, 0, 0]
                + [UInt8](repeating: 0, count: 18)
            func counts(_ fragments: SwitchConfig.Fragments) throws -> [UInt64] {
                try tool.send(.setConfig(SwitchConfig(fragments: fragments, missSendLength: 0)))
                try tool.send(
                    .packetOut(PacketOut(inPort: PortNumber(1), actions: [.output(.table)], data: fragment)))
                let counts = try Sessions.flows(tool).map(\.packetCount)
                guard case .getConfigReply(let configuration) = try other.ask(.getConfigRequest) else { return [] }
                #expect(configuration.fragments == fragments)
                return counts
            }
            #expect(try counts(.normal) == [0, 1], "its ports aren't looked at")
            #expect(try counts(.drop) == [0, 1])
            #expect(try counts(.niciraMatch) == [1, 1])
            #expect(try counts(.normal) == [1, 2])
            try tool.send(.setConfig(SwitchConfig(fragments: .reassemble, missSendLength: 0)))
            #expect(try Self.refusals(tool.barrier()) == [[10, 0]])
        }

        /// A request in ever more parts is refused, and forgotten (OFPBRC_MULTIPART_BUFFER_OVERFLOW).
        @Test func requestsInPartsAreBounded() throws {
            let (_, tool) = try Sessions.start()
            let tables = (0..<200).map { TableFeatures(table: UInt8($0), name: "", maximumEntries: 5) }
            let part = Codec(version: .v13).encode(.multipartRequest(.tableFeatures(tables), more: true), xid: 5)
            for _ in 0..<2 { try tool.send(part) }
            #expect(try Self.refusals(tool.barrier()) == [[1, 13]])
            // OFPTMFC_BAD_CONFIG.
            try tool.send(.tableMod(TableMod(table: 0, config: 8)))
            #expect(try Self.refusals(tool.barrier()) == [[8, 1]])
        }

        /// OpenFlow 1.3.5 §6.2: what stands behind a barrier is answered after it. Who leaves the answers to its echoes
        /// unread is read no more.
        @Test func echoesKeepTheirPlace() throws {
            let (_, tool) = try Sessions.start()
            let codec = Codec(version: .v13)
            for _ in 0..<20 {
                try tool.send(codec.encode(.barrierRequest, xid: 1) + codec.encode(.echoRequest([1]), xid: 2))
                #expect(try [tool.next().xid, tool.next().xid] == [1, 2])
            }
            let echo = codec.encode(.echoRequest([UInt8](repeating: 7, count: 65000)), xid: 3)
            let limit = 2000 * echo.count
            var sent = 0
            while sent < limit {
                let rest = Array(echo[(sent % echo.count)...])
                let count = Glibc.send(tool.descriptor, rest, rest.count, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
                if count > 0 {
                    sent += count
                    continue
                }
                // It may only be slow.
                var descriptor = pollfd(fd: tool.descriptor, events: Int16(POLLOUT), revents: 0)
                if errno != EAGAIN || poll(&descriptor, 1, 500) == 0 { break }
            }
            #expect(sent < limit, "echoes were taken without end")
        }
    }
}
