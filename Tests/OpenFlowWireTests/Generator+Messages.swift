import OpenFlow
import OpenFlowWire
import Packet

extension Generator {
    mutating func duration() -> WireDuration { WireDuration(seconds: number(), nanoseconds: number()) }

    mutating func name() -> String { pick(["p1", "eth0", "a-long-name-123", ""]) }

    mutating func flowMod(_ codec: Codec) -> FlowMod {
        let version = codec.version
        let command = pick(Array(FlowMod.Command.allCases))
        var mod = FlowMod(command, flow(version))
        if chance(3) { mod.bufferID = UInt32.random(in: 0..<0xffff_ffff, using: &self) }
        if chance(3) { mod.outputPort = port() }
        if version == .v10 {
            let isModification = command == .modify || command == .modifyStrict
            if codec.flowFormat == .nicira && command != .add && chance(2) {
                mod.cookieMask = number() | 1
                mod.flow.cookie &= mod.cookieMask
            } else {
                mod.addsWhenNoneIsModified = isModification
                mod.setsCookie = isModification
            }
            mod.flow.flags = command == .add ? [.resetCounts, .sendFlowRemoved] : [.checkOverlap]
        } else {
            mod.cookieMask = number()
            if chance(3) { mod.outputGroup = number() }
        }
        return mod
    }

    mutating func portDescription(_ version: OpenFlowVersion) -> PortDescription {
        let isIn10 = version == .v10
        var port = PortDescription(number: self.port(), hardwareAddress: UInt64(value(48)), name: name())
        port.config = PortConfig(rawValue: number()).intersection(
            isIn10 ? .init(rawValue: 0x7f) : .init(rawValue: 0x65))
        port.state =
            isIn10 ? pick([[], .linkDown, .blocked]) : PortState(rawValue: UInt32.random(in: 0...7, using: &self))
        let features = PortFeatures(rawValue: isIn10 ? 0xf87f : 0xffff)
        port.current = PortFeatures(rawValue: number()).intersection(features)
        port.advertised = PortFeatures(rawValue: number()).intersection(features)
        port.supported = PortFeatures(rawValue: number()).intersection(features)
        port.peer = PortFeatures(rawValue: number()).intersection(features)
        if !isIn10 { (port.currentSpeed, port.maximumSpeed) = (number(), number()) }
        return port
    }

    mutating func group(_ version: OpenFlowVersion) -> Group {
        let buckets = list(0...3) { generator in
            let set = Action.setField(.ethDst, value: 5, mask: 0xffff_ffff_ffff)
            let actions = (version == .v10 ? [] : [set]) + [Action.output(.local, maxLength: 0)]
            var bucket = Group.Bucket(
                weight: generator.number(), watchPort: generator.port(), watchGroup: generator.number(),
                actions: generator.pick([[], actions]))
            if version >= .v15 || version == .v10 { bucket.id = generator.number() }
            return bucket
        }
        var group = Group(id: number(), kind: pick(Array(Group.Kind.allCases)), buckets: buckets)
        if group.kind == .select, version >= .v15 || version == .v10 { group.selection = selection() }
        return group
    }

    private mutating func selection() -> Group.Selection? {
        if chance(3) { return nil }
        let parameter: UInt64 = pick([0, number()])
        if chance(3) { return .datapathHash(parameter: parameter) }
        var fields: [FieldID: UInt128] = [:]
        for id in FieldID.allCases where chance(8) {
            let field = Field[id]
            let isWhole = field.masks == .exactOnly || chance(2)
            fields[id] = isWhole ? field.allOnes : max(1, value(field.width))
        }
        return .hash(of: fields, parameter: parameter)
    }

    mutating func meter() -> Meter {
        let bands = list(0...3) { generator in
            let level: UInt8 = generator.number()
            return Meter.Band(
                generator.pick([.drop, .remarkDSCP(precedenceLevels: level)]), rate: generator.number(),
                burst: generator.number())
        }
        return Meter(
            id: number(), flags: pick([[.kilobitsPerSecond, .burst], [.packetsPerSecond, .statistics]]), bands: bands)
    }

    mutating func packetIn(_ codec: Codec) -> PacketIn {
        let data = bytes(14...60)
        var match = Match()
        match.set(.inPort, UInt128(port().rawValue))
        var packet = PacketIn(
            bufferID: chance(2) ? 7 : nil, totalLength: data.count + 100,
            reason: pick([.noMatch, .action, .invalidTTL]),
            match: match, data: data)
        if codec.version == .v10 && codec.packetInFormat == .standard { return packet }
        packet.match.set(.metadata, value(64))
        packet.match.set(.reg2, value(32))
        packet.table = number()
        packet.cookie = number()
        if codec.packetInFormat == .nicira2 { (packet.userdata, packet.continuation) = (bytes(1...9), bytes(0...9)) }
        return packet
    }

    mutating func flowRemoved(_ codec: Codec) -> FlowRemoved {
        let isIn10 = codec.version == .v10
        return FlowRemoved(
            table: isIn10 && codec.flowFormat == .openFlow10 ? 0 : UInt8.random(in: 0...254, using: &self),
            priority: number(), cookie: number(),
            match: isIn10 && codec.flowFormat == .openFlow10 ? match10() : match(),
            reason: pick([.idleTimeout, .hardTimeout, .delete]), duration: duration(), idleTimeoutSeconds: number(),
            hardTimeoutSeconds: isIn10 ? 0 : number(), packetCount: number(), byteCount: number())
    }

    /// A match that 1.0 can say.
    mutating func match10() -> Match {
        var match = Match()
        if chance(2) { match.set(.inPort, UInt128(port().rawValue)) }
        if chance(2) { match.set(.ethSrc, value(48)) }
        switch Int.random(in: 0..<5, using: &self) {
        case 0: match.set(.vlanVID, 0)
        case 1: match.set(.vlanVID, 0x1000 | value(12))
        case 2: match.set(.vlanTCI, 0x1000 | value(12) | value(3) << 13)
        case 3: match.set(.vlanTCI, 0x1000 | value(3) << 13, mask: 0xf000)
        default: break
        }
        let isARP = chance(3)
        match.set(.ethType, isARP ? 0x0806 : 0x0800)
        let prefix = UInt128(UInt32.max << UInt32.random(in: 0...31, using: &self))
        match.set(isARP ? .arpSPA : .ipv4Src, value(32), mask: prefix)
        if isARP {
            match.set(.arpOp, value(8))
            return match
        }
        match.set(.ipDSCP, value(6))
        match.set(.ipProto, pick([6, 1]))
        if match.exactValue(of: .ipProto) == 6 { match.set(.tcpDst, value(16)) } else { match.set(.icmpType, value(8)) }
        return match
    }

    mutating func tableFeatures() -> TableFeatures {
        var table = TableFeatures(table: number(), name: name(), maximumEntries: number())
        (table.metadataMatch, table.metadataWrite, table.config) = (number(), number(), number())
        table.match = [
            .init(.inPort, isMaskable: false), .init(.ipv4Src, isMaskable: true), .init(.tcpFlags, isMaskable: true),
        ]
        table.wildcards = [.vlanVID, .ipv6Dst]
        table.flow.instructions = [1, 2, 6]
        table.flow.nextTables = bytes(0...40)
        table.flow.writeActions = [0, 25]
        table.flow.applyActions = list(0...20) { $0.number() }
        table.flow.writeSetField = [.ethDst]
        if chance(2) { table.miss.nextTables = [1, 2] }
        if chance(2) { table.miss.applySetField = [.ethSrc, .pbbISID] }
        if chance(2) { table.miss.writeActions = [] }
        return table
    }
}
