import OpenFlow

/// Ports and their queues.
extension Codec {
    /// struct ofp_port (OpenFlow 1.3.5 §7.2.1; 1.0.0 §5.2.1; 1.4 §7.2.1).
    func port(_ reader: inout WireReader) throws(OpenFlowError) -> PortDescription {
        if version == .v10 { return try port10(&reader) }
        let number = PortNumber(try reader.uint32())
        let length = Int(try reader.uint16())
        try reader.skip(2)
        let address = try reader.number(bytes: 6)
        try reader.skip(2)
        var port = PortDescription(number: number, hardwareAddress: address, name: try reader.text(16))
        port.config = PortConfig(rawValue: try reader.uint32())
        port.state = PortState(rawValue: try reader.uint32())
        if version < .v14 {
            try features(&reader, of: &port)
            return port
        }
        if length < 40 { throw .badLength("a port has the length \(length)") }
        var properties = try reader.part(length - 40)
        while !properties.isAtEnd {
            var (type, value) = try properties.property()
            guard type == 0 else { continue }
            try value.skip(4)
            try features(&value, of: &port)
        }
        return port
    }

    private func features(_ reader: inout WireReader, of port: inout PortDescription) throws(OpenFlowError) {
        port.current = PortFeatures(rawValue: try reader.uint32())
        port.advertised = PortFeatures(rawValue: try reader.uint32())
        port.supported = PortFeatures(rawValue: try reader.uint32())
        port.peer = PortFeatures(rawValue: try reader.uint32())
        port.currentSpeed = try reader.uint32()
        port.maximumSpeed = try reader.uint32()
    }

    private func port10(_ reader: inout WireReader) throws(OpenFlowError) -> PortDescription {
        let number = PortNumber(openFlow10: try reader.uint16())
        let address = try reader.number(bytes: 6)
        var port = PortDescription(number: number, hardwareAddress: address, name: try reader.text(16))
        port.config = PortConfig(rawValue: try reader.uint32())
        port.state = PortState(openFlow10: try reader.uint32())
        port.current = PortFeatures(openFlow10: try reader.uint32())
        port.advertised = PortFeatures(openFlow10: try reader.uint32())
        port.supported = PortFeatures(openFlow10: try reader.uint32())
        port.peer = PortFeatures(openFlow10: try reader.uint32())
        return port
    }

    func write(_ port: PortDescription, _ out: inout WireWriter) {
        let features = [port.current, port.advertised, port.supported, port.peer]
        if version == .v10 {
            out.uint16(port.number.openFlow10)
            out.number(UInt128(port.hardwareAddress), bytes: 6)
            out.text(port.name, 16)
            out.uint32(port.config.rawValue & 0x7f)
            out.uint32(port.state.openFlow10)
            for feature in features { out.uint32(feature.openFlow10) }
            return
        }
        out.uint32(port.number.rawValue)
        out.uint16(version >= .v14 ? 72 : 0)
        out.zeros(2)
        out.number(UInt128(port.hardwareAddress), bytes: 6)
        out.zeros(2)
        out.text(port.name, 16)
        out.uint32(port.config.rawValue & PortConfig.since11.rawValue)
        out.uint32(port.state.rawValue)
        if version >= .v14 {
            out.uint16(0)
            out.uint16(32)
            out.zeros(4)
        }
        for feature in features { out.uint32(feature.rawValue) }
        out.uint32(port.currentSpeed)
        out.uint32(port.maximumSpeed)
    }

    func portStatus(_ reader: inout WireReader) throws(OpenFlowError) -> PortStatus {
        let number = try reader.byte()
        guard let reason = PortStatus.Reason(rawValue: number) else {
            throw .badLength("there is no reason \(number) for a port's change")
        }
        try reader.skip(7)
        return PortStatus(reason, try port(&reader))
    }

    func write(_ status: PortStatus, _ out: inout WireWriter) {
        out.byte(status.reason.rawValue)
        out.zeros(7)
        write(status.port, &out)
    }

    // MARK: Port mod

    func portMod(_ reader: inout WireReader) throws(OpenFlowError) -> PortMod {
        let port = try reader.port(version)
        if version != .v10 { try reader.skip(4) }
        let address = try reader.number(bytes: 6)
        if version != .v10 { try reader.skip(2) }
        let config = PortConfig(rawValue: try reader.uint32())
        let mask = PortConfig(rawValue: try reader.uint32())
        var advertise: UInt32 = 0
        if version >= .v14 {
            while !reader.isAtEnd {
                var (type, value) = try reader.property()
                if type != 0 { throw .badProperty(.badType, "ports have no property \(type)") }
                advertise = try value.uint32()
            }
        } else {
            advertise = try reader.uint32()
            try reader.skip(4)
        }
        let known: PortConfig = version == .v10 ? PortConfig(rawValue: 0x7f) : .since11
        if !mask.isSubset(of: known) { throw .portModFailed(.badConfig, "ports have no settings \(mask.rawValue)") }
        let features = version == .v10 ? PortFeatures(openFlow10: advertise) : PortFeatures(rawValue: advertise)
        if features.rawValue > 0xffff { throw .portModFailed(.badAdvertise, "ports have no features \(advertise)") }
        return PortMod(port: port, hardwareAddress: address, config: config, mask: mask, advertise: features)
    }

    func write(_ mod: PortMod, _ out: inout WireWriter) {
        out.port(mod.port, version)
        if version != .v10 { out.zeros(4) }
        out.number(UInt128(mod.hardwareAddress), bytes: 6)
        if version != .v10 { out.zeros(2) }
        out.uint32(mod.config.rawValue)
        out.uint32(mod.mask.rawValue)
        if version >= .v14 {
            if !mod.advertise.isEmpty { out.property(0) { $0.uint32(mod.advertise.rawValue) } }
            return
        }
        out.uint32(version == .v10 ? mod.advertise.openFlow10 : mod.advertise.rawValue)
        out.zeros(4)
    }

    // MARK: Queues

    func queueConfigRequest(_ reader: inout WireReader) throws(OpenFlowError) -> PortNumber {
        let port = try reader.port(version)
        try reader.skip(version == .v10 ? 2 : 4)
        return port
    }

    func queueConfigReply(_ reader: inout WireReader) throws(OpenFlowError) -> Message {
        let port = try reader.port(version)
        try reader.skip(version == .v10 ? 6 : 4)
        var queues: [QueueConfig] = []
        while !reader.isAtEnd { queues.append(try queue(&reader, of: port)) }
        return .queueGetConfigReply(port, queues)
    }

    /// struct ofp_packet_queue (OpenFlow 1.3.5 §7.2.2), and 1.4's struct ofp_queue_desc.
    func queue(_ reader: inout WireReader, of port: PortNumber) throws(OpenFlowError) -> QueueConfig {
        let isDescription = version >= .v14
        let first = try reader.uint32()
        var queue = QueueConfig(port: isDescription ? PortNumber(first) : port, queue: first)
        if isDescription { queue.queue = try reader.uint32() } else if version != .v10 { try reader.skip(4) }
        let length = Int(try reader.uint16())
        let headSize = version == .v10 ? 8 : 16
        try reader.skip(version == .v10 ? 2 : 6)
        if length < headSize { throw .badLength("a queue has the length \(length)") }
        var properties = try reader.part(length - headSize)
        while !properties.isAtEnd {
            var (type, value) = try properties.property()
            if !isDescription { try value.skip(4) }
            if type == 1 { queue.minimumRate = try value.uint16() }
            if type == 2 { queue.maximumRate = try value.uint16() }
        }
        return queue
    }

    func write(_ queue: QueueConfig, _ out: inout WireWriter) {
        let start = out.count
        if version >= .v14 { out.uint32(queue.port.rawValue) }
        out.uint32(queue.queue)
        if version == .v13 { out.uint32(queue.port.rawValue) }
        let length = out.count
        out.zeros(version == .v10 ? 4 : 8)
        for (type, rate) in [(UInt16(1), queue.minimumRate), (2, queue.maximumRate)] {
            guard let rate else { continue }
            out.property(type) { [version] out in
                if version < .v14 { out.zeros(4) }
                out.uint16(rate)
                out.zeros(version < .v14 ? 6 : 2)
            }
        }
        out.patchLength(since: start, at: length)
    }
}

extension PortConfig {
    /// What is left of 1.0's settings.
    static let since11: PortConfig = [.down, .noReceive, .noForward, .noPacketIn]
}

extension PortState {
    /// 1.0's states are those of the spanning tree, in bits 8 and 9, of which 3 is blocked (OpenFlow 1.0.0 §5.2.1).
    init(openFlow10 bits: UInt32) {
        self.init(rawValue: bits & 1)
        if bits >> 8 & 3 == 3 { insert(.blocked) }
    }

    var openFlow10: UInt32 { rawValue & 1 | (contains(.blocked) ? 3 << 8 : 0) }
}

extension PortFeatures {
    /// 1.0 lacks bits 7…10, and has the others from there on four lower (OpenFlow 1.0.0 §5.2.1).
    init(openFlow10 bits: UInt32) { self.init(rawValue: bits & 0x7f | (bits & ~0x7f) << 4) }

    var openFlow10: UInt32 { rawValue & 0x7f | rawValue >> 4 & 0xf80 }
}
