import OpenFlow

/// 1.0 has 16-bit port numbers, with the reserved ones at their end (OpenFlow 1.0.0 §5.2.1, enum ofp_port).
extension PortNumber {
    init(openFlow10 number: UInt16) {
        self.init(number < 0xff00 ? UInt32(number) : UInt32(number) | 0xffff_0000)
    }

    /// The number in 1.0. Ports that it can't name are "none".
    var openFlow10: UInt16 {
        rawValue < 0xff00 || self >= .maximum ? UInt16(truncatingIfNeeded: rawValue) : 0xffff
    }
}

extension WireReader {
    /// A port's number, of 16 bits in 1.0 and 32 later.
    mutating func port(_ version: OpenFlowVersion) throws(OpenFlowError) -> PortNumber {
        version == .v10 ? PortNumber(openFlow10: try uint16()) : PortNumber(try uint32())
    }
}

extension WireWriter {
    mutating func port(_ port: PortNumber, _ version: OpenFlowVersion) {
        version == .v10 ? uint16(port.openFlow10) : uint32(port.rawValue)
    }
}
