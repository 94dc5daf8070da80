import Foundation
import OpenFlow
import OpenFlowWire
import Packet
import Testing

private let openVSwitchTool = ["/usr/bin/ovs-ofctl", "/usr/local/bin/ovs-ofctl"].first {
    FileManager.default.isExecutableFile(atPath: $0)
}

/// Open vSwitch's tool understands what is written, and says the same of it.
@Suite(.enabled(if: openVSwitchTool != nil, "skipped: there is no ovs-ofctl here"))
struct OpenVSwitchTests {

    /// What ovs-ofctl says of messages, a text for each.
    private func printed(_ messages: [[UInt8]], prefix: String) throws -> [String] {
        let file = FileManager.default.temporaryDirectory.appending(path: "evs-wire-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(messages.flatMap { $0 }).write(to: file)
        let process = Process()
        process.executableURL = URL(filePath: try #require(openVSwitchTool))
        process.arguments = ["ofp-parse", file.path]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        var texts: [String] = []
        for line in lines {
            if line.hasPrefix(prefix) {
                texts.append(String(line))
            } else if !texts.isEmpty {
                texts[texts.count - 1] += "\n" + line
            }
        }
        return texts
    }

    /// The match in a line that tells of a flow mod.
    private func match(_ line: String) throws -> Match {
        let head = line.split(separator: " actions=")[0]
        let words = head.split(separator: " ").drop { !["ADD", "MOD", "MOD_STRICT", "DEL", "DEL_STRICT"].contains($0) }
        let others = ["table:", "cookie:", "idle:", "hard:", "buf:", "out_port:", "importance:", "out_group:"]
        let flags = ["send_flow_rem", "check_overlap", "reset_counts", "no_packet_counts", "no_byte_counts"]
        let text = words.dropFirst().filter { word in
            !others.contains { word.hasPrefix($0) } && !flags.contains(String(word)) && !word.hasPrefix("pri:")
        }
        return try FlowText.parseFlow((text.joined() + ",actions=drop")).match
    }

    @Test(arguments: RoundTripTests.codecs.indices) func aMatchIsReadAsTheSame(_ index: Int) throws {
        let codec = RoundTripTests.codecs[index]
        // in_phy_port and IPv6 extension headers are unknown to Open vSwitch, as is PBB; and which masks a port has.
        let unknown: [FieldID] = [.inPhyPort, .ipv6ExtHdr, .pbbISID, .pbbUCA]
        var matches: [Match] = []
        for seed in UInt64(0)..<600 {
            var generator = Generator(seed: seed)
            let match = generator.match()
            let isKnown =
                unknown.allSatisfy { match.mask(of: $0) == 0 }
                || match.key[.ethType] != 0x88e7 && match.mask(of: .inPhyPort) == 0 && match.mask(of: .ipv6ExtHdr) == 0
            if isKnown { matches.append(match) }
        }
        let mods = matches.map { FlowMod(.add, Flow(match: $0, instructions: InstructionSet())) }
        let lines = try printed(
            mods.map { codec.encode(.flowMod($0), xid: 1) },
            prefix: codec.version == .v10 ? "NXT_FLOW_MOD" : "OFPT_FLOW_MOD")
        try #require(lines.count == matches.count)
        for (match, line) in zip(matches, lines) {
            do {
                let theirs = try self.match(line)
                #expect(theirs == match, "\(line)\n\(theirs)\n\(match)")
            } catch {
                Issue.record("\(line): \(error)")
            }
        }
    }

    static let actions: [(Action, String)] = [
        (.output(PortNumber(3), maxLength: 0), "output:3"), (.output(.controller, maxLength: 128), "CONTROLLER:128"),
        (.group(5), "group:5"), (.setQueue(4), "set_queue:4"), (.popQueue, "pop_queue"), (.exit, "exit"),
        (.resubmit(port: PortNumber(4), table: nil), "resubmit:4"), (.resubmit(port: nil, table: 7), "resubmit(,7)"),
        (.load(value: 5, to: FieldSlice(.reg1, firstBit: 4, bitCount: 8)), "load:0x5->NXM_NX_REG1[4..11]"),
        (.move(from: FieldSlice(.ethSrc), to: FieldSlice(.ethDst)), "move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]"),
        (.outputField(FieldSlice(.reg2, firstBit: 0, bitCount: 16)), "output:NXM_NX_REG2[0..15]"),
        (.push(FieldSlice(.reg3)), "push:NXM_NX_REG3[]"), (.pop(FieldSlice(.reg3)), "pop:NXM_NX_REG3[]"),
        (.note([1, 2, 3, 4, 5, 6]), "note:01.02.03.04.05.06"),
        (.finTimeout(idleSeconds: 3, hardSeconds: 4), "fin_timeout(idle_timeout=3,hard_timeout=4)"),
        (
            .multipath(
                MultipathAction(
                    .networkSource, basis: 7, .iterativeHash, linkCount: 5, destination: FieldSlice(.reg3))),
            "multipath(nw_src,7,iter_hash,5,0,NXM_NX_REG3[])"
        ),
        (
            .bundle(BundleAction(.ethernetSource, basis: 3, .highestRandomWeight, members: [PortNumber(4), .any])),
            "bundle(eth_src,3,hrw,ofport,members:4,ANY)"
        ),
        (.clone([.clone([]), .output(PortNumber(3), maxLength: 0), .exit]), "clone(clone(drop),output:3,exit)"),
        (.decrementTTL, "dec_ttl"), (.decrementTTLNotifying([1, 2]), "dec_ttl(1,2)"),
        (.outputTruncated(PortNumber(3), maxLength: 100), "output(port=3,max_len=100)"),
        (.setField(.metadata, value: 5, mask: 15), "set_field:0x5/0xf->metadata"),
        (.modField(.ipTTL, 9), "mod_nw_ttl:9"),
        (.setField(.tcpDst, value: 80, mask: 0xffff), "set_field:80->tcp_dst"),
    ]

    @Test(arguments: [0, 3]) func anActionIsReadAsTheSame(_ index: Int) throws {
        let codec = RoundTripTests.codecs[index]
        var match = Match()
        match.set(.ethType, 0x800)
        match.set(.ipProto, 6)
        let lines = try printed(
            Self.actions.map { action, _ in
                let flow = Flow(match: match, instructions: InstructionSet(apply: [action]))
                return codec.encode(.flowMod(FlowMod(.add, flow)), xid: 1)
            }, prefix: codec.version == .v10 ? "NXT_FLOW_MOD" : "OFPT_FLOW_MOD")
        try #require(lines.count == Self.actions.count)
        for ((action, text), line) in zip(Self.actions, lines) {
            // 1.0 has no way to set the TTL but a load.
            let expected = codec.version == .v10 && action == .modField(.ipTTL, 9) ? "load:0x9->NXM_NX_IP_TTL[]" : text
            #expect(
                line.hasSuffix("actions=" + expected) || line.hasSuffix("actions=" + expected + "\n"),
                "\(line) \(expected)")
        }
    }

    /// Nothing that any version's messages hold is refused.
    @Test(arguments: [OpenFlowVersion.v10, .v13, .v14]) func noMessageIsRefused(_ version: OpenFlowVersion) throws {
        var codec = Codec(version: version)
        if version == .v10 { (codec.flowFormat, codec.hasTableIDExtension) = (.nicira, true) }
        var generator = Generator(seed: 7)
        let port = generator.portDescription(version)
        var counts = PortStatistics(port: port.number)
        counts.sentBytes = 77
        let flow = Flow(
            table: 3, match: Match(), instructions: InstructionSet(apply: [.output(PortNumber(3), maxLength: 0)]))
        let flows = [FlowStatistics(flow, duration: .init(seconds: 5), packetCount: 6, byteCount: 7)]
        let removed = FlowRemoved(
            table: 3, priority: 4, cookie: 5, match: Match(), reason: .delete, duration: .init(), idleTimeoutSeconds: 6,
            hardTimeoutSeconds: 0, packetCount: 8, byteCount: 9)
        var packet = generator.packetIn(Codec(version: version))
        (packet.bufferID, packet.data, packet.totalLength) = (nil, [UInt8](repeating: 0, count: 60), 60)
        var messages: [Message] = [
            .hello(VersionSet([.v10, .v13])),
            .error(.badAction(.badArgument, ""), data: codec.encode(.featuresRequest, xid: 1)),
            .echoRequest([1]),
            .featuresReply(SwitchFeatures(datapathID: 5, tableCount: 254, capabilities: [.flowStatistics])),
            .getConfigReply(SwitchConfig(missSendLength: 128)), .packetIn(packet),
            .packetOut(
                PacketOut(
                    inPort: .controller, actions: [.output(.local, maxLength: 0)],
                    data: [UInt8](repeating: 0, count: 60))),
            .flowRemoved(removed), .portStatus(PortStatus(.add, port)), .barrierReply,
            .roleReply(ControllerRole(.master, generationID: 5)),
            .multipartReply(
                .desc(.init(manufacturer: "a", hardware: "b", software: "c", serialNumber: "d", datapath: "e")),
                more: false),
            .multipartReply(.flow(flows, version == .v10 ? .nicira : .standard), more: false),
            .multipartReply(.aggregate(.init(packetCount: 1, byteCount: 2, flowCount: 3), .standard), more: false),
            .multipartReply(.table([.init(table: 1, activeCount: 2, lookupCount: 3, matchedCount: 4)]), more: false),
            .multipartReply(.portStats([counts]), more: false), .multipartReply(.portDesc([port]), more: false),
            .multipartReply(.flowMonitor([.added(.init(flow)), .abbreviated(xid: 5)]), more: false),
            .flowMod(FlowMod(.modify, flow)),
            .setAsync(AsyncConfig(packetIn: .init(master: 7), portStatus: .init(), flowRemoved: .init())),
        ]
        if version != .v10 { messages += since13(codec, flow, &generator) }
        for message in messages {
            let text = try printed([codec.encode(message, xid: 1)], prefix: "").joined(separator: "\n")
            let isRefused = ["decode error", "***", "unknown", "UNKNOWN", "bad "].contains { text.contains($0) }
            #expect(!isRefused && !text.isEmpty, "\(message)\n\(text)")
        }
    }

    /// What 1.0 lacks.
    private func since13(_ codec: Codec, _ flow: Flow, _ generator: inout Generator) -> [Message] {
        let bucket = Group.Bucket(weight: 5, actions: [.output(PortNumber(3), maxLength: 0)])
        let group = Group(id: 5, kind: .select, buckets: [bucket])
        let meter = Meter(
            id: 3, flags: [.kilobitsPerSecond], bands: [.init(.remarkDSCP(precedenceLevels: 1), rate: 5)])
        var table = generator.tableFeatures()
        (table.flow.applyActions, table.flow.nextTables, table.config) = ([0, 22], [157, 158], 0)
        (table.table, table.miss) = (156, .init())
        table.miss.applySetField = [.ethSrc]
        return [
            .groupMod(GroupMod(.add, group)), .meterMod(MeterMod(.add, meter)),
            .multipartReply(.groupDesc([group]), more: false), .multipartReply(.meterConfig([meter]), more: false),
            .multipartReply(.tableFeatures([table]), more: false),
            .multipartReply(
                .groupFeatures(
                    .init(kinds: 15, capabilities: .chaining, maximumGroups: [1, 2, 3, 4], actions: [5, 6, 7, 8])),
                more: false),
            .multipartReply(
                .meterFeatures(.init(maximumMeters: 9, bandTypes: 6, capabilities: [.burst], maximumBands: 8)),
                more: false),
            .bundleControl(.init(id: 5, type: .openReply, flags: .atomic)),
            .error(.bundleFailed(.badID, ""), data: []),
            .bundleAdd(
                BundleAdd(
                    id: 5, flags: .atomic,
                    frame: OpenFlowFrame(version: codec.version, xid: 1, message: .flowMod(FlowMod(.add, flow))))),
        ]
    }
}
