import OpenFlow
import OpenFlowWire
import Packet
import Testing

/// What is encoded decodes to the same value.
@Suite struct RoundTripTests {
    static let codecs: [Codec] = {
        var codecs = [OpenFlowVersion.v13, .v14, .v15].map { Codec(version: $0) }
        var nicira = Codec(version: .v10)
        nicira.flowFormat = .nicira
        nicira.hasTableIDExtension = true
        nicira.packetInFormat = .nicira
        codecs.append(nicira)
        var newer = Codec(version: .v13)
        newer.packetInFormat = .nicira2
        codecs.append(newer)
        return codecs
    }()

    private func check(_ message: Message, _ codec: Codec, _ seed: UInt64) {
        let bytes = codec.encode(message, xid: 0x1234_5678)
        do {
            let frame = try codec.decode(bytes)
            #expect(frame == OpenFlowFrame(version: codec.version, xid: 0x1234_5678, message: message), "seed \(seed)")
            let header = Codec.Header(bytes.prefix(Codec.headerSize).reduce(0) { $0 << 8 | UInt64($1) })
            #expect(header.length == bytes.count)
        } catch {
            Issue.record("seed \(seed), version \(codec.version): \(error) in \(message), bytes \(bytes)")
        }
    }

    @Test(arguments: codecs.indices) func flowsAndPackets(_ index: Int) {
        let codec = Self.codecs[index]
        for seed in UInt64(0)..<2000 {
            var generator = Generator(seed: seed)
            check(.flowMod(generator.flowMod(codec)), codec, seed)
            check(.flowRemoved(generator.flowRemoved(codec)), codec, seed)
            check(.packetIn(generator.packetIn(codec)), codec, seed)
            let out = PacketOut(
                bufferID: generator.pick([nil, 3]), inPort: generator.pick([.any, .controller, PortNumber(4)]),
                actions: generator.actions(codec.version), data: generator.bytes(0...80))
            check(.packetOut(out), codec, seed)
        }
    }

    @Test(arguments: codecs.indices) func flowStatistics(_ index: Int) {
        let codec = Self.codecs[index]
        let isIn10 = codec.version == .v10
        for seed in UInt64(0)..<500 {
            var generator = Generator(seed: seed)
            let flows = generator.list(0...4) { generator in
                var flow = FlowStatistics(
                    generator.flow(codec.version), duration: generator.duration(), packetCount: generator.number(),
                    byteCount: generator.number())
                if isIn10 { (flow.idleAge, flow.hardAge) = (generator.pick([nil, 0, 9]), 65534) }
                return flow
            }
            let format: StatisticsFormat = isIn10 ? .nicira : .standard
            check(.multipartReply(.flow(flows, format), more: generator.chance(2)), codec, seed)
            var request = FlowStatisticsRequest(
                table: generator.number(), outputPort: generator.port(), match: generator.match(), format: format)
            request.cookieMask = generator.number()
            request.cookie = generator.number() & request.cookieMask
            check(.multipartRequest(.flow(request), more: false), codec, seed)
            check(.multipartRequest(.aggregate(request), more: true), codec, seed)
            let monitor = FlowMonitorRequest(
                id: generator.number(), flags: [.add, .initial, .instructions], outputPort: generator.port(),
                table: generator.number(), match: generator.match())
            check(.multipartRequest(.flowMonitor([monitor, monitor]), more: false), codec, seed)
            var flow = generator.flow(codec.version)
            (flow.flags, flow.importance) = ([], 0)
            let updates: [FlowUpdate] = [
                .added(.init(flow)), .modified(.init(flow)), .removed(.init(flow), .delete), .abbreviated(xid: 77),
            ]
            check(.multipartReply(.flowMonitor(updates), more: false), codec, seed)
        }
    }

    /// 1.0 has no groups of its own, but Nicira's messages about them.
    @Test func groupsIn10() {
        let codec = Codec(version: .v10)
        for seed in UInt64(0)..<300 {
            var generator = Generator(seed: seed)
            let group = generator.group(.v10)
            check(.groupMod(GroupMod(generator.pick([.add, .modify]), group)), codec, seed)
            check(.multipartReply(.groupDesc([group, group]), more: false), codec, seed)
            let counts = GroupStatistics(
                group: group.id, referenceCount: 0, packetCount: 4, byteCount: 5, duration: generator.duration(),
                buckets: [Count(packets: 1, bytes: 2)])
            check(.multipartReply(.group([counts]), more: false), codec, seed)
            check(.multipartRequest(.group(group.id), more: false), codec, seed)
            check(.multipartRequest(.groupDesc(group.id), more: false), codec, seed)
        }
        check(.multipartRequest(.groupFeatures, more: false), codec, 0)
    }

    @Test(arguments: [OpenFlowVersion.v13, .v14, .v15]) func groupsMetersAndTables(_ version: OpenFlowVersion) {
        let codec = Codec(version: version)
        for seed in UInt64(0)..<300 {
            var generator = Generator(seed: seed)
            let group = generator.group(version)
            check(.groupMod(GroupMod(generator.pick([.add, .modify]), group)), codec, seed)
            let emptied = Group(id: group.id, kind: group.kind, buckets: [])
            check(.groupMod(GroupMod(.delete, emptied)), codec, seed)
            check(.multipartReply(.groupDesc([group, emptied]), more: false), codec, seed)
            let meter = generator.meter()
            check(.meterMod(MeterMod(.add, meter)), codec, seed)
            check(.multipartReply(.meterConfig([meter, meter]), more: false), codec, seed)
            let tables = generator.list(0...3) { $0.tableFeatures() }
            check(.multipartRequest(.tableFeatures(tables), more: false), codec, seed)
            check(.multipartReply(.tableFeatures(tables), more: true), codec, seed)
            let counts = generator.list(0...3) { Count(packets: $0.number(), bytes: $0.number()) }
            let groupCounts = GroupStatistics(
                group: group.id, referenceCount: 3, packetCount: 4, byteCount: 5, duration: generator.duration(),
                buckets: counts)
            check(.multipartReply(.group([groupCounts]), more: false), codec, seed)
            let meterCounts = MeterStatistics(
                meter: meter.id, flowCount: 3, packetCount: 4, byteCount: 5, duration: generator.duration(),
                bands: counts)
            check(.multipartReply(.meter([meterCounts, meterCounts]), more: false), codec, seed)
            if version < .v15 {
                let add = BundleAdd(
                    id: 9, flags: [.atomic],
                    frame: OpenFlowFrame(
                        version: version, xid: 0x1234_5678, message: .flowMod(generator.flowMod(codec))))
                check(.bundleAdd(add), codec, seed)
            }
        }
    }

    @Test(arguments: [OpenFlowVersion.v10, .v13, .v14, .v15]) func portsAndQueues(_ version: OpenFlowVersion) {
        let codec = Codec(version: version)
        for seed in UInt64(0)..<200 {
            var generator = Generator(seed: seed)
            let port = generator.portDescription(version)
            check(.portStatus(PortStatus(.modify, port)), codec, seed)
            check(.multipartReply(.portDesc([port, port]), more: false), codec, seed)
            let mod = PortMod(
                port: port.number, hardwareAddress: port.hardwareAddress, config: port.config, mask: [.down],
                advertise: port.advertised)
            check(.portMod(mod), codec, seed)
            var counts = PortStatistics(port: port.number)
            (counts.receivedPackets, counts.collisions) = (generator.number(), generator.number())
            let duration = version == .v10 ? WireDuration() : generator.duration()
            counts.duration = duration
            check(.multipartReply(.portStats([counts, counts]), more: false), codec, seed)
            let queue = QueueStatistics(
                port: port.number, queue: generator.number(), sentBytes: generator.number(),
                sentPackets: generator.number(), sendErrors: generator.number(), duration: duration)
            check(.multipartReply(.queue([queue, queue]), more: false), codec, seed)
            let config = QueueConfig(
                port: port.number, queue: 4, minimumRate: 500, maximumRate: generator.pick([nil, 9]))
            if version < .v14 {
                check(.queueGetConfigReply(port.number, [config, config]), codec, seed)
            } else {
                check(.multipartReply(.queueDesc([config, config]), more: false), codec, seed)
            }
            var features = SwitchFeatures(
                datapathID: generator.number(), tableCount: 254, capabilities: [.flowStatistics])
            if version == .v10 { features.ports = [port] } else { features.actions = SwitchFeatures.allActionsOf10 }
            check(.featuresReply(features), codec, seed)
        }
    }

    @Test(arguments: [OpenFlowVersion.v10, .v13, .v14, .v15]) func everythingElse(_ version: OpenFlowVersion) {
        let codec = Codec(version: version)
        let reasons = AsyncConfig.Reasons(master: 5, slave: 6)
        var messages: [Message] = [
            .hello([.init(rawValue: 0x12), .init(rawValue: 0x40)]), .echoRequest([1, 2, 3]), .echoReply([]),
            .featuresRequest,
            .getConfigRequest, .getConfigReply(SwitchConfig(missSendLength: 128)),
            .setConfig(SwitchConfig(fragments: .drop, missSendLength: 65535)), .barrierRequest, .barrierReply,
            .roleRequest(ControllerRole(.master, generationID: version == .v10 ? nil : 7)),
            .roleReply(ControllerRole(.slave, generationID: version == .v10 ? nil : 8)),
            .setAsync(AsyncConfig(packetIn: reasons, portStatus: reasons, flowRemoved: reasons)),
            .setFlowModTableID(true), .setPacketInFormat(.nicira2), .setControllerID(77), .flowAge,
            .multipartRequest(.desc, more: false), .multipartRequest(.table, more: true),
            .multipartRequest(.portStats(.any), more: false), .multipartRequest(.queue(.any, queue: 5), more: false),
            .multipartRequest(.portDesc(.any), more: false),
            .multipartReply(.aggregate(.init(packetCount: 1, byteCount: 2, flowCount: 3), .standard), more: false),
            .multipartReply(.table([.init(table: 1, activeCount: 2, lookupCount: 3, matchedCount: 4)]), more: false),
            .multipartReply(
                .desc(.init(manufacturer: "a", hardware: "b", software: "c", serialNumber: "d", datapath: "e")),
                more: false),
        ]
        if version == .v10 {
            messages += [.setFlowFormat(.nicira)]
        } else {
            messages += [
                .getAsyncRequest,
                .getAsyncReply(AsyncConfig(packetIn: reasons, portStatus: reasons, flowRemoved: reasons)),
                .tableMod(TableMod(table: 255, config: 3)),
                .bundleControl(.init(id: 1, type: .commitRequest, flags: .ordered)),
                .multipartRequest(.group(Group.all), more: false),
                .multipartRequest(.groupDesc(Group.all), more: false),
                .multipartRequest(.groupFeatures, more: false), .multipartRequest(.meter(Meter.all), more: false),
                .multipartRequest(.meterConfig(3), more: false), .multipartRequest(.meterFeatures, more: false),
                .multipartReply(
                    .groupFeatures(
                        .init(kinds: 15, capabilities: .chaining, maximumGroups: [1, 2, 3, 4], actions: [5, 6, 7, 8])),
                    more: false),
                .multipartReply(
                    .meterFeatures(.init(maximumMeters: 9, bandTypes: 6, capabilities: [.burst], maximumBands: 8)),
                    more: false),
                .roleStatus(RoleStatus(ControllerRole(.slave, generationID: 4), reason: .masterRequest)),
            ]
        }
        if version >= .v14 {
            messages += [.multipartReply(.tableDesc([.init(table: 3, config: 4)]), more: false)]
        } else {
            messages += [.flowMonitorCancel(5), .flowMonitorPaused, .flowMonitorResumed, .queueGetConfigRequest(.any)]
        }
        for message in messages { check(message, codec, 0) }
    }

    @Test(arguments: [OpenFlowVersion.v10, .v13, .v14, .v15]) func errors(_ version: OpenFlowVersion) throws {
        let codec = Codec(version: version)
        for error: OpenFlowError in [
            .badLength(""), .badAction(.badArgument, ""), .badAction(.matchInconsistent, ""),
            .badMatch(.badPrerequisite, ""),
            .badInstruction(.unsupported, ""), .flowModFailed(.overlap, ""), .flowModFailed(.badTableID, ""),
            .groupModFailed(.loop, ""), .portModFailed(.badHardwareAddress, ""), .queueOperationFailed(.badQueue, ""),
            .badProperty(.badLength, ""), .badProperty(.badExperimenterType, ""),
        ]
            + (version == .v10 ? [] : [.duplicateInstruction(""), .bundleFailed(.badID, "")])
        {
            let bytes = codec.encode(.error(error, data: [1, 2]), xid: 1)
            guard case .error(let read, data: [1, 2]) = try codec.decode(bytes).message else {
                Issue.record("\(bytes)")
                continue
            }
            #expect((read.type, read.code, read.experimenter) == (error.type, error.code, error.experimenter))
        }
    }
}
