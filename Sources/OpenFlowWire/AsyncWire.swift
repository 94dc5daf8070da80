import OpenFlow

/// Which messages a controller gets unasked (OpenFlow 1.3.5 §7.3.10; properties since 1.4 §7.3.10).
extension Codec {
    func asyncConfig(_ reader: inout WireReader) throws(OpenFlowError) -> AsyncConfig {
        try version >= .v14 ? asyncProperties(&reader) : asyncMasks(&reader)
    }

    func write(_ config: AsyncConfig, _ out: inout WireWriter) {
        version >= .v14 ? writeProperties(config, &out) : writeMasks(config, &out)
    }

    /// Also NXT_SET_ASYNC_CONFIG.
    func asyncMasks(_ reader: inout WireReader) throws(OpenFlowError) -> AsyncConfig {
        func reasons() throws(OpenFlowError) -> AsyncConfig.Reasons {
            AsyncConfig.Reasons(master: try reader.uint32(), slave: try reader.uint32())
        }
        return AsyncConfig(packetIn: try reasons(), portStatus: try reasons(), flowRemoved: try reasons())
    }

    func writeMasks(_ config: AsyncConfig, _ out: inout WireWriter) {
        for reasons in [config.packetIn, config.portStatus, config.flowRemoved] {
            out.uint32(reasons.master)
            out.uint32(reasons.slave)
        }
    }

    /// By a property's type halved; even types are the slaves'.
    private static let properties: [WritableKeyPath<AsyncConfig, AsyncConfig.Reasons> & Sendable] = [
        \.packetIn, \.portStatus, \.flowRemoved, \.roleStatus, \.tableStatus, \.requestForward,
    ]

    /// Also NXT_SET_ASYNC_CONFIG2.
    func asyncProperties(_ reader: inout WireReader) throws(OpenFlowError) -> AsyncConfig {
        var config = AsyncConfig(packetIn: .init(), portStatus: .init(), flowRemoved: .init())
        while !reader.isAtEnd {
            var (type, value) = try reader.property()
            guard type < 2 * Self.properties.count else {
                throw .asyncConfigFailed(.unsupported, "there is no property \(type)")
            }
            let mask = try value.uint32()
            if !value.isAtEnd { throw .badProperty(.badLength, "the property \(type) has a mask of 32 bits") }
            let path = Self.properties[Int(type / 2)]
            if type % 2 == 0 { config[keyPath: path].slave = mask } else { config[keyPath: path].master = mask }
        }
        return config
    }

    private func writeProperties(_ config: AsyncConfig, _ out: inout WireWriter) {
        for (index, path) in Self.properties.enumerated() {
            out.property(UInt16(2 * index)) { $0.uint32(config[keyPath: path].slave) }
            out.property(UInt16(2 * index + 1)) { $0.uint32(config[keyPath: path].master) }
        }
    }
}
