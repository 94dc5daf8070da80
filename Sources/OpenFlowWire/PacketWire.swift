import OpenFlow
import Packet

/// Packets to and from controllers, and flows that went.
extension Codec {
    func packetIn(_ reader: inout WireReader) throws(OpenFlowError) -> PacketIn {
        let buffer = Self.buffer(try reader.uint32())
        let length = Int(try reader.uint16())
        if version == .v10 {
            let port = PortNumber(openFlow10: try reader.uint16())
            let reason = try Self.reason(try reader.byte())
            try reader.skip(1)
            var match = Match()
            match.set(.inPort, UInt128(port.rawValue))
            return PacketIn(bufferID: buffer, totalLength: length, reason: reason, match: match, data: reader.rest())
        }
        let (reason, table) = (try Self.reason(try reader.byte()), try reader.byte())
        let cookie = try reader.uint64()
        let match = try reader.match(isStrict: false)
        try reader.skip(2)
        return PacketIn(
            bufferID: buffer, totalLength: length, reason: reason, table: table, cookie: cookie, match: match,
            data: reader.rest())
    }

    static func reason(_ number: UInt8) throws(OpenFlowError) -> PacketInReason {
        guard let reason = PacketInReason(rawValue: number) else {
            throw .badLength("there is no reason \(number) for a packet-in")
        }
        return reason
    }

    private func number(_ reason: PacketInReason) -> UInt8 { reason.shown(in: version).rawValue }

    func write(_ packet: PacketIn, _ out: inout WireWriter) {
        out.uint32(packet.bufferID ?? Self.noBuffer)
        out.uint16(UInt16(clamping: packet.totalLength))
        if version == .v10 {
            out.uint16(packet.inPort.openFlow10)
            out.byte(number(packet.reason))
            out.byte(0)
        } else {
            out.byte(number(packet.reason))
            out.byte(packet.table)
            out.uint64(packet.cookie)
            out.match(packet.match, version)
            out.zeros(2)
        }
        out.append(packet.data)
    }

    /// NXT_PACKET_IN.
    func niciraPacketIn(_ reader: inout WireReader) throws(OpenFlowError) -> PacketIn {
        let buffer = Self.buffer(try reader.uint32())
        let length = Int(try reader.uint16())
        let (reason, table) = (try Self.reason(try reader.byte()), try reader.byte())
        let cookie = try reader.uint64()
        let matchLength = Int(try reader.uint16())
        try reader.skip(6)
        let match = try reader.niciraMatch(length: matchLength, isStrict: false)
        try reader.skip(2)
        return PacketIn(
            bufferID: buffer, totalLength: length, reason: reason, table: table, cookie: cookie, match: match.match,
            data: reader.rest())
    }

    func writeNicira(_ packet: PacketIn, _ out: inout WireWriter) {
        out.uint32(packet.bufferID ?? Self.noBuffer)
        out.uint16(UInt16(clamping: packet.totalLength))
        out.byte(number(packet.reason))
        out.byte(packet.table)
        out.uint64(packet.cookie)
        let length = out.count
        out.zeros(8)
        out.patch(out.niciraMatch(packet.match), at: length)
        out.zeros(2)
        out.append(packet.data)
    }

    func packetOut(_ reader: inout WireReader) throws(OpenFlowError) -> PacketOut {
        let buffer = Self.buffer(try reader.uint32())
        var port = PortNumber.any
        let length: Int
        if version >= .v15 {
            length = Int(try reader.uint16())
            try reader.skip(2)
            let match = try reader.match()
            guard let number = match.exactValue(of: .inPort) else {
                throw .badRequestPort("a packet-out says by which port the packet came in")
            }
            port = PortNumber(UInt32(truncatingIfNeeded: number))
        } else {
            port = try reader.port(version)
            length = Int(try reader.uint16())
            if version != .v10 { try reader.skip(6) }
        }
        let isSource = port <= .maximum || port == .controller || port == .local || port == .any
        if !isSource { throw .badRequestPort("packets can't come in by \(port)") }
        try reader.require(length, .badAction(.badLength, "the actions are longer than the message"))
        var part = try reader.part(length)
        var actions = ActionReader(version)
        return PacketOut(bufferID: buffer, inPort: port, actions: try actions.actions(&part), data: reader.rest())
    }

    func write(_ packet: PacketOut, _ out: inout WireWriter) {
        out.uint32(packet.bufferID ?? Self.noBuffer)
        if version < .v15 { out.port(packet.inPort, version) }
        let length = out.count
        out.uint16(0)
        if version >= .v15 {
            out.zeros(2)
            var match = Match()
            match.set(.inPort, UInt128(packet.inPort.rawValue))
            out.match(match, version)
        } else if version != .v10 {
            out.zeros(6)
        }
        let start = out.count
        out.actions(packet.actions, version)
        out.patchLength(since: start, at: length)
        out.append(packet.data)
    }
}

extension PacketInReason {
    /// The reason as a version tells it: those that 1.4 added are "action" before.
    public func shown(in version: OpenFlowVersion) -> PacketInReason {
        version < .v14 && rawValue > PacketInReason.invalidTTL.rawValue ? .action : self
    }
}
