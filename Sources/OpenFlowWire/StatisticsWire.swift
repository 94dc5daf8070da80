import OpenFlow

/// Statistics of tables, ports, queues and groups (OpenFlow 1.3.5 §7.3.5).
extension Codec {
    func write(_ description: SwitchDescription, _ out: inout WireWriter) {
        out.text(description.manufacturer, 256)
        out.text(description.hardware, 256)
        out.text(description.software, 256)
        out.text(description.serialNumber, 32)
        out.text(description.datapath, 256)
    }

    func tableStatistics(_ reader: inout WireReader) throws(OpenFlowError) -> TableStatistics {
        let table = try reader.byte()
        try reader.skip(3)
        var (name, maximum) = ("", UInt32(0))
        if version == .v10 {
            name = try reader.text(32)
            try reader.skip(4)
            maximum = try reader.uint32()
        }
        return TableStatistics(
            table: table, activeCount: try reader.uint32(), lookupCount: try reader.uint64(),
            matchedCount: try reader.uint64(), name: name, maximumEntries: maximum)
    }

    func write(_ table: TableStatistics, _ out: inout WireWriter) {
        out.byte(table.table)
        out.zeros(3)
        if version == .v10 {
            out.text(table.name, 32)
            // OFPFW_ALL: every field can be left out.
            out.uint32(0x3f_ffff)
            out.uint32(table.maximumEntries)
        }
        out.uint32(table.activeCount)
        out.uint64(table.lookupCount)
        out.uint64(table.matchedCount)
    }

    // MARK: Ports

    private static let counters: [WritableKeyPath<PortStatistics, UInt64> & Sendable] = [
        \.receivedPackets, \.sentPackets, \.receivedBytes, \.sentBytes, \.receiveDrops, \.sendDrops, \.receiveErrors,
        \.sendErrors,
    ]
    private static let ethernetCounters: [WritableKeyPath<PortStatistics, UInt64> & Sendable] = [
        \.frameErrors, \.overrunErrors, \.checksumErrors, \.collisions,
    ]

    func portStatistics(_ reader: inout WireReader) throws(OpenFlowError) -> PortStatistics {
        if version >= .v14 { return try portStatistics14(&reader) }
        var port = PortStatistics(port: try reader.port(version))
        try reader.skip(version == .v10 ? 6 : 4)
        for path in Self.counters + Self.ethernetCounters { port[keyPath: path] = try reader.uint64() }
        if version != .v10 { port.duration = try reader.duration() }
        return port
    }

    private func portStatistics14(_ reader: inout WireReader) throws(OpenFlowError) -> PortStatistics {
        var (body, _) = try reader.entry()
        try body.skip(2)
        var port = PortStatistics(port: PortNumber(try body.uint32()))
        port.duration = try body.duration()
        for path in Self.counters { port[keyPath: path] = try body.uint64() }
        while !body.isAtEnd {
            var (type, value) = try body.property()
            guard type == 0 else { continue }
            try value.skip(4)
            for path in Self.ethernetCounters { port[keyPath: path] = try value.uint64() }
        }
        return port
    }

    func write(_ port: PortStatistics, _ out: inout WireWriter) {
        if version >= .v14 {
            let start = out.count
            out.zeros(4)
            out.uint32(port.port.rawValue)
            out.duration(port.duration)
            for path in Self.counters { out.uint64(port[keyPath: path]) }
            out.property(0) { out in
                out.zeros(4)
                for path in Self.ethernetCounters { out.uint64(port[keyPath: path]) }
            }
            return out.patchLength(since: start, at: start)
        }
        out.port(port.port, version)
        out.zeros(version == .v10 ? 6 : 4)
        for path in Self.counters + Self.ethernetCounters { out.uint64(port[keyPath: path]) }
        if version != .v10 { out.duration(port.duration) }
    }

    // MARK: Queues

    func queueStatistics(_ reader: inout WireReader) throws(OpenFlowError) -> QueueStatistics {
        if version < .v14 { return try queue(&reader) }
        var (body, _) = try reader.entry()
        try body.skip(6)
        return try queue(&body)
    }

    private func queue(_ reader: inout WireReader) throws(OpenFlowError) -> QueueStatistics {
        let port = try reader.port(version)
        if version == .v10 { try reader.skip(2) }
        var queue = QueueStatistics(
            port: port, queue: try reader.uint32(), sentBytes: try reader.uint64(), sentPackets: try reader.uint64(),
            sendErrors: try reader.uint64())
        if version != .v10 { queue.duration = try reader.duration() }
        return queue
    }

    func write(statistics queue: QueueStatistics, _ out: inout WireWriter) {
        if version >= .v14 {
            out.uint16(48)
            out.zeros(6)
        }
        out.port(queue.port, version)
        if version == .v10 { out.zeros(2) }
        out.uint32(queue.queue)
        out.uint64(queue.sentBytes)
        out.uint64(queue.sentPackets)
        out.uint64(queue.sendErrors)
        if version != .v10 { out.duration(queue.duration) }
    }

    // MARK: Groups

    func groupStatistics(_ reader: inout WireReader) throws(OpenFlowError) -> GroupStatistics {
        var (body, _) = try reader.entry()
        try body.skip(2)
        let (id, references) = (try body.uint32(), try body.uint32())
        try body.skip(4)
        var group = GroupStatistics(
            group: id, referenceCount: references, packetCount: try body.uint64(), byteCount: try body.uint64(),
            duration: try body.duration(), buckets: [])
        while !body.isAtEnd { group.buckets.append(Count(packets: try body.uint64(), bytes: try body.uint64())) }
        return group
    }

    func write(statistics group: GroupStatistics, _ out: inout WireWriter) {
        out.uint16(UInt16(clamping: 40 + 16 * group.buckets.count))
        out.zeros(2)
        out.uint32(group.group)
        out.uint32(group.referenceCount)
        out.zeros(4)
        out.uint64(group.packetCount)
        out.uint64(group.byteCount)
        out.duration(group.duration)
        for bucket in group.buckets {
            out.uint64(bucket.packets)
            out.uint64(bucket.bytes)
        }
    }

    func groupFeatures(_ reader: inout WireReader) throws(OpenFlowError) -> GroupFeatures {
        func four() throws(OpenFlowError) -> [UInt32] {
            [try reader.uint32(), try reader.uint32(), try reader.uint32(), try reader.uint32()]
        }
        let (kinds, capabilities) = (try reader.uint32(), try reader.uint32())
        return GroupFeatures(
            kinds: kinds, capabilities: .init(rawValue: capabilities), maximumGroups: try four(), actions: try four())
    }

    func write(_ features: GroupFeatures, _ out: inout WireWriter) {
        out.uint32(features.kinds)
        out.uint32(features.capabilities.rawValue)
        for number in features.maximumGroups + features.actions { out.uint32(number) }
    }
}
