import OpenFlow

/// Which messages a controller gets unasked (OpenFlow 1.3.5 §7.3.10; properties since 1.4 §7.3.10).
extension Codec {
    func asyncConfig(_ reader: inout WireReader) throws(OpenFlowError) -> AsyncConfig {
        try version >= .v14 ? asyncProperties(&reader).config : asyncMasks(&reader)
    }

    func setAsync(_ reader: inout WireReader) throws(OpenFlowError) -> Message {
        if version < .v14 { return .setAsync(try asyncMasks(&reader)) }
        let (config, parts) = try asyncProperties(&reader)
        return .setAsync(config, only: parts)
    }

    func write(_ config: AsyncConfig, only parts: AsyncConfig.Parts = .all, _ out: inout WireWriter) {
        version >= .v14 ? writeProperties(config, parts, &out) : writeMasks(config, &out)
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

    /// Also NXT_SET_ASYNC_CONFIG2. Only the masks that are there are told.
    func asyncProperties(
        _ reader: inout WireReader
    ) throws(OpenFlowError) -> (config: AsyncConfig, parts: AsyncConfig.Parts) {
        var config = AsyncConfig(packetIn: .init(), portStatus: .init(), flowRemoved: .init())
        var parts: AsyncConfig.Parts = []
        while !reader.isAtEnd {
            var (type, value) = try reader.property()
            guard type < 2 * AsyncConfig.properties.count else {
                throw .asyncConfigFailed(.unsupported, "there is no property \(type)")
            }
            let mask = try value.uint32()
            if !value.isAtEnd { throw .badProperty(.badLength, "the property \(type) has a mask of 32 bits") }
            if mask & ~AsyncConfig.known[Int(type / 2)] != 0 {
                throw .asyncConfigFailed(.invalid, "the property \(type) has no bits \(mask)")
            }
            config[type] = mask
            parts.insert(AsyncConfig.Parts(rawValue: 1 << type))
        }
        return (config, parts)
    }

    private func writeProperties(_ config: AsyncConfig, _ parts: AsyncConfig.Parts, _ out: inout WireWriter) {
        for type in AsyncConfig.types where parts.contains(AsyncConfig.Parts(rawValue: 1 << type)) {
            out.property(type) { $0.uint32(config[type]) }
        }
    }
}

extension AsyncConfig {
    /// By a property's type halved; even types are the slaves'.
    fileprivate static let properties: [WritableKeyPath<AsyncConfig, Reasons> & Sendable] = [
        \.packetIn, \.portStatus, \.flowRemoved, \.roleStatus, \.tableStatus, \.requestForward,
    ]
    /// The reasons that there are (OpenFlow 1.4 §7.4), likewise.
    fileprivate static let known: [UInt32] = [0x3f, 7, 0x3f, 7, 0x18, 3]
    fileprivate static let types = 0..<UInt16(2 * properties.count)

    fileprivate subscript(type: UInt16) -> UInt32 {
        get {
            let reasons = self[keyPath: Self.properties[Int(type / 2)]]
            return type % 2 == 0 ? reasons.slave : reasons.master
        }
        set {
            let path = Self.properties[Int(type / 2)]
            if type % 2 == 0 { self[keyPath: path].slave = newValue } else { self[keyPath: path].master = newValue }
        }
    }

    /// Takes over the masks that a message tells.
    public mutating func update(_ parts: Parts, from other: AsyncConfig) {
        for type in Self.types where parts.contains(Parts(rawValue: 1 << type)) { self[type] = other[type] }
    }
}
